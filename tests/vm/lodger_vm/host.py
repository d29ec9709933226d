"""Programs run on this machine."""
import contextlib
import ctypes
import os
import shlex
import signal
import subprocess
from pathlib import Path

from .failure import Failure, cannot, note

TESTS = Path(__file__).resolve().parents[2]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def run(*argv, cwd=None, quiet=False, merged=False):
    """A program's stdout; Failure where its status is not 0, unless `quiet`. On any exception it is killed first.

    `merged` puts its stderr into stdout, for programs that tell their troubles on both.
    """
    try:
        process = subprocess.Popen(
            argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE, start_new_session=True,
            preexec_fn=die_with_parent, env={**os.environ, 'LC_ALL': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive'})
    except OSError as error:
        raise Failure(f'cannot run {argv[0]}: {error.strerror}') from error
    try:
        out, err = process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode and not quiet:
        last = (err or out).decode(errors='replace').strip().splitlines()[-15:]
        raise Failure(f'`{shlex.join(argv)[:200]}` failed ({process.returncode}):\n  ' + '\n  '.join(last))
    return out.decode(errors='replace')


def prepare():
    """Makes sure that the packages of purpose `vm` are there, and that the guest can run this machine's programs."""
    os.environ['PATH'] = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    if os.uname().machine != 'x86_64':
        raise cannot(f'the virtual machine is an x86-64, this machine is {os.uname().machine}')
    installed = subprocess.run([TESTS / 'install', 'vm'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, check=False)
    if installed.returncode:
        why = installed.stdout.strip()
        raise Failure(why) if os.geteuid() == 0 else cannot(why)
    if installed.stdout:
        note(installed.stdout.strip())
