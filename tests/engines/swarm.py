"""A swarm of one node, and services on its host's network. A service names no runtime: the daemon's default is taken."""
import re

from common import alone, eventually, fresh, wants
from engines import IMAGE, Docker, Skipped

LISTENS = ('nc', '-l', '-p')


class Swarm(Docker):
    name = 'swarm'

    def load(self):
        super().load()
        self.call('swarm', 'init', '--advertise-addr', '127.0.0.1', must=True, limit=60)

    def take(self, runtime):
        """Makes a runtime the node's."""
        self.configure(runtime)
        eventually(lambda: self.call('info', '-f', '{{.DefaultRuntime}}').out.strip() == 'test-' + runtime.name)


class Service:
    """One that is there until the block ends, with nothing pulled and nothing waited for."""

    def __init__(self, engine, runtime, *command, flags=()):
        self.engine, self.name = engine, fresh()
        engine.take(runtime)
        engine.call('service', 'create', '--detach', '--no-resolve-image', '--name', self.name, '--network', 'host',
                    '--restart-delay', '1s', '--stop-grace-period', '1s', *flags, IMAGE, *command, must=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.call('service', 'rm', self.name)
        eventually(lambda: not self.engine.call('ps', '-q', '--filter', f'label=com.docker.swarm.service.name={self.name}').out, 30)

    def tasks(self):
        """(state, error) of each task, the newest first."""
        answer = self.engine.call('service', 'ps', '--no-trunc', '--format', '{{.CurrentState}}\t{{.Error}}', self.name, must=True)
        return [(line.split(' ')[0], line.split('\t')[1]) for line in answer.out.splitlines()]

    def comes_to(self, state, error='', number=1):
        def is_there():
            return sum(found == state and error in said for found, said in self.tasks()) >= number
        eventually(is_there, 30, lambda: repr(self.tasks()))

    def containers(self):
        """Those that run."""
        words = ['ps', '-q', '--no-trunc', '--filter', f'label=com.docker.swarm.service.name={self.name}']
        return self.engine.call(*words).out.split()


@alone
def one_has_the_port(engine, runtime):
    """two replicas, one port: one runs, the other's bind fails"""
    with Service(engine, runtime, *LISTENS, '18090', flags=['--replicas', '2']) as service:
        service.comes_to('Running')
        service.comes_to('Failed', 'non-zero exit (1)')
        eventually(lambda: 'in use' in engine.call('service', 'logs', service.name).text)
        wants('in use' in engine.call('service', 'logs', service.name).text, engine.call('service', 'logs', service.name))


@alone
def owner_is_told(engine, runtime):
    """LODGER_REQUIRE_PORTS: the other is told whose the port is"""
    if runtime.name in ('runc', 'crun'):
        raise Skipped("a variable of lodger's")
    with Service(engine, runtime, *LISTENS, '18091', flags=['--env', 'LODGER_REQUIRE_PORTS=18091']) as service:
        service.comes_to('Running')
        eventually(lambda: ':46AB ' in engine.inside(['cat', '/proc/net/tcp', '/proc/net/tcp6']).out)
        owner, = service.containers()
        engine.call('service', 'scale', '--detach', f'{service.name}=2', must=True)
        service.comes_to('Failed', 'require-ports: ports that the container declares are taken on the host: tcp ')
        text = next(said for _, said in service.tasks() if 'require-ports' in said)
        if not re.search(rf':18091 by container {owner} \(nc, pid \d+\)', text):
            raise AssertionError(text)
        engine.call('kill', owner, must=True)  # whose port the other may then have
        eventually(lambda: len(service.containers()) == 1 and service.containers() != [owner], 30)


@alone
def swarm_waits(engine, runtime):
    """--publish mode=host: Swarm itself keeps the second one waiting"""
    flags = ['--replicas', '2', '--publish', 'mode=host,published=18092,target=18092']
    with Service(engine, runtime, *LISTENS, '18092', flags=flags) as service:
        service.comes_to('Running')
        service.comes_to('Pending', 'host-mode port already in use on 1 node')


@alone
def is_replaced(engine, runtime):
    """service update: the old task ends before the new one has the port"""
    line = 'while true; do echo $X | nc -l -p 18093; done'
    with Service(engine, runtime, 'sh', '-c', line, flags=['--env', 'X=one', '--env', 'LODGER_REQUIRE_PORTS=18093']) as service:
        said = lambda: engine.inside(['busybox', 'nc', '-w', '2', '127.0.0.1', '18093'], given='').out
        eventually(lambda: said() == 'one\n', 30)
        engine.call('service', 'update', '--detach', '--env-add', 'X=two', service.name, must=True)
        eventually(lambda: said() == 'two\n', 60)


SWARM = [one_has_the_port, owner_is_told, swarm_waits, is_replaced]
