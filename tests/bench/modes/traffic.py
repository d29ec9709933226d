"""What goes through each path, and what it costs the processors."""
import json
import os
import resource
import socket
import subprocess
import sys
import time

from world import HOST, PATHS, PORT, chosen, helpers, run


class Server:
    """The server of one path; "bare" is the process without a container."""

    def __init__(self, lodger, path):
        self.lodger, self.path = lodger, path
        before = helpers()
        if path == 'bare':
            words = [f'{lodger.folder}/bundle/rootfs/traffic', 'serve', str(PORT)]
        else:
            inside = PATHS[path].inside
            lodger.bundle(['/traffic', 'serve', str(inside)])
            words = lodger.words('run', PATHS[path].words([f'{PORT}:{inside}', f'{PORT}:{inside}/udp']))
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL if path in ('host', 'relay') else None)
        if self.process.stdout.readline() != b'ready\n':
            raise RuntimeError(f'the server of {path} did not start')
        await_answer(path)
        self.pids = {str(self.process.pid if path == 'bare' else lodger.pid()), *helpers()} - before

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.path == 'bare':
            self.process.kill()
        else:
            self.lodger.delete()
        self.process.wait()


def await_answer(path):
    """A relay finds a new server of TCP within a second or so."""
    for address in (HOST, '127.0.0.1'):
        for _ in range(200):
            with socket.socket() as client:
                if client.connect_ex((address, PORT)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError(f'the server of {path} does not answer on {address}')


def softirq_daemons():
    """The kernel's threads for what no process's time is charged with."""
    found = set()
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/comm', encoding='ascii', errors='replace') as file:
                if file.read().startswith('ksoftirqd/'):
                    found.add(pid)
        except OSError:
            pass
    return found


def cpu_times(pids):
    """What each has run, and our children, in seconds (Documentation/scheduler/sched-stats.rst); each has one thread."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = {'children': children.ru_utime + children.ru_stime}
    for pid in filter(str.isdigit, pids):
        try:
            with open(f'/proc/{pid}/schedstat', encoding='ascii') as file:
                times[pid] = int(file.read().split()[0]) / 1e9
        except OSError:  # a program that only made something
            pass
    return times


def measure(outside, server, where, verb, seconds):
    traffic = f'{server.lodger.folder}/bundle/rootfs/traffic'
    words = [traffic, verb, HOST if where == 'remote' else '127.0.0.1', str(PORT), str(seconds)]
    counted = server.pids | softirq_daemons()
    before = cpu_times(counted)
    result = json.loads(outside.run(words) if where == 'remote' else run(words))
    if verb == 'stream':
        result['cpu'] = sum(ran - before[who] for who, ran in cpu_times(before).items())
    return result


def measure_traffic(outside, lodger, args):
    samples = {path: {} for path in ('bare', *chosen(args.paths, 'traffic'))}
    order = list(samples)
    for number in range(args.rounds):
        print(f'round {number + 1} of {args.rounds}', file=sys.stderr)
        for path in order:
            with Server(lodger, path) as server:
                for where in ('remote', 'local'):
                    for verb in ('stream', 'rr', 'crr', 'udp'):
                        result = measure(outside, server, where, verb, args.seconds)
                        samples[path].setdefault(f'{where} {verb}', []).append(result)
        order.append(order.pop(0))
    return samples
