"""Pods from their start to what must not be left of them."""
import concurrent.futures
import glob
import json
import os
import signal
import time

from common import alone, eventually, starves
from cri import EXITED, NOTREADY, READY, RUNNING
from pods import SERVER, asks_port, holds, lines, pod, refused
from websocket import Channels


def version(engine, runtime):
    """Version, Status: ready, with this handler"""
    answer = engine.ask('Version')
    holds((answer.version, answer.runtime_name, answer.runtime_api_version) == ('0.1.0', 'containerd', 'v1'), answer)
    answer = engine.ask('Status', verbose=True)
    holds(all(engine.conditions().values()), answer.status)
    holds(runtime.name in json.loads(answer.info['config'])['containerd']['runtimes'], answer.info['config'])


def executes(engine, runtime):
    """ExecSync: both streams, exit code, timeout"""
    with pod(engine, runtime) as made:
        member = made.add()
        answer = member.execute('sh', '-c', 'echo out; echo err >&2; exit 9')
        holds((answer.status, answer.out, answer.err) == (9, 'out\n', 'err\n'), answer)
        holds(len(member.execute('seq', '1', '100000').out) == 588895, 'the output is not whole')
        began = time.monotonic()
        text = refused(lambda: member.execute('sleep', '60', timeout=1))
        holds('timeout' in text and time.monotonic() - began < 10, text)
        text = refused(lambda: member.execute('/no/such/program'))
        holds('no such file or directory' in text.lower(), text)
        holds(member.execute('sh', '-c', 'ps | grep -c "[s]leep 60"').out == '0\n', member.execute('ps'))


def streams(engine, runtime):
    """Exec: the streaming server, input, a terminal's size"""
    with pod(engine, runtime) as made:
        member = made.add()
        url = engine.ask('Exec', container_id=member.id, cmd=['sh', '-c', 'read x; echo "got $x"; echo err >&2; exit 4'],
                         stdin=True, stdout=True, stderr=True).url
        with Channels(engine.holder.pid, url) as channels:
            channels.send(0, b'word\n')
            found = channels.rest()
        holds(found.get(1) == b'got word\n' and found.get(2) == b'err\n' and b'"4"' in found.get(3, b''), found)
        # the size may come a little later; and what a terminal's last process says as it ends may be lost with it
        sized = ['sh', '-c', 'while true; do stty size </dev/tty; sleep 0.2; done & read x']
        url = engine.ask('Exec', container_id=member.id, cmd=sized, stdin=True, stdout=True, tty=True).url
        with Channels(engine.holder.pid, url) as channels:
            channels.send(4, b'{"Width":91,"Height":37}')
            found = channels.until(1, b'37 91')
            channels.send(0, b'\n')
            channels.rest()
        holds(b'37 91' in found, found)


def attaches(engine, runtime):
    """Attach: to streams, to a terminal"""
    with pod(engine, runtime) as made:
        for name, tty, end in (('a', False, b'\n'), ('b', True, b'\r\n')):
            member = made.add('sh', '-c', 'read x; echo "got $x"; sleep 0.5', name=name, stdin=True, tty=tty)
            url = engine.ask('Attach', container_id=member.id, stdin=True, stdout=True, tty=tty).url
            with Channels(engine.holder.pid, url) as channels:
                channels.send(0, b'word\n')
                found = channels.rest()
            holds(found.get(1, b'').endswith(b'got word' + end), found)


def keeps_logs(engine, runtime):
    """logs: streams, stamps, after a rotation, whole"""
    with pod(engine, runtime) as made:
        member = made.add('sh', '-c', 'seq 1 5000; echo err >&2; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo later')
        eventually(lambda: len(member.log()) == 5001)
        holds([text for stream, text in member.log() if stream == 'stdout'] == [str(i) for i in range(1, 5001)], 'not whole')
        holds(('stderr', 'err') in [(stream, text) for stream, text in member.log()], member.log()[-1])
        path = f'{made.logs}/{member.name}.log'
        os.rename(path, path + '.1')
        engine.ask('ReopenContainerLog', container_id=member.id)
        member.execute('sh', '-c', 'echo >/tmp/go')
        eventually(lambda: member.log() == [('stdout', 'later')])


def counts(engine, runtime):
    """ContainerStats, ListContainerStats, PodSandboxStats"""
    with pod(engine, runtime) as made:
        member = made.add('sh', '-c', 'x=$(seq 1 300000); sleep 1000; :')
        eventually(lambda: member.figures().memory.usage_bytes.value > 1 << 20)
        figures = member.figures()
        holds(figures.cpu.usage_core_nano_seconds.value > 0 and figures.memory.working_set_bytes.value > 0, figures)
        listed = engine.ask('ListContainerStats', filter={'pod_sandbox_id': made.id}).stats
        holds([one.attributes.id for one in listed] == [member.id], listed)
        whole = engine.ask('PodSandboxStats', pod_sandbox_id=made.id).stats.linux
        holds(whole.memory.usage_bytes.value >= 1 << 20 and whole.cpu.usage_core_nano_seconds.value > 0, whole)
        holds([one.attributes.id for one in whole.containers] == [member.id], whole)
        holds(whole.process.process_count.value >= 1, whole)


def ends(engine, runtime):
    """exit codes and reasons: Completed, Error, StartError"""
    with pod(engine, runtime) as made:
        for name, code, reason in (('a', 0, 'Completed'), ('b', 7, 'Error')):
            member = made.add('sh', '-c', f'exit {code}', name=name)
            eventually(lambda: member.status().state == EXITED)
            holds((member.status().exit_code, member.status().reason) == (code, reason), member.status())
            holds(member.status().finished_at > 0 and member.status().started_at > 0, member.status())
        member = made.make('/no/such/program', name='e')
        text = refused(member.start)
        holds('no such file or directory' in text.lower(), text)
        holds((member.status().exit_code, member.status().reason) == (128, 'StartError'), member.status())


def tells_oom(engine, runtime):
    """an end for want of memory: OOMKilled"""
    with pod(engine, runtime) as made:
        member = made.add('sh', '-c', starves(engine, runtime), resources={'memory_limit_in_bytes': 32 << 20})
        eventually(lambda: member.status().state == EXITED)
        eventually(lambda: member.status().reason == 'OOMKilled')
        holds(member.status().exit_code == 137, member.status())


def stops(engine, runtime):
    """StopContainer: SIGTERM, then SIGKILL; twice is once"""
    with pod(engine, runtime) as made:
        member = made.add('sh', '-c', 'trap "exit 3" TERM; echo ready; while true; do sleep 0.1; done', name='a')
        eventually(lambda: member.log() == [('stdout', 'ready')])
        member.stop(10)
        holds((member.status().state, member.status().exit_code) == (EXITED, 3), member.status())
        member.stop(10)
        member = made.add('sh', '-c', 'trap "" TERM; echo ready; while true; do sleep 0.1; done', name='b')
        eventually(lambda: member.log() == [('stdout', 'ready')])
        began = time.monotonic()
        member.stop(1)
        holds((member.status().state, member.status().exit_code) == (EXITED, 137), member.status())
        holds(1 <= time.monotonic() - began < 8, time.monotonic() - began)


def shims(made):
    """The processes of shims that were called for this pod."""
    out = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            words = open(path, 'rb').read().split(b'\0')
        except OSError:
            continue
        if b'containerd-shim' in words[0] and made.id.encode() in words:
            out.append(int(path.split('/')[2]))
    return out


def leaves_nothing(engine, runtime):
    """StopPodSandbox, RemovePodSandbox: nothing stays"""
    made = pod(engine, runtime)
    member = made.add()
    pids = [made.pid(), member.pid()]
    engine.ask('StopPodSandbox', pod_sandbox_id=made.id)
    holds(made.state() == NOTREADY and member.status().state == EXITED, made.state())
    engine.ask('StopPodSandbox', pod_sandbox_id=made.id)
    engine.ask('RemovePodSandbox', pod_sandbox_id=made.id)
    engine.ask('RemovePodSandbox', pod_sandbox_id=made.id)
    eventually(lambda: not [pid for pid in pids if os.path.exists(f'/proc/{pid}')])
    eventually(lambda: shims(made) == [])
    found = engine.inside(['find', '/run/containerd', '-name', f'*{made.id}*', '-o', '-name', f'*{member.id}*']).out
    holds(found == '', found)
    found = engine.inside(['grep', '-e', made.id, '-e', member.id, '/proc/self/mountinfo']).out
    holds(found == '', found)
    found = [path for path in glob.glob(f'/sys/fs/cgroup/**/{made.name}/*/', recursive=True)]
    holds(not found, found)
    holds(made.id not in [one.id for one in engine.ask('ListPodSandbox').items], 'it is listed')


def loses_pause(engine, runtime):
    """the pod's own container ends first: nothing stays"""
    made = pod(engine, runtime)
    member = made.add()
    os.kill(made.pid(), signal.SIGKILL)
    eventually(lambda: made.state() == NOTREADY)
    holds(member.status().state == RUNNING, member.status())
    time.sleep(2)
    made.end()
    eventually(lambda: shims(made) == [], what=lambda: str(shims(made)))


def shares_shim(engine, runtime):
    """all containers of a pod are children of one shim"""
    with pod(engine, runtime) as made:
        pids = [made.pid(), made.add(name='a').pid(), made.add(name='b').pid()]
        parents = {lines(pid, 'status')['PPid'] for pid in pids}
        holds(len(parents) == 1 and parents == {str(pid) for pid in shims(made)}, (parents, shims(made)))


def restarts_member(engine, runtime):
    """a container that ended is made anew in its pod"""
    with pod(engine, runtime) as made:
        for attempt in range(3):
            member = made.add('false', name=f'a{attempt}')
            eventually(lambda: member.status().state == EXITED)
            engine.ask('RemoveContainer', container_id=member.id)
        holds(made.state() == READY, made.state())


@alone
def comes_back(engine, runtime):
    """containerd is killed and comes back: the pod goes on"""
    with pod(engine, runtime) as made:
        stays, left = made.add('sh', '-c', SERVER.format(18086), name='a'), made.add('sh', '-c', 'sleep 1; exit 4', name='b')
        pid = stays.pid()
        engine.restart()
        holds((made.state(), stays.status().state, stays.pid()) == (READY, RUNNING, pid), stays.status())
        eventually(lambda: left.status().state == EXITED)
        holds(left.status().exit_code in (4, 255), left.status())  # containerd 2 does not ask for it: Unknown
        holds(stays.execute('echo', 'there').out == 'there\n', 'no exec')
        holds(asks_port(engine, '127.0.0.1', 18086) == 'hello\n', 'no server')
        late = made.add(name='d')
        holds(late.status().state == RUNNING, late.status())


@alone
def many(engine, runtime):
    """ten pods side by side"""
    def life(i):
        with pod(engine, runtime) as made:
            member = made.add('sh', '-c', f'exit {i}')
            eventually(lambda: member.status().state == EXITED, 30)
            return member.status().exit_code
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(life, range(10)))
    holds(codes == list(range(10)), codes)


POD_LIFE = [version, executes, streams, attaches, keeps_logs, counts, ends, tells_oom, stops, leaves_nothing, loses_pause, shares_shim,
            restarts_member, comes_back, many]
