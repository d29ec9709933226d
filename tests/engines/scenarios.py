"""What people do with engines. A scenario raises where it does not go as it goes with runc."""
import concurrent.futures
import json
import os
import re
import signal
import time
import uuid

HOST = ['--network', 'host']


def fresh():
    return 't' + uuid.uuid4().hex[:12]


def wants(condition, answer):
    if not condition:
        raise AssertionError(f'status {answer.status}, out {answer.out!r}, err {answer.err!r}')


def eventually(question, limit=10):
    end = time.monotonic() + limit
    while not question():
        if time.monotonic() > end:
            raise AssertionError('it never came to be')
        time.sleep(0.05)


# Docker and Podman, whose words are the same.

class Kept:
    """A container that runs until the block ends."""

    def __init__(self, engine, runtime, *command, flags=()):
        self.engine, self.name = engine, fresh()
        answer = engine.run(runtime, *(command or ('sleep', '1000')), flags=['-d', '--name', self.name, *HOST, *flags])
        wants(answer.status == 0, answer)
        self.globals = ['--runtime', runtime.program] if engine.name == 'podman' else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self('rm', '-f', '-t', '0', self.name) if self.engine.name == 'podman' else self('rm', '-f', self.name)

    def __call__(self, *words, **more):
        return self.engine.call(*self.globals, *words, **more)

    def status(self):
        return self('inspect', '-f', '{{.State.Status}}', self.name).out.strip()


def runs(engine, runtime):
    """run, its output and its exit status"""
    answer = engine.run(runtime, 'sh', '-c', 'echo out; echo err >&2; exit 7', flags=['--rm', *HOST])
    wants((answer.status, answer.out) == (7, 'out\n') and 'err' in answer.err, answer)


def reads_stdin(engine, runtime):
    """run -i: standard input and its end"""
    answer = engine.run(runtime, 'cat', flags=['--rm', '-i', *HOST], given='one\ntwo\n')
    wants((answer.status, answer.out) == (0, 'one\ntwo\n'), answer)


def publishes_on_host(engine, runtime):
    """-p with --network host: discarded, with the warning"""
    answer = engine.run(runtime, 'true', flags=['--rm', '-p', '8080:80', *HOST])
    wants(answer.status == 0 and re.search('[Pp]ublished ports are discarded|[Pp]ort mappings have been discarded', answer.err), answer)


def serves_on_host(engine, runtime):
    """--network host: a server is on the host's port"""
    with Kept(engine, runtime, 'sh', '-c', 'while true; do echo hello | nc -l -p 18080; done'):
        eventually(lambda: engine.inside(['busybox', 'nc', '127.0.0.1', '18080'], given='').out == 'hello\n')


def missing_program(engine, runtime):
    """a program that is not there: 127"""
    answer = engine.run(runtime, '/no/such/program', flags=['--rm', *HOST])
    wants(answer.status == 127, answer)


def not_executable(engine, runtime):
    """a program that is none: 126"""
    answer = engine.run(runtime, '/etc/passwd', flags=['--rm', *HOST])
    wants(answer.status == 126, answer)


def gives_terminal(engine, runtime):
    """run -t: a terminal"""
    answer = engine.run(runtime, 'sh', '-c', 'test -t 1 && echo yes', flags=['--rm', '-t', *HOST])
    wants((answer.status, answer.out) == (0, 'yes\n'), answer)


def runs_as_user(engine, runtime):
    """-u, -w, -e, --hostname"""
    answer = engine.run(runtime, 'sh', '-c', 'id -u; pwd; echo $X', flags=['--rm', '-u', 'user', '-w', '/tmp', '-e', 'X=y', *HOST])
    wants((answer.status, answer.out) == (0, '1000\n/tmp\ny\n'), answer)


def executes(engine, runtime):
    """exec: output, input, status, terminal"""
    with Kept(engine, runtime) as kept:
        answer = kept('exec', kept.name, 'sh', '-c', 'echo in; exit 9')
        wants((answer.status, answer.out) == (9, 'in\n'), answer)
        answer = kept('exec', '-i', kept.name, 'cat', given='x\n')
        wants((answer.status, answer.out) == (0, 'x\n'), answer)
        answer = kept('exec', '-t', kept.name, 'sh', '-c', 'test -t 1 && echo yes')
        wants((answer.status, answer.out) == (0, 'yes\n'), answer)
        answer = kept('exec', kept.name, '/no/such/program')
        wants(answer.status == 127, answer)


def keeps_logs(engine, runtime):
    """logs of both streams, complete"""
    with Kept(engine, runtime, 'sh', '-c', 'seq 1 20000; echo err >&2') as kept:
        answer = kept('wait', kept.name)
        wants(answer.out.strip() == '0', answer)
        answer = kept('logs', kept.name)
        wants(answer.out.splitlines() == [str(i) for i in range(1, 20001)] and answer.err == 'err\n', answer)


def stops(engine, runtime):
    """stop: the signal, then force"""
    with Kept(engine, runtime, 'sh', '-c', 'trap "exit 3" TERM; while true; do sleep 0.1; done') as kept:
        answer = kept('stop', '-t', '5', kept.name)
        wants(answer.status == 0, answer)
        wants(kept('inspect', '-f', '{{.State.ExitCode}}', kept.name).out.strip() == '3', kept('inspect', kept.name))
    with Kept(engine, runtime, 'sh', '-c', 'trap "" TERM; while true; do sleep 0.1; done') as kept:
        kept('stop', '-t', '1', kept.name, must=True)
        wants(kept('inspect', '-f', '{{.State.ExitCode}}', kept.name).out.strip() == '137', kept('inspect', kept.name))


def kills(engine, runtime):
    """kill -s"""
    with Kept(engine, runtime, 'sh', '-c', 'trap "exit 5" USR1; while true; do sleep 0.1; done') as kept:
        time.sleep(0.3)
        kept('kill', '-s', 'USR1', kept.name, must=True)
        eventually(lambda: kept.status() == 'exited')
        wants(kept('inspect', '-f', '{{.State.ExitCode}}', kept.name).out.strip() == '5', kept('inspect', kept.name))


def pauses(engine, runtime):
    """pause, unpause"""
    with Kept(engine, runtime) as kept:
        kept('pause', kept.name, must=True)
        wants(kept.status() == 'paused', kept('inspect', kept.name))
        kept('unpause', kept.name, must=True)
        wants(kept.status() == 'running', kept('inspect', kept.name))


def shows_processes(engine, runtime):
    """top"""
    with Kept(engine, runtime) as kept:
        answer = kept('top', kept.name)
        wants(answer.status == 0 and 'sleep 1000' in answer.out, answer)


def shows_figures(engine, runtime):
    """stats"""
    with Kept(engine, runtime) as kept:
        answer = kept('stats', '--no-stream', '--format', '{{json .}}', kept.name)
        wants(answer.status == 0 and 'PIDs' in answer.text or 'pids' in answer.text, answer)


def updates(engine, runtime):
    """update --pids-limit or --cpu-shares"""
    with Kept(engine, runtime) as kept:
        answer = kept('update', '--cpu-shares', '512', kept.name)
        wants(answer.status == 0, answer)


def restarts(engine, runtime):
    """restart, and restart policies"""
    with Kept(engine, runtime) as kept:
        kept('restart', '-t', '0', kept.name, must=True)
        wants(kept.status() == 'running', kept('inspect', kept.name))
    with Kept(engine, runtime, 'sh', '-c', 'exit 1', flags=['--restart', 'on-failure:2']) as kept:
        eventually(lambda: kept('inspect', '-f', '{{.RestartCount}}', kept.name).out.strip() == '2', 20)


def starts_again(engine, runtime):
    """create, start, and start once more"""
    with Kept(engine, runtime, 'sh', '-c', 'echo once') as kept:
        kept('wait', kept.name, must=True)
        kept('start', kept.name, must=True)
        kept('wait', kept.name, must=True)
        wants(kept('logs', kept.name).out == 'once\nonce\n', kept('logs', kept.name))


def is_removed(engine, runtime):
    """rm -f of one that runs"""
    with Kept(engine, runtime) as kept:
        answer = kept('rm', '-f', kept.name)
        wants(answer.status == 0, answer)
        wants(kept('inspect', kept.name).status != 0, answer)


def checks_health(engine, runtime):
    """health checks"""
    with Kept(engine, runtime, flags=['--health-cmd', 'true', '--health-interval', '1s']) as kept:
        if engine.name == 'podman':  # run by systemd's timers, which are not here
            kept('healthcheck', 'run', kept.name, must=True)
        else:
            eventually(lambda: kept('inspect', '-f', '{{.State.Health.Status}}', kept.name).out.strip() == 'healthy', 20)


def limits(engine, runtime):
    """--memory, --pids-limit, --cpus hold"""
    answer = engine.run(runtime, 'sh', '-c', 'i=0; while [ $i -lt 20 ]; do sleep 1 & i=$((i+1)); done; echo all',
                        flags=['--rm', '--memory', '64m', '--cpus', '0.5', '--pids-limit', '10', *HOST])
    wants(answer.out != 'all\n', answer)


def tells_oom(engine, runtime):
    """an end for want of memory is told as that"""
    name = fresh()
    answer = engine.run(runtime, 'sh', '-c', 'x=$(yes | head -c 200000000); echo ${#x}',
                        flags=['--name', name, '--memory', '32m', '--memory-swap', '32m', *HOST])
    try:
        wants(answer.status == 137, answer)
        found = engine.call('inspect', '-f', '{{.State.OOMKilled}}', name)
        wants(found.out.strip() == 'true', found)
    finally:
        engine.call('rm', '-f', name)


def isolates(engine, runtime):
    """--network none: loopback alone"""
    answer = engine.run(runtime, 'ls', '/sys/class/net', flags=['--rm', '--network', 'none'])
    wants((answer.status, answer.out) == (0, 'lo\n'), answer)


def joins_network(engine, runtime):
    """--network container:NAME"""
    with Kept(engine, runtime) as kept:
        answer = engine.run(runtime, 'ls', '/sys/class/net', flags=['--rm', '--network', 'container:' + kept.name])
        wants((answer.status, answer.out) == (0, 'lo\n'), answer)


def mounts(engine, runtime):
    """-v, --tmpfs, --read-only"""
    answer = engine.run(runtime, 'sh', '-c', 'cat /x/passwd >/dev/null && echo y >/t/y && cat /t/y; echo z >/z || echo no',
                        flags=['--rm', '-v', '/etc:/x:ro', '--tmpfs', '/t', '--read-only', *HOST])
    wants(answer.status == 0 and answer.out == 'y\nno\n', answer)


COMMON = [runs, reads_stdin, publishes_on_host, serves_on_host, missing_program, not_executable, gives_terminal, runs_as_user,
          executes, keeps_logs, stops, kills, pauses, shows_processes, shows_figures, updates, restarts, starts_again,
          is_removed, checks_health, limits, tells_oom, isolates, joins_network, mounts]


# containerd, by ctr

class Task:
    def __init__(self, engine, runtime, *command, flags=()):
        self.engine, self.name = engine, fresh()
        answer = engine.run(runtime, *(command or ('sleep', '1000')), flags=['-d', '--net-host', *flags], name=self.name)
        wants(answer.status == 0, answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.call('task', 'kill', '-s', '9', self.name)
        self.engine.call('task', 'rm', '-f', self.name)
        self.engine.call('c', 'rm', self.name)

    def status(self):
        for line in self.engine.call('task', 'ls').out.splitlines():
            if line.split()[0] == self.name:
                return line.split()[2]
        return 'none'


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


def ctr_comes_back(engine, runtime):
    """containerd is killed and comes back: tasks go on"""
    with Task(engine, runtime) as running, Task(engine, runtime, 'sh', '-c', 'sleep 1; exit 4') as ended:
        engine.restart()
        time.sleep(1.5)
        wants((running.status(), ended.status()) == ('RUNNING', 'STOPPED'), engine.call('task', 'ls'))
        answer = engine.call('task', 'exec', '--exec-id', 'e', running.name, 'echo', 'there')
        wants(answer.out == 'there\n', answer)
        answer = engine.call('task', 'rm', ended.name)
        wants('code 4' in answer.text, answer)


def ctr_loses_shim(engine, runtime):
    """the shim is killed: the task ends, nothing stays"""
    with Task(engine, runtime) as task:
        pid = next(line.split()[1] for line in engine.call('task', 'ls').out.splitlines() if line.startswith(task.name))
        shim = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1]
        os.kill(int(shim), signal.SIGKILL)
        eventually(lambda: task.status() in ('none', 'STOPPED', 'UNKNOWN'))
        eventually(lambda: not os.path.exists(f'/proc/{pid}'))


def ctr_many(engine, runtime):
    """fifty side by side, each with its own status"""
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: engine.run(runtime, 'sh', '-c', f'exit {i}', flags=['--rm', '--net-host'], name=fresh(),
                                                     limit=60), range(50)))
    for i, answer in enumerate(answers):
        wants(answer.status == i, answer)
    answer = engine.call('task', 'ls')
    wants(len(answer.out.splitlines()) == 1, answer)


CTR = [ctr_comes_back, ctr_loses_shim, ctr_many, ctr_runs, ctr_reads, ctr_executes, ctr_pauses, ctr_shows, ctr_kills]

SCENARIOS = {'docker': COMMON, 'podman': COMMON, 'containerd': CTR}
