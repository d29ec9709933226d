"""A lane: its machine, its jobs run in it, and what they said as a log that tests/summarize reads."""
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .failure import CANNOT, Failure, cannot
from .host import TESTS, die_with_parent
from .jobs import Moves, jobs


@dataclass
class Lane:
    machine: list[str]  # options of tests/vm/run
    copies: tuple[str, ...] = ()  # programs that the tests call


PROGRAMS = ('/usr/bin/unshare', '/usr/bin/setpriv', '/usr/bin/nsenter', '/usr/bin/taskset', '/usr/bin/newuidmap',
              '/usr/bin/newgidmap', '/usr/bin/ps', '/usr/bin/env', '/usr/bin/timeout')
LANES = {
    'vm-v2': Lane(['--init', 'busybox', '--cgroups', 'v2'], PROGRAMS),
    'vm-v1': Lane(['--init', 'busybox', '--cgroups', 'v1'], PROGRAMS),
    'vm-hybrid': Lane(['--init', 'busybox', '--cgroups', 'hybrid'], PROGRAMS),
    'vm-systemd': Lane(['--init', 'systemd', '--cgroups', 'v2']),
    'vm-systemd-hybrid': Lane(['--init', 'systemd', '--cgroups', 'hybrid']),
}
TIMEOUT = 600  # seconds for all jobs of a lane: thrice what they take on a busy machine; run-jobs knows of it


def run(name, build, word=None):
    """Runs a lane's jobs and writes BUILD/meson-logs/NAME.json."""
    lane = LANES[name]
    prepare(lane)
    introspected = subprocess.run(['meson', 'introspect', '--tests', build], stdout=subprocess.PIPE, check=True)
    wanted = jobs((TESTS / 'vm/tests').read_text(), name, json.loads(introspected.stdout), word,
                  os.environ.get('LODGER'))
    log = build / 'meson-logs' / f'{name}.json'
    with tempfile.TemporaryDirectory(prefix='lodger-vm-') as room:
        boot(lane, wanted, build, Path(room))
        log.write_text(''.join(json.dumps(result(job, Path(room) / 'out', word)) + '\n' for job in wanted))
    return log


def prepare(lane):
    """Fills the cache, so that a machine which cannot is told from one that fails."""
    prepared = subprocess.run([TESTS / 'vm/run', '--prepare', *lane.machine], stderr=subprocess.PIPE, text=True, check=False)
    if prepared.returncode == CANNOT:
        raise cannot(prepared.stderr.strip())
    if prepared.returncode:
        raise Failure(prepared.stderr.strip())


def boot(lane, wanted, build, room):
    """Runs the jobs in a machine; what it says of their progress is shown where it fails."""
    (room / 'jobs').mkdir()
    moves = Moves(TESTS.parent, build)
    for job in wanted:
        for word in job.command + list(job.environment.values()):
            if os.path.basename(word) == 'lodger':
                moves.beside(word, 'lodger-systemd')
        kind = 'alone' if job.alone else 'beside'
        (room / 'jobs' / f'{job.name}.{kind}').write_text(job.script(moves))
    shutil.copy(TESTS / 'vm/run-jobs', room)
    copies = {str(room / 'jobs'): '/lodger/jobs', str(room / 'run-jobs'): '/lodger/run-jobs', **moves.copies}
    copies |= {path: path for path in (*lane.copies, os.environ.get('LODGER', '')) if os.path.exists(path)}
    options = [option for pair in copies.items() for option in ('--copy', ':'.join(pair))]
    ran = subprocess.run([TESTS / 'vm/run', *lane.machine, *options, '--out', room / 'out', '--timeout', str(TIMEOUT),
                          '--', 'sh', '/lodger/run-jobs'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
                         check=False)
    if ran.returncode:
        raise Failure(ran.stdout.decode(errors='replace').strip())


def result(job, out, word):
    """What meson would have written of the job. One that left no status has failed, whatever it printed."""
    said, ended = out / f'{job.name}.log', out / f'{job.name}.status'
    text = said.read_text(errors='replace') if said.exists() else ''
    status, seconds = ended.read_text().split() if ended.exists() else ('none', '0')
    if not word and ('No test cases matched' in text or text.startswith('TAP version 13\n1..0')):
        text, status = f'tests/vm/tests names no test case of {job.name}\n', 'none'
    return {'name': job.name, 'stdout': text, 'result': 'OK' if status == '0' else 'FAIL', 'status': status,
            'duration': float(seconds)}
