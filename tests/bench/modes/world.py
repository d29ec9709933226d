"""Where tests/bench/netmode measures: a host and an outside of its own, and containers in each network mode."""
import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..', '..'))
OUTSIDE, HOST, PORT = '192.0.2.2', '192.0.2.1', 8080


@dataclasses.dataclass(frozen=True)
class Path:
    """A way from a published port to the container. `measured`: as what it is; the rest is as with another path."""
    network: str
    more: tuple = ()
    inside: int = PORT  # what the server binds for the host's PORT
    measured: tuple = ('traffic', 'starts', 'ports')

    def words(self, ports):
        """The options for the published `ports`, each as -p has it."""
        listed = ',bind='.join(one.split(':')[0] for one in ports)
        publish = [word for one in ports for word in ('-p', one)]
        return ['--network', self.network.format(ports=listed), *self.more, *publish]


PATHS = {
    'host': Path('host'),
    'map': Path('host,map', inside=80),
    'bind': Path('host,bind={ports}', measured=('starts', 'ports')),
    'abstract': Path('host,private-abstract', measured=('starts',)),
    'bridge': Path('bridge'),
    'proxy': Path('bridge', ('--userland-proxy',)),
    'relay': Path('relay'),
    'list': Path('relay,ports={ports},to-host=none', measured=('ports',)),
}


def chosen(paths, what):
    return [path for path in paths if what in PATHS[path].measured]


def run(words, **more):
    return subprocess.run(words, check=True, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more).stdout


def timed(words):
    """Not by run(): a created container has its standard streams from `create`, so a pipe would not end with it."""
    with tempfile.TemporaryFile('w+') as errors:
        began = time.monotonic()
        status = subprocess.call(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        took = time.monotonic() - began
        if status != 0:
            errors.seek(0)
            raise subprocess.CalledProcessError(status, words, stderr=errors.read())
    return took


class Outside:
    """The network that reaches the host through its address: a namespace kept by a process of its own."""

    def __init__(self):
        self.holder = subprocess.Popen(['unshare', '--net', 'sh', '-c', 'echo; exec sleep infinity'],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        run(['ip', 'link', 'set', 'lo', 'up'])
        run(['ip', 'link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', str(self.holder.pid)])
        run(['ip', 'addr', 'add', f'{HOST}/24', 'dev', 'out'])
        run(['ip', 'link', 'set', 'out', 'up'])
        for words in (['link', 'set', 'lo', 'up'], ['addr', 'add', f'{OUTSIDE}/24', 'dev', 'eth0'],
                      ['link', 'set', 'eth0', 'up'], ['route', 'add', 'default', 'via', HOST]):
            self.run(['ip', *words])

    def run(self, words):
        return run(['nsenter', f'--net=/proc/{self.holder.pid}/ns/net', *words])

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Lodger:
    """Containers whose root has the traffic program alone, each below a cgroup of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.base = [program, '--root', f'{folder}/state']
        os.makedirs(f'{folder}/bundle/rootfs')
        for name in ('traffic', 'true'):
            shutil.copy(f'{TOP}/build/tests/bench/{name}', f'{folder}/bundle/rootfs/{name}')
        run([program, 'spec', '--bundle', f'{folder}/bundle'])
        with open(f'{folder}/bundle/config.json', encoding='utf-8') as file:
            self.config = json.load(file)
        self.config['process']['terminal'] = False
        self.config['linux']['cgroupsPath'] = f'/lodger-test/netmode-{os.getpid()}'

    def bundle(self, words):
        self.config['process']['args'] = words
        with open(f'{self.folder}/bundle/config.json', 'w', encoding='utf-8') as file:
            json.dump(self.config, file)

    def words(self, command, network):
        return [*self.base, command, '--bundle', f'{self.folder}/bundle', *network, 'bench']

    def delete(self):
        run([*self.base, 'delete', '--force', 'bench'])

    def prune(self):
        run([*self.base, 'network', 'prune'])

    def pid(self):
        return json.loads(run([*self.base, 'state', 'bench']))['pid']


def link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ''


def helpers():
    """lodger's programs and pasta in this network, the container's own process, which waits to be started, left out."""
    here = link('/proc/self/ns/net')
    return {pid for pid in os.listdir('/proc') if pid.isdigit() and link(f'/proc/{pid}/ns/net') == here
            and os.path.basename(link(f'/proc/{pid}/exe')).startswith(('lodger', 'pasta', 'passt'))}
