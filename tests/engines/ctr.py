"""containerd, by ctr."""
import concurrent.futures
import json
import os
import re
import signal
import time

from common import alone, eventually, file_of, fresh, gives, needs_controller, wants
from engines import IMAGE


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


@alone
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


@alone
def ctr_loses_shim(engine, runtime):
    """the shim is killed: the task ends, nothing stays"""
    with Task(engine, runtime) as task:
        pid = next(line.split()[1] for line in engine.call('task', 'ls').out.splitlines() if line.startswith(task.name))
        shim = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1]
        os.kill(int(shim), signal.SIGKILL)
        eventually(lambda: task.status() in ('none', 'STOPPED', 'UNKNOWN'))
        eventually(lambda: not os.path.exists(f'/proc/{pid}'))


@alone
def ctr_many(engine, runtime):
    """fifty side by side, each with its own status"""
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: engine.run(runtime, 'sh', '-c', f'exit {i}', flags=['--rm', '--net-host'], name=fresh(),
                                                     limit=60), range(50)))
    for i, answer in enumerate(answers):
        wants(answer.status == i, answer)
    answer = engine.call('task', 'ls')
    wants(len(answer.out.splitlines()) == 1, answer)


CTR = [ctr_runs, ctr_reads, ctr_executes, ctr_pauses, ctr_shows, ctr_kills, ctr_comes_back, ctr_loses_shim, ctr_many]
