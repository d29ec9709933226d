"""Engines as a person starts them: each in a network and a mount namespace of its own, with its own data."""
import glob
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from dataclasses import dataclass

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
CGROUP = f'/lodger-test/engines-{os.getpid()}'
IMAGE = 'docker.io/library/lodger-test:1'
APPLETS = ['sh', 'cat', 'echo', 'ls', 'sleep', 'true', 'false', 'id', 'nc', 'head', 'yes', 'stty', 'kill', 'env', 'seq', 'hostname', 'ps']


@dataclass
class Answer:
    status: int
    out: str
    err: str

    @property
    def text(self):
        return self.out + self.err


@dataclass
class Runtime:
    """How an engine is told of it: a program, or a name of containerd's with its shim."""
    name: str
    program: str = ''
    shim: str = ''


def make_image(path):
    """busybox, as `docker save` writes an image."""
    with tempfile.TemporaryDirectory() as tmp:
        root = tmp + '/root'
        for folder in ('bin', 'etc', 'proc', 'sys', 'dev', 'tmp'):
            os.makedirs(f'{root}/{folder}')
        shutil.copy('/bin/busybox', root + '/bin/busybox')
        for applet in APPLETS:
            os.symlink('busybox', f'{root}/bin/{applet}')
        with open(root + '/etc/passwd', 'w') as file:
            file.write('root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n')
        with tarfile.open(tmp + '/layer.tar', 'w') as layer:
            layer.add(root, arcname='.')
        digest = subprocess.run(['sha256sum', tmp + '/layer.tar'], check=True, capture_output=True, text=True).stdout.split()[0]
        config = {'architecture': 'amd64', 'os': 'linux', 'config': {'Cmd': ['/bin/sh'], 'Env': ['PATH=/bin']},
                  'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + digest]}, 'history': [{'created_by': 'lodger'}]}
        manifest = [{'Config': 'config.json', 'RepoTags': [IMAGE], 'Layers': ['layer.tar']}]
        for name, value in (('config.json', config), ('manifest.json', manifest)):
            with open(f'{tmp}/{name}', 'w') as file:
                json.dump(value, file)
        with tarfile.open(path, 'w') as image:
            for name in ('config.json', 'manifest.json', 'layer.tar'):
                image.add(f'{tmp}/{name}', arcname=name)


class Engine:
    """`run` and the other verbs are the engine's own words, in the form that scenarios are written in."""
    programs = ()

    def __init__(self, runtimes):
        self.runtimes = {runtime.name: runtime for runtime in runtimes}
        self.place = tempfile.mkdtemp(prefix=f'lodger-{self.name}-')
        self.log = open(self.place + '/log', 'wb')
        image = self.place + '/image.tar'
        make_image(image)
        self.daemon = None
        self.begin()
        self.call(*self.load_words(image), must=True)

    @classmethod
    def missing(cls):
        return [program for program in cls.programs if not shutil.which(program)]

    def begin(self):
        """Starts what stays, in the namespaces, and waits until it answers."""
        lines = ['ip link set lo up', *self.mounts(), 'echo there', 'exec sleep 1000000']
        self.holder = subprocess.Popen(['unshare', '-n', '-m', '--propagation', 'private', 'sh', '-ec', '\n'.join(lines)],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        if self.holder.stdout.readline() != b'there\n':
            raise RuntimeError(f'{self.name}: its namespaces could not be made: {self.tail()}')
        self.start()

    def start(self):
        words = ['nsenter', '-t', str(self.holder.pid), '-n', '-m', 'sh', '-c', f'PATH={self.place}/bin:$PATH; exec {self.daemon_line()}']
        self.daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        for _ in range(100):
            if self.daemon.poll() is not None:
                raise RuntimeError(f'{self.name} has ended: {self.tail()}')
            if self.ready():
                return
            time.sleep(0.2)
        raise RuntimeError(f'{self.name} does not answer: {self.tail()}')

    def takes(self, runtime):
        return True

    def mounts(self):
        return [f'mkdir -p {path}; mount -t tmpfs tmpfs {path}' for path in self.own_folders]

    own_folders = ()

    def tail(self):
        self.log.flush()
        with open(self.place + '/log', errors='replace') as file:
            return file.read()[-2000:]

    def inside(self, words, given=None, limit=15):
        """A program in the engine's namespaces."""
        done = subprocess.run(['nsenter', '-t', str(self.holder.pid), '-n', '-m', *words], input=given, capture_output=True,
                              text=True, timeout=limit, errors='replace')
        return Answer(done.returncode, done.stdout, done.stderr)

    def call(self, *words, given=None, must=False, limit=15):
        answer = self.inside([*self.client(), *words], given=given, limit=limit)
        if must and answer.status != 0:
            raise AssertionError(f'{" ".join(words)}: status {answer.status}: {answer.text}')
        return answer

    def restart(self):
        """As after a crash."""
        self.daemon.kill()
        self.daemon.wait()
        self.start()

    def end(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(20)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.holder.kill()
        self.holder.wait()
        self.log.close()
        shutil.rmtree(self.place, ignore_errors=True)
        for folder in [f'/sys/fs/cgroup{CGROUP}', *glob.glob(f'/sys/fs/cgroup/*{CGROUP}')]:
            subprocess.run(['find', folder, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], stderr=subprocess.DEVNULL)


class DockerLike(Engine):
    def load_words(self, image):
        return ['load', '-i', image]

    def run(self, runtime, *command, flags=(), **more):
        return self.call('run', *self.runtime_words(runtime), *flags, IMAGE, *command, **more)


class Docker(DockerLike):
    name = 'docker'
    programs = ('dockerd', 'docker', 'containerd')
    own_folders = ('/run/docker', '/run/containerd', '/var/run/netns')

    def mounts(self):
        shims = [runtime.shim for runtime in self.runtimes.values() if runtime.shim]
        path = self.place + '/bin'
        os.makedirs(path, exist_ok=True)
        for shim in shims:
            os.symlink(shim, f'{path}/{os.path.basename(shim)}')
        return Engine.mounts(self)

    def daemon_line(self):
        runtimes = {'test-' + runtime.name: {'path': runtime.program} for runtime in self.runtimes.values() if runtime.program}
        with open(self.place + '/daemon.json', 'w') as file:
            json.dump({'runtimes': runtimes, 'cgroup-parent': CGROUP}, file)
        return (f'dockerd --config-file {self.place}/daemon.json --data-root {self.place}/data --exec-root {self.place}/exec '
                f'--pidfile {self.place}/pid -H unix://{self.place}/sock --bridge none --iptables=false --ip6tables=false '
                f'--storage-driver vfs')

    def ready(self):
        return os.path.exists(self.place + '/sock') and self.call('version').status == 0

    def client(self):
        return ['docker', '-H', f'unix://{self.place}/sock']

    def takes(self, runtime):
        """Before 23 it knows no shim but runc's."""
        return not runtime.shim or int(self.call('version', '-f', '{{.Server.Version}}').out.split('.')[0]) >= 23

    def runtime_words(self, runtime):
        return ['--runtime', 'io.containerd.lodger.v2' if runtime.shim else 'test-' + runtime.name]


class Podman(DockerLike):
    name = 'podman'
    programs = ('podman', 'conmon')
    own_folders = ('/run/containers', '/run/libpod')

    def daemon_line(self):
        return 'sleep 1000000'

    def takes(self, runtime):
        return not runtime.shim

    def ready(self):
        return self.call('info').status == 0

    def client(self):
        return ['podman', '--root', self.place + '/data', '--runroot', self.place + '/run', '--tmpdir', self.place + '/tmp',
                '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--log-level', 'error']

    def runtime_words(self, runtime):
        return []

    def run(self, runtime, *command, flags=(), **more):
        # podman asks for more descriptors than a machine without CAP_SYS_RESOURCE can give
        return self.call('--runtime', runtime.program, 'run', '--cgroup-parent', CGROUP, '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', *flags, IMAGE, *command, **more)


class Containerd(Engine):
    name = 'containerd'
    programs = ('containerd', 'ctr')
    own_folders = ('/run/containerd',)

    mounts = Docker.mounts

    def daemon_line(self):
        with open(self.place + '/config.toml', 'w') as file:
            file.write(f'version = 2\nroot = "{self.place}/data"\nstate = "/run/containerd/state"\n'
                       f'[grpc]\naddress = "/run/containerd/c.sock"\n')
        return f'containerd -c {self.place}/config.toml'

    def ready(self):
        return self.call('version').status == 0

    def client(self):
        return ['ctr', '-a', '/run/containerd/c.sock']

    def load_words(self, image):
        return ['image', 'import', image]

    def runtime_words(self, runtime):
        if runtime.shim:
            return ['--runtime', 'io.containerd.lodger.v2']
        return ['--runc-binary', runtime.program]

    def run(self, runtime, *command, flags=(), name='c1', **more):
        return self.call('run', *self.runtime_words(runtime), '--cgroup', f'{CGROUP}/{name}', *flags, IMAGE, name, *command, **more)
