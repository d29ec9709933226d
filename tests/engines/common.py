"""What scenarios are written with. A scenario raises where it does not go as it goes with runc."""
import glob
import os
import re
import time
import uuid

from engines import Skipped

HOST = ['--network', 'host']


def fresh():
    return 't' + uuid.uuid4().hex[:12]


def alone(scenario):
    """Nothing else may go on in the engine meanwhile."""
    scenario.alone = True
    return scenario


def wants(condition, answer):
    if not condition:
        raise AssertionError(f'status {answer.status}, out {answer.out[-600:]!r}, err {answer.err[-600:]!r}')


def gives(answer, out, status=0):
    """Exactly this on standard output, and this status."""
    wants((answer.status, answer.out) == (status, out), answer)


def eventually(question, limit=30, what='it never came to be'):
    end = time.monotonic() + limit
    while not question():
        if time.monotonic() > end:
            raise AssertionError(what() if callable(what) else what)
        time.sleep(0.05)


def file_of(pid, v1, v2):
    """What a file of a process's cgroup says; `v1` is `controller/file`."""
    rows = [row.split(':', 2) for row in open(f'/proc/{pid}/cgroup').read().splitlines()]
    controller, file = v1.split('/')
    for _, controllers, path in rows:
        if controller in controllers.split(','):
            return open(f'/sys/fs/cgroup/{controllers}{path}/{file}').read().strip()
    return open(f'/sys/fs/cgroup{rows[-1][2]}/{v2}').read().strip()


def needs_controller(name):
    """The controller that a limit is held by; a machine may be without."""
    there = os.path.exists(f'/sys/fs/cgroup/{name}') or name in ''.join(
        open(path).read() for path in glob.glob('/sys/fs/cgroup/cgroup.controllers'))
    if not there:
        raise Skipped(f'no {name} controller')


def needs_all_capabilities():
    """A machine may hold some back from its root, in a container of its own for one."""
    held = int(re.search(r'^CapBnd:\s*(\w+)', open('/proc/self/status').read(), re.M)[1], 16)
    lacking = [n for n in range(int(open('/proc/sys/kernel/cap_last_cap').read()) + 1) if not held >> n & 1]
    if lacking:
        raise Skipped(f'this machine has no capability {", ".join(map(str, lacking))} to give')


def starves(engine, runtime):
    """A line of shell that needs 200 MB."""
    starving = 'x=$(yes | head -c 200000000); echo ${#x}'
    if engine.name == 'podman' or runtime.shim:
        return starving
    # containerd's usual shim tells of it only while it still finds the cgroup (its pkg/oom/v1, "process"), which a runtime's
    # delete may have removed by then: the container ends a second after the victim
    return f'({starving}); status=$?; sleep 1; exit $status'


class Container:
    """One that is there until the block ends. `flags` are those of the engine's `run`."""

    def __init__(self, engine, runtime, *command, flags=(), **more):
        self.engine, self.runtime, self.name = engine, runtime, fresh()
        answer = self.run(*(command or ('sleep', '1000')), flags=['-d', *flags], **more)
        if answer.status != 0:
            self.__exit__()
        wants(answer.status == 0, answer)

    def __enter__(self):
        return self


class Kept(Container):
    """Docker's or Podman's."""

    def run(self, *command, flags, network=('--network', 'host')):
        return self.engine.run(self.runtime, *command, flags=['--name', self.name, *network, *flags])

    def __exit__(self, *_):
        self('rm', '-f', '-v', *(['-t', '0'] if self.engine.name == 'podman' else []), self.name)

    def __call__(self, *words, **more):
        return self.engine.call(*self.engine.about(self.runtime), *words, **more)

    def inspect(self, field):
        return self('inspect', '-f', '{{' + field + '}}', self.name).out.strip()

    def status(self):
        return self.inspect('.State.Status')

    def comes_to(self, status):
        eventually(lambda: self.status() == status, what=lambda: f'it is {self.status()}, not {status}')

    def says(self, text):
        """Waits until it has said this."""
        eventually(lambda: text in self('logs', self.name).out)
        return self

    def goes_on(self):
        """Lets one that waits for the file /go go on, whose end may take `touch` along once that has done its work."""
        answer = self('exec', self.name, 'touch', '/go')
        wants(answer.status in (0, 137), answer)

    def pid(self):
        return int(self.inspect('.State.Pid'))
