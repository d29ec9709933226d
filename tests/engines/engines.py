"""Engines as a person starts them: each in a network and a mount namespace of its own, with its own data."""
import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import tarfile
import tempfile
import termios
import threading
import time
from dataclasses import dataclass

from remains import Remains

PATH = '/usr/sbin:/usr/bin:/sbin:/bin'  # what Debian packaged, not what else a machine has
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
CGROUP = f'/lodger-test/engines-{os.getpid()}'
IMAGE = 'docker.io/library/lodger-test:1'
APPLETS = ['sh', 'cat', 'echo', 'ls', 'sleep', 'true', 'false', 'id', 'nc', 'head', 'yes', 'stty', 'kill', 'env', 'seq', 'hostname', 'ps',
           'mkdir', 'mknod', 'stat', 'touch', 'df', 'ipcmk', 'ipcs', 'mount', 'sysctl', 'grep', 'readlink', 'chmod']


class Skipped(Exception):
    """What this machine, or this engine's version, cannot be asked."""


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


def make_root(root):
    """busybox as a root filesystem."""
    for folder in ('bin', 'etc', 'proc', 'sys', 'dev', 'tmp'):
        os.makedirs(f'{root}/{folder}')
    shutil.copy('/bin/busybox', root + '/bin/busybox')
    for applet in APPLETS:
        os.symlink('busybox', f'{root}/bin/{applet}')
    with open(root + '/etc/passwd', 'w') as file:
        file.write('root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n')
    with open(root + '/etc/group', 'w') as file:
        file.write('root:x:0:\nuser:x:1000:\nmore:x:1001:user\n')
    os.chmod(root + '/tmp', 0o1777)


def make_image(path, name=IMAGE, command=('/bin/sh',)):
    """The same, as `docker save` writes an image."""
    with tempfile.TemporaryDirectory() as tmp:
        root = tmp + '/root'
        make_root(root)
        with tarfile.open(tmp + '/layer.tar', 'w') as layer:
            layer.add(root, arcname='.')
        digest = subprocess.run(['sha256sum', tmp + '/layer.tar'], check=True, capture_output=True, text=True).stdout.split()[0]
        config = {'architecture': 'amd64', 'os': 'linux', 'config': {'Cmd': list(command), 'Env': ['PATH=/bin']},
                  'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + digest]}, 'history': [{'created_by': 'lodger'}]}
        manifest = [{'Config': 'config.json', 'RepoTags': [name], 'Layers': ['layer.tar']}]
        for name, value in (('config.json', config), ('manifest.json', manifest)):
            with open(f'{tmp}/{name}', 'w') as file:
                json.dump(value, file)
        with tarfile.open(path, 'w') as image:
            for name in ('config.json', 'manifest.json', 'layer.tar'):
                image.add(f'{tmp}/{name}', arcname=name)


class Engine:
    """`run` and the other verbs are the engine's own words, in the form that scenarios are written in."""
    programs = ()
    own_folders = ()
    stopping = threading.Event()  # all of them are to end, one that is just starting too
    root = ''  # whose programs: this machine's, or those of another root (`--from`)

    def __init__(self, runtimes):
        self.runtimes = {runtime.name: runtime for runtime in runtimes}
        self.place = tempfile.mkdtemp(prefix=f'lodger-{self.name}-')
        os.chmod(self.place, 0o755)  # a container's root may be another user outside
        self.cgroup = f'{CGROUP}/{os.path.basename(self.place)}'
        self.remains = Remains(self.place, self.cgroup)
        self.env = {'PATH': f'{self.place}/bin:{PATH}', 'HOME': self.place, 'LANG': 'C.UTF-8'}
        self.log = open(self.place + '/log', 'wb')
        self.holder = self.daemon = None
        try:
            self.provide_shims()
            self.begin()
            self.prepare()
        except BaseException:
            self.end()
            raise

    @classmethod
    def program(cls, name):
        """Where it lies in the root that programs are taken from."""
        for folder in PATH.split(':'):
            if os.access(f'{cls.root}{folder}/{name}', os.X_OK):
                return f'{folder}/{name}'
        return None

    @classmethod
    def missing(cls):
        return [program for program in cls.programs if not cls.program(program)]

    def provide_shims(self):
        os.makedirs(self.place + '/bin')
        for runtime in self.runtimes.values():
            if runtime.shim:
                os.symlink(runtime.shim, f'{self.place}/bin/{os.path.basename(runtime.shim)}')

    def prepare(self):
        """Nothing in here calls a runtime: where it fails it is the engine, or the machine, that cannot."""
        try:
            self.load()
        except (AssertionError, subprocess.TimeoutExpired) as wrong:
            raise Skipped(f'it cannot be made ready here: {str(wrong)[:300]}') from wrong

    def load(self):
        make_image(self.place + '/image.tar')
        self.call(*self.load_words(self.place + '/image.tar'), must=True, limit=60)

    def begin(self):
        """Starts what stays, in the namespaces, and waits until it answers."""
        lines = ['set -e', *self.other_root(), 'ip link set lo up', *self.mounts(), 'echo there', 'exec sleep 1000000']
        self.holder = subprocess.Popen(['unshare', '-n', '-m', '--propagation', 'private', 'sh', '-c', '\n'.join(lines)],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, start_new_session=True)
        if self.holder.stdout.readline() != b'there\n':
            self.holder.wait(10)
            raise Skipped(f'its namespaces could not be made: {self.tail()}')
        self.remains.found_by(self.holder.pid)
        self.start()

    def other_root(self):
        """The other root becomes the namespace's own: with nothing of its /run and /tmp, and with what is tested."""
        if not self.root:
            return []
        shown = {TOP, self.place, *(os.path.dirname(r.program or r.shim) for r in self.runtimes.values() if r.name in ('lodger', 'shim'))}
        return [f'cd {self.root}', 'mount --rbind . .', f'cd {self.root}', 'mount -t tmpfs tmpfs run', 'mount -t tmpfs tmpfs tmp',
                *(f'mkdir -p .{path}; mount --bind {path} .{path}' for path in sorted(shown)),
                'mountpoint -q proc || { mount --rbind /proc proc; mount --rbind /dev dev; mount --rbind /sys sys; }',
                'pivot_root . .', 'umount -l .', 'cd /']

    def start(self):
        self.daemon = subprocess.Popen(self.entering(['sh', '-c', 'exec ' + self.daemon_line()]), stdin=subprocess.DEVNULL,
                                       stdout=self.log, stderr=self.log, start_new_session=True, env=self.env)
        end = time.monotonic() + 90
        while time.monotonic() < end and not self.stopping.is_set():
            if self.daemon.poll() is not None:
                raise Skipped(f'it does not start here: {self.tail()}')
            if self.answers():
                return
            time.sleep(0.2)
        raise Skipped(f'it does not answer: {self.tail()}')

    def answers(self):
        try:
            return self.ready()
        except subprocess.TimeoutExpired:
            return False

    def daemon_line(self):
        return 'sleep 1000000'

    def takes(self, runtime):
        return True

    def mounts(self):
        return [f'mkdir -p {path}; mount -t tmpfs tmpfs {path}' for path in self.own_folders]

    def tail(self):
        self.log.flush()
        with open(self.place + '/log', errors='replace') as file:
            return ' / '.join(file.read().splitlines()[-3:])[-600:]

    def entering(self, words):
        return ['nsenter', '-t', str(self.holder.pid), '-n', '-m', f'--wdns={self.place}', *words]

    def inside(self, words, given=None, limit=60, **more):
        """A program in the engine's namespaces."""
        done = subprocess.run(self.entering(words), input=given, capture_output=True, text=True, timeout=limit, errors='replace',
                              env=self.env, **more)
        return Answer(done.returncode, done.stdout, done.stderr)

    def call(self, *words, given=None, must=False, limit=60, **more):
        answer = self.inside([*self.client(), *words], given=given, limit=limit, **more)
        if must and answer.status != 0:
            raise AssertionError(f'{" ".join(words)}: status {answer.status}: {answer.text}')
        return answer

    def on_terminal(self, *words):
        return Terminal(self.entering([*self.client(), *words]), self.env)

    def background(self, *words):
        return Background(self.entering([*self.client(), *words]), self.env)

    def about(self, runtime):
        """Words of every call about a container of this runtime."""
        return []

    def restart(self):
        """As after a crash."""
        self.daemon.kill()
        self.daemon.wait()
        self.start()

    def processes(self):
        """Who is in the engine's cgroups or namespaces, but for what this object started."""
        kept = {self.holder.pid, self.daemon.pid} if self.daemon else {self.holder.pid}
        return (pid for pid in self.remains.processes() if pid not in kept)

    def cgroups(self):
        return self.remains.cgroups()

    def end(self):
        if self.daemon:
            self.daemon.terminate()
            try:
                self.daemon.wait(20)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        if self.holder:
            self.remains.end_processes()
            self.holder.kill()
            self.holder.wait()
        self.log.close()
        self.remains.remove()


class Client:
    """A program that is ended with the block."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Terminal(Client):
    """A program on a terminal of its own, as a person has one."""

    def __init__(self, words, env, rows=30, columns=90):
        self.master, slave = os.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=env,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        os.set_blocking(self.master, False)
        self.said = ''

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def types(self, text):
        os.write(self.master, text.encode())

    def says(self, text):
        """Whether it has said this by now."""
        try:
            while part := os.read(self.master, 65536):
                self.said += part.decode(errors='replace')
        except (BlockingIOError, OSError):
            pass  # nothing yet, or nothing any more
        return text in self.said

    def __exit__(self, *_):
        super().__exit__()
        os.close(self.master)


class Background(Client):
    """A client that stays until the block ends; what it has said by now can be read."""

    def __init__(self, words, env):
        self.file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.file, stderr=subprocess.STDOUT, env=env)

    @property
    def said(self):
        return os.pread(self.file.fileno(), 1 << 20, 0).decode(errors='replace')

    def __exit__(self, *_):
        super().__exit__()
        self.file.close()


class DockerLike(Engine):
    def major(self):
        """The version's first number."""
        version = self.inside([self.programs[0], '--version']).out
        return int(version.split('version ')[1].split('.')[0]) if 'version ' in version else 0

    def load_words(self, image):
        return ['load', '-i', image]

    def run(self, runtime, *command, flags=(), image=IMAGE, **more):
        return self.call(*self.about(runtime), 'run', *self.runtime_words(runtime), *flags, image, *command, **more)


class Docker(DockerLike):
    name = 'docker'
    programs = ('dockerd', 'docker', 'containerd')
    own_folders = ('/run/docker', '/run/containerd', '/var/run/netns', '/etc/docker')
    more_words = ''

    def configure(self, default=None):
        """The daemon's file; `default` is the runtime of containers, and of builds, that name none."""
        runtimes = {'test-' + r.name: {'path': r.program} if r.program else {'runtimeType': 'io.containerd.lodger.v2'}
                    for r in self.runtimes.values() if r.program or self.major() >= 23}
        config = {'runtimes': runtimes, 'cgroup-parent': self.cgroup}
        if default:
            config['default-runtime'] = 'test-' + default.name
        with open(self.place + '/daemon.json', 'w') as file:
            json.dump(config, file)
        if default:
            self.daemon.send_signal(signal.SIGHUP)

    def daemon_line(self):
        self.configure()
        return (f'dockerd --config-file {self.place}/daemon.json --data-root {self.place}/data --exec-root {self.place}/exec '
                f'--pidfile {self.place}/pid -H unix://{self.place}/sock --bridge none --iptables=false --ip6tables=false '
                # with systemd and cgroup2 alone it would be systemd's otherwise, which takes slices only
                f'--exec-opt native.cgroupdriver=cgroupfs --storage-driver vfs {self.more_words}')

    def ready(self):
        return os.path.exists(self.place + '/sock') and self.call('version').status == 0

    def client(self):
        return ['docker', '-H', f'unix://{self.place}/sock']

    def takes(self, runtime):
        """Before 23 it knows no shim but runc's."""
        return not runtime.shim or self.major() >= 23

    def runtime_words(self, runtime):
        return ['--runtime', 'test-' + runtime.name]


class Podman(DockerLike):
    name = 'podman'
    programs = ('podman', 'conmon')
    # its locks lie in /dev/shm, and a Podman with a new root frees all that it finds there
    own_folders = ('/run/containers', '/run/libpod', '/dev/shm')

    def daemon_line(self):
        """What a person writes for a runtime of its own, and no more descriptors than a machine may give."""
        programs = ''.join(f'test-{r.name} = ["{r.program}"]\n' for r in self.runtimes.values() if r.program)
        with open(self.place + '/containers.conf', 'w') as file:
            file.write(f'[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
                       f'[engine]\nruntime_supports_json = ["lodger", "crun", "runc"]\n[engine.runtimes]\n{programs}')
        self.env.update(CONTAINERS_CONF=self.place + '/containers.conf', PODMAN_IGNORE_CGROUPSV1_WARNING='1')
        return Engine.daemon_line(self)

    def takes(self, runtime):
        return not runtime.shim

    def ready(self):
        return self.call('info').status == 0

    def client(self):
        return ['podman', '--root', self.place + '/data', '--runroot', self.place + '/run', '--tmpdir', self.place + '/tmp',
                '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--log-level', 'error']

    def about(self, runtime):
        return ['--runtime', 'test-' + runtime.name]

    def runtime_words(self, runtime):
        return ['--cgroup-parent', self.cgroup]


class Containerd(Engine):
    name = 'containerd'
    programs = ('containerd', 'ctr')
    own_folders = ('/run/containerd',)

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
        return self.call('run', *self.runtime_words(runtime), '--cgroup', f'{self.cgroup}/{name}', *flags, IMAGE, name, *command, **more)
