"""buildah: a build's steps, and `run`, each in a container of the runtime's."""
import os

from builds import STEPS, recipe
from common import eventually, fresh, gives, wants
from engines import IMAGE, DockerLike

# no more descriptors and processes than a machine may give (buildah asks for its own limits)
BUILD = ['--isolation', 'oci', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096']


class Buildah(DockerLike):
    name = 'buildah'
    programs = ('buildah',)
    own_folders = ('/run/containers',)

    def ready(self):
        return self.call('info').status == 0

    def client(self):
        return ['buildah', '--root', self.place + '/data', '--runroot', self.place + '/run', '--storage-driver', 'vfs']

    def takes(self, runtime):
        return not runtime.shim

    def load(self):
        self.env['BUILDAH_ISOLATION'] = 'oci'
        DockerLike.load(self)

    def load_words(self, image):
        return ['pull', 'docker-archive:' + image]


class Working:
    """A working container of buildah's."""

    def __init__(self, engine, runtime, of=IMAGE):
        self.engine, self.runtime = engine, runtime
        self.name = engine.call('from', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', '--cgroup-parent',
                                f'{engine.cgroup}/{fresh()}', '--pull-never', of, must=True).out.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.call('rm', self.name)

    def run(self, *command, flags=(), network=('--network', 'host'), **more):
        return self.engine.call('run', '--runtime', self.runtime.program, *network, *flags, self.name, '--', *command, **more)


def buildah_runs(engine, runtime):
    """from, run: output, input, status, user, environment"""
    with Working(engine, runtime) as working:
        gives(working.run('sh', '-c', 'echo out; exit 7'), 'out\n', 7)
        gives(working.run('cat', given='one\ntwo\n'), 'one\ntwo\n')
        gives(working.run('sh', '-c', 'id -u; pwd; echo $X', flags=['--user', 'user', '--workingdir', '/tmp', '-e', 'X=y']), '1000\n/tmp\ny\n')
        gives(working.run('sh', '-c', 'echo kept >/file'), '')
        gives(working.run('cat', '/file'), 'kept\n')


def buildah_runs_on_terminal(engine, runtime):
    """run -t: a terminal, its size"""
    with Working(engine, runtime) as working:
        words = ['run', '--runtime', runtime.program, '--network', 'host', '-t', working.name, '--', 'sh', '-c',
                 'while true; do stty size </dev/tty; sleep 0.2; done & read x; echo "got $x"']
        with engine.on_terminal(*words) as terminal:
            eventually(lambda: terminal.says('30 90'), what=lambda: terminal.said)
            terminal.types('word\n')
            eventually(lambda: terminal.says('got word'), what=lambda: terminal.said)


def buildah_chooses_network(engine, runtime):
    """run --network: the host's, none; volumes and mounts"""
    host = engine.inside(['readlink', '/proc/self/ns/net']).out
    with Working(engine, runtime) as working:
        gives(working.run('readlink', '/proc/self/ns/net'), host)
        answer = working.run('readlink', '/proc/self/ns/net', network=['--network', 'none'])
        wants(answer.status == 0 and answer.out != host, answer)
        gives(working.run('sh', '-c', 'cat /x/passwd >/dev/null && echo y >/t/y && cat /t/y; echo z >/x/z || echo no',
                          flags=['-v', '/etc:/x:ro', '--mount', 'type=tmpfs,target=/t']), 'y\nno\n')


def buildah_from_scratch(engine, runtime):
    """from scratch: copied, configured, committed, run"""
    with Working(engine, runtime, 'scratch') as working:
        engine.call('copy', working.name, '/bin/busybox', '/bin/busybox', must=True)
        gives(working.run('/bin/busybox', 'echo', 'ran'), 'ran\n')
        tag = f'localhost/{fresh()}:1'
        engine.call('commit', working.name, tag, must=True)
    with Working(engine, runtime, tag) as working:
        gives(working.run('/bin/busybox', 'echo', 'again'), 'again\n')


def buildah_refuses(engine, runtime):
    """a program that is not there, one that is none: in words, not with success"""
    with Working(engine, runtime) as working:
        answer = working.run('/no/such/program')
        wants(answer.status != 0 and 'no such file or directory' in answer.err.lower(), answer)
        answer = working.run('/etc/passwd')
        wants(answer.status != 0 and 'permission denied' in answer.err.lower(), answer)
        gives(working.run('echo', 'on'), 'on\n')


def buildah_builds(engine, runtime):
    """bud: all steps; a step's status; --network none"""
    tag = f'localhost/{fresh()}:1'
    words = ['bud', '--runtime', runtime.program, *BUILD, '--cgroup-parent', f'{engine.cgroup}/{fresh()}']
    answer = engine.call(*words, '--network', 'host', '-t', tag, recipe(engine, STEPS), limit=180)
    wants(answer.status == 0, answer)
    with Working(engine, runtime, tag) as working:
        gives(working.run('cat', '/file', '/tmp/user'), 'built\n0\n1000\n/work\ny\n')
    answer = engine.call(*words, '--network', 'none', recipe(engine, f'FROM {IMAGE}\nRUN ls /sys/class/net && exit 9\n'), limit=180)
    wants(answer.status != 0 and 'lo\n' in answer.out and 'exit status 9' in answer.text, answer)


def buildah_leaves_nothing(engine, runtime):
    """nothing is left in the runtime's own root"""
    root = f'{engine.place}/state-{runtime.name}'
    os.makedirs(root, exist_ok=True)
    with Working(engine, runtime) as working:
        gives(working.run('echo', 'ran', flags=['--runtime-flag', f'root={root}']), 'ran\n')
    if left := os.listdir(root):
        raise AssertionError(f'{root}: {left}')


BUILDAH = [buildah_runs, buildah_runs_on_terminal, buildah_chooses_network, buildah_from_scratch, buildah_refuses, buildah_builds,
           buildah_leaves_nothing]
