"""One command in one virtual machine, from its start to its status."""
import secrets
import selectors
import subprocess
import sys
import tempfile
import time

from . import initramfs
from .failure import TIMEOUT, Failure, note
from .qemu import Qemu
from .streams import Console, Marked


class Run:
    """What is known of a command in a guest, fed by the machine's streams."""

    def __init__(self, options):
        self.options, self.word = options, secrets.token_hex(16)
        self.begun, self.started, self.status, self.packed = time.monotonic(), None, None, None
        self.archive = tempfile.TemporaryFile() if options.out else None
        self.console = Console(options.verbose)
        self.sinks = {'console': self.console, 'io': Marked(self.word, self.on_output, self.on_mark),
                      'out': Marked(self.word, self.archive.write if self.archive else bool, self.on_mark)}

    def on_output(self, data):
        if self.started is not None and self.status is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def on_mark(self, words):
        if words[0] == 'start':
            self.started = time.monotonic()
            if self.options.verbose:
                note(f'the command started {self.started - self.begun:.1f} s after the machine')
        elif words[0] == 'end':
            self.status = int(words[1])
        elif words[0] == 'tar':
            self.packed = int(words[1])

    def time_left(self):
        if self.started is None:
            return self.begun + self.options.boot_timeout - time.monotonic()
        return self.started + self.options.timeout - time.monotonic()

    def failure(self, what):
        return Failure(f'{what}; the end of its console:\n{self.console.tail()}')


def run(options, kernel, image):
    """The command's exit status, or TIMEOUT."""
    state = Run(options)
    with Qemu(options, kernel, image, initramfs.build(options, kernel, state.word)) as machine:
        if not listen(machine, state):
            note(f'timeout: the command ran for more than {options.timeout:g} s; the end of its console:\n{state.console.tail()}')
            return TIMEOUT
        if state.status is None:
            raise state.failure('the machine stopped before the command ended')
        if options.out:
            save(options.out, state, machine.streams['out'])
    return state.status


def listen(machine, state):
    """Until the command has ended, or the machine; false when the command's time is over."""
    selector = selectors.DefaultSelector()
    for name, stream in machine.streams.items():
        selector.register(stream, selectors.EVENT_READ, state.sinks[name])
    while selector.get_map() and state.status is None:
        left = state.time_left()
        if left <= 0 and state.started is None:
            raise state.failure(f'the guest did not come to the command in {state.options.boot_timeout:g} s')
        if left <= 0:
            return False
        for key, _ in selector.select(min(left, 60)):
            if data := received(key.fileobj):
                key.data.feed(data)
            else:
                selector.unregister(key.fileobj)
    return True


def received(stream):
    try:
        return stream.recv(1 << 16)
    except ConnectionResetError:
        return b''


def save(folder, state, stream):
    """Unpacks the guest's /out, all of which was sent before the command's end was told."""
    stream.settimeout(60)
    try:
        while state.packed is None and (data := stream.recv(1 << 16)):
            state.sinks['out'].feed(data)
    except TimeoutError:
        pass
    if state.packed is None:
        raise Failure("the guest's /out did not arrive")
    state.archive.seek(0)
    unpacked = subprocess.run(['tar', '-x', '--no-overwrite-dir', '--no-same-owner', '-C', folder], stdin=state.archive,
                              stderr=subprocess.PIPE, check=False)
    if unpacked.returncode:
        raise Failure(f"cannot unpack the guest's /out to {folder}: {unpacked.stderr.decode(errors='replace').strip()}")
    if state.packed:
        raise Failure(f"the guest could not pack all of /out (tar: {state.packed}); the command's status was "
                      f'{state.status}')
