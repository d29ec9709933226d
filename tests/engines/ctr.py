"""containerd, by ctr."""
import concurrent.futures
import json
import os
import re
import signal
import time

from common import Container, alone, eventually, file_of, fresh, gives, needs_controller, starves, wants
from engines import IMAGE, Answer, Skipped


class Task(Container):
    def run(self, *command, flags):
        return self.engine.run(self.runtime, *command, flags=['--net-host', *flags], name=self.name)

    def __exit__(self, *_):
        self.engine.call('task', 'kill', '-s', '9', self.name)
        self.engine.call('task', 'rm', '-f', self.name)
        self.engine.call('c', 'rm', self.name)

    def row(self):
        """Its number and status, and all that was said."""
        answer = self.engine.call('task', 'ls')
        for name, pid, status, *_ in map(str.split, answer.out.splitlines()):
            if name == self.name:
                return pid, status, answer
        return None, 'none', answer

    def status(self):
        return self.row()[1]

    def pid(self):
        pid, _, answer = self.row()
        wants(os.path.exists(f'/proc/{pid}'), answer)
        return pid


def ctr_runs(engine, runtime):
    """run, its output and its exit status"""
    answer = engine.run(runtime, 'sh', '-c', 'echo out; echo err >&2; exit 7', flags=['--rm', '--net-host'], name=fresh())
    wants((answer.status, answer.out) == (7, 'out\n') and 'err' in answer.err, answer)


def ctr_reads(engine, runtime):
    """task exec: standard input and its end"""
    with Task(engine, runtime) as task:
        answer = engine.call('task', 'exec', '--exec-id', 'e', task.name, 'cat', given='one\ntwo\n')
        wants((answer.status, answer.out) == (0, 'one\ntwo\n'), answer)


def ctr_executes(engine, runtime):
    """task exec: output and status"""
    with Task(engine, runtime) as task:
        answer = engine.call('task', 'exec', '--exec-id', 'e', task.name, 'sh', '-c', 'echo in; exit 9')
        wants((answer.status, answer.out) == (9, 'in\n'), answer)


def ctr_pauses(engine, runtime):
    """task pause, resume"""
    with Task(engine, runtime) as task:
        engine.call('task', 'pause', task.name, must=True)
        wants(task.status() == 'PAUSED', engine.call('task', 'ls'))
        engine.call('task', 'resume', task.name, must=True)
        wants(task.status() == 'RUNNING', engine.call('task', 'ls'))


def ctr_shows(engine, runtime):
    """task ps, metrics"""
    with Task(engine, runtime) as task:
        answer = engine.call('task', 'ps', task.name)
        wants(answer.status == 0 and len(answer.out.splitlines()) == 2, answer)
        answer = engine.call('task', 'metrics', '--format', 'json', task.name)
        wants(answer.status == 0 and json.loads(answer.out)['pids']['current'] == 1, answer)


def ctr_kills(engine, runtime):
    """task kill, delete; no shim stays"""
    with Task(engine, runtime) as task:
        engine.call('task', 'kill', '-s', 'TERM', task.name, must=True)  # the first process of a pid namespace is spared
        engine.call('task', 'kill', '-s', 'KILL', task.name, must=True)
        eventually(lambda: task.status() == 'STOPPED')
        answer = engine.call('task', 'rm', task.name)
        wants('137' in answer.text, answer)
        wants(task.status() == 'none', answer)


@alone
def ctr_comes_back(engine, runtime):
    """containerd is killed and comes back: tasks go on"""
    with Task(engine, runtime) as running, Task(engine, runtime, 'sh', '-c', 'sleep 1; exit 4') as ended:
        engine.restart()
        eventually(lambda: ended.status() == 'STOPPED')
        wants(running.status() == 'RUNNING', engine.call('task', 'ls'))
        answer = engine.call('task', 'exec', '--exec-id', 'e', running.name, 'echo', 'there')
        wants(answer.out == 'there\n', answer)
        answer = engine.call('task', 'rm', ended.name)
        wants('code 4' in answer.text, answer)


@alone
def ctr_loses_shim(engine, runtime):
    """the shim is killed: the task ends, nothing stays"""
    with Task(engine, runtime) as task:
        pid = task.pid()
        shim = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1]
        os.kill(int(shim), signal.SIGKILL)
        eventually(lambda: task.status() in ('none', 'STOPPED', 'UNKNOWN'))
        eventually(lambda: not os.path.exists(f'/proc/{pid}'))


def traces(engine):
    """Whatever a container could leave: processes, cgroups, mounts, files of state, sockets."""
    files = engine.inside(['find', '/run/containerd', '-not', '-path', '/run/containerd/state/*/tmpmounts*']).out.splitlines()
    mounts = engine.inside(['cat', '/proc/self/mounts']).out.splitlines()
    return {*(f'process {pid}: {said_of(pid, "cmdline")}' for pid in engine.processes()), *map('cgroup {}'.format, engine.cgroups()),
            *map('mount {}'.format, mounts), *map('file {}'.format, files)}


def said_of(pid, file):
    try:
        return open(f'/proc/{pid}/{file}').read().replace('\0', ' ')
    except OSError:
        return 'ended'


def processes_of(engine, names):
    """A shim's command line, and a container's cgroup, say whose they are."""
    return [pid for pid in engine.processes() if any(name in said_of(pid, 'cmdline') + said_of(pid, 'cgroup') for name in names)]


def named(engine, kind, names):
    """Which of these containerd still lists: as `task`s or as `c`ontainers."""
    return [line for line in engine.call(kind, 'ls').out.splitlines() if line.split()[0] in names]


@alone
def ctr_killed_midst(engine, runtime):
    """containerd is killed while tasks are made: nothing stays"""
    # containerd's usual shim does stay at times, whatever runtime it calls: that is none of the runtime's
    sockets = lambda: set(engine.inside(['ls', '/run/containerd/s']).out.split())  # noqa: E731
    left = lambda: [said for said in (said_of(pid, 'cmdline') for pid in processes_of(engine, names))  # noqa: E731
                    if runtime.shim or 'containerd-shim-runc-v2' not in said]
    before, names = sockets(), [fresh() for _ in range(6)]
    try:
        for i, name in enumerate(names):
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                made = pool.submit(engine.run, runtime, 'sleep', '1000', flags=['-d', '--net-host'], name=name)
                time.sleep(0.05 * i)
                engine.restart()
                made.result()
        for name in names:
            engine.call('task', 'kill', '-s', '9', name)
            engine.call('task', 'rm', '-f', name)
            engine.call('c', 'rm', name)
        wants(not named(engine, 'task', names), engine.call('task', 'ls'))
        eventually(lambda: not left(), what=lambda: f'processes: {left()}')
        if runtime.shim:
            eventually(lambda: sockets() <= before, what=lambda: f'sockets: {sockets() - before}')
    finally:
        for pid in processes_of(engine, names):
            os.kill(pid, signal.SIGKILL)


@alone
def ctr_many(engine, runtime):
    """two hundred side by side, each with its own status; nothing is left"""
    first, names = fresh(), [fresh() for _ in range(200)]
    gives(engine.run(runtime, 'echo', 'ran', flags=['--rm', '--net-host'], name=first), 'ran\n')  # what the first one makes, stays
    eventually(lambda: not processes_of(engine, [first]), what=lambda: str(traces(engine)))
    before = traces(engine)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: engine.run(runtime, 'sh', '-c', f'exit {i}', flags=['--rm', '--net-host'], name=names[i],
                                                     limit=120), range(200)))
    for i, answer in enumerate(answers):
        wants(answer.status == i, answer)
    wants(not named(engine, 'task', names), engine.call('task', 'ls'))
    wants(not named(engine, 'c', names), engine.call('c', 'ls'))
    eventually(lambda: traces(engine) <= before, what=lambda: str(sorted(traces(engine) - before))[:500])


def ctr_gives_terminal(engine, runtime):
    """run -t and task exec -t on a terminal: size, new size, what is typed"""
    script = 'while true; do stty size </dev/tty; sleep 0.2; done & read x; echo "got $x"; exit 6'
    name = fresh()
    with engine.on_terminal('run', *engine.runtime_words(runtime), '--cgroup', f'{engine.cgroup}/{name}', '--rm', '-t', '--net-host', IMAGE, name,
                            'sh', '-c', script) as terminal:
        eventually(lambda: terminal.says('30 90'), what=lambda: terminal.said)
        terminal.resize(41, 101)
        terminal.process.send_signal(signal.SIGWINCH)
        eventually(lambda: terminal.says('41 101'), what=lambda: terminal.said)
        terminal.types('word\n')
        eventually(lambda: terminal.says('got word'), what=lambda: terminal.said)
        wants(terminal.process.wait(15) == 6, Answer(terminal.process.returncode, terminal.said, ''))
    with Task(engine, runtime) as task:
        with engine.on_terminal('task', 'exec', '-t', '--exec-id', 'e', task.name, 'sh', '-c', script) as terminal:
            eventually(lambda: terminal.says('30 90'), what=lambda: terminal.said)
            terminal.types('word\n')
            eventually(lambda: terminal.says('got word'), what=lambda: terminal.said)
            wants(terminal.process.wait(15) == 6, Answer(terminal.process.returncode, terminal.said, ''))


def ctr_has_settings(engine, runtime):
    """--cwd, --env, --read-only, --mount, --cap-drop, --device, --seccomp"""
    run = lambda flags, script: engine.run(runtime, 'sh', '-c', script, flags=['--rm', '--net-host', *flags], name=fresh())  # noqa: E731
    gives(run(['--cwd', '/tmp', '--env', 'X=y'], 'pwd; echo $X'), '/tmp\ny\n')
    gives(run(['--read-only', '--mount', 'type=bind,src=/etc,dst=/x,options=rbind:ro'], 'cat /x/passwd >/dev/null; touch /y || echo no; touch /x/y || echo no'),
          'no\nno\n')
    gives(run(['--cap-drop', 'CAP_CHOWN'], 'grep CapEff /proc/self/status'), 'CapEff:\t00000000a80425fa\n')
    gives(run(['--device', '/dev/zero'], 'head -c 1 /dev/zero >/dev/null && echo read'), 'read\n')
    gives(run(['--seccomp'], 'grep Seccomp: /proc/self/status'), 'Seccomp:\t2\n')


def ctr_limits(engine, runtime):
    """--memory-limit, --cpus; their figures in metrics"""
    needs_controller('memory')
    with Task(engine, runtime, flags=['--memory-limit', str(64 << 20), '--cpus', '0.5']) as task:
        pid = task.pid()
        wants(file_of(pid, 'memory/memory.limit_in_bytes', 'memory.max') == str(64 << 20), engine.call('task', 'ls'))
        wants(file_of(pid, 'cpu/cpu.cfs_quota_us', 'cpu.max').split()[0] == '50000', engine.call('task', 'ls'))
        answer = engine.call('task', 'metrics', task.name)
        wants(answer.status == 0 and str(64 << 20) in answer.out, answer)


def ctr_joins(engine, runtime):
    """--with-ns: another's namespaces; without --net-host its own"""
    with Task(engine, runtime) as task:
        pid = task.pid()
        theirs = os.readlink(f'/proc/{pid}/ns/ipc')
        gives(engine.run(runtime, 'readlink', '/proc/self/ns/ipc', flags=['--rm', '--with-ns', f'ipc:/proc/{pid}/ns/ipc'], name=fresh()), theirs + '\n')
        answer = engine.run(runtime, 'sh', '-c', 'readlink /proc/self/ns/net', flags=['--rm'], name=fresh())
        wants(answer.status == 0 and answer.out.strip() != os.readlink(f'/proc/{pid}/ns/net'), answer)


def ctr_refuses(engine, runtime):
    """what cannot be run: words, and nothing left of it"""
    for program, words in (('/no/such/program', 'no such file or directory'), ('no-such', r'executable file.* not found in \$PATH'),
                           ('/etc/passwd', 'permission denied')):
        name = fresh()
        answer = engine.run(runtime, program, flags=['--rm', '--net-host'], name=name)
        wants(answer.status != 0 and re.search(words, answer.err, re.I), answer)
        engine.call('c', 'rm', name)
    with Task(engine, runtime) as task:
        answer = engine.call('task', 'exec', '--exec-id', 'e', task.name, '/no/such/program')
        wants(answer.status != 0 and 'no such file or directory' in answer.err.lower(), answer)
        answer = engine.call('task', 'exec', '--exec-id', 'e', task.name, 'echo', 'on')  # the same id is free again
        gives(answer, 'on\n')
        wants(task.status() == 'RUNNING', answer)


def ctr_detaches_exec(engine, runtime):
    """task exec -d, task kill --exec-id, task kill --all"""
    with Task(engine, runtime) as task:
        engine.call('task', 'exec', '-d', '--exec-id', 'e', task.name, 'sh', '-c', 'trap "touch /told" TERM; touch /ready; while true; do sleep 0.1; done', must=True)
        eventually(lambda: engine.call('task', 'exec', '--exec-id', fresh(), task.name, 'ls', '/ready').status == 0)
        engine.call('task', 'kill', '-s', 'TERM', '--exec-id', 'e', task.name, must=True)
        eventually(lambda: engine.call('task', 'exec', '--exec-id', fresh(), task.name, 'ls', '/told').status == 0)
        engine.call('task', 'kill', '-s', 'KILL', '--all', task.name, must=True)
        eventually(lambda: task.status() == 'STOPPED')


def ctr_logs(engine, runtime):
    """--log-uri file://, --null-io"""
    path = f'{engine.place}/{fresh()}'
    with Task(engine, runtime, 'sh', '-c', 'echo out; echo err >&2', flags=['--log-uri', 'file://' + path]) as task:
        eventually(lambda: task.status() == 'STOPPED')
        # containerd's usual shim copies it, and may be at that still
        eventually(lambda: sorted(open(path).read().split()) == ['err', 'out'], what=lambda: open(path).read())
    with Task(engine, runtime, 'echo', 'out', flags=['--null-io']) as task:
        eventually(lambda: task.status() == 'STOPPED')


def ctr_tells_events(engine, runtime):
    """events: create, start, exec, exit, delete; an end for want of memory"""
    needs_controller('memory')
    name = fresh()

    def hears():  # of something else, so that it listens by now
        engine.call('image', 'label', IMAGE, f'heard={fresh()}', must=True)
        return '/images/' in client.said
    with engine.background('events') as client:
        eventually(hears)
        answer = engine.run(runtime, 'sh', '-c', starves(engine, runtime), flags=['--rm', '--net-host', '--memory-limit', str(32 << 20)], name=name)
        wants(answer.status == 137 or answer.out, answer)  # where there is swap it may pass
        eventually(lambda: any('/tasks/delete' in line and name in line for line in client.said.splitlines()), what=lambda: client.said[-500:])
        said = [line for line in client.said.splitlines() if name in line]
    topics = [re.search(r'/tasks/([\w-]+)', line)[1] for line in said if '/tasks/' in line]
    wants({'create', 'start', 'exit', 'delete'} <= set(topics) and ('oom' in topics or answer.status != 137), Answer(0, str(topics), ''))


def ctr_maps_users(engine, runtime):
    """--uidmap, --gidmap"""
    answer = engine.run(runtime, 'sh', '-c', 'cat /proc/self/uid_map; id -u', flags=['--rm', '--uidmap', '0:100000:65536', '--gidmap', '0:100000:65536'], name=fresh())
    wants(answer.status == 0 and answer.out.split() == ['0', '100000', '65536', '0'], answer)


def ctr_refuses_checkpoint(engine, runtime):
    """task checkpoint: refused in clear words, and the task goes on"""
    if runtime.name in ('runc', 'crun'):
        raise Skipped('it has checkpoints, CRIU decides')
    with Task(engine, runtime) as task:
        answer = engine.call('task', 'checkpoint', task.name)
        wants(answer.status != 0 and 'checkpoint' in answer.err.lower(), answer)
        wants(task.status() == 'RUNNING', answer)


CTR = [ctr_runs, ctr_reads, ctr_executes, ctr_gives_terminal, ctr_has_settings, ctr_limits, ctr_joins, ctr_refuses, ctr_detaches_exec, ctr_logs,
       ctr_pauses, ctr_shows, ctr_kills, ctr_tells_events, ctr_maps_users, ctr_refuses_checkpoint, ctr_comes_back, ctr_loses_shim, ctr_killed_midst, ctr_many]
