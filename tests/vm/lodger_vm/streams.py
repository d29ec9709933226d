"""What comes out of a guest: data with marks in it, and its console."""
import collections
import re
import sys


class Marked:
    """Splits a stream into data and marks: a zero byte, the word, words up to the end of the line.

    The word is random, so what a command writes is no mark, and nothing depends on how the guest ends.
    """

    def __init__(self, word, on_data, on_mark):
        self.word, self.on_data, self.on_mark = b'\0' + word.encode() + b' ', on_data, on_mark
        self.buffer = b''

    def feed(self, data):
        self.buffer += data
        while (at := self.buffer.find(self.word)) >= 0:
            self.flush(at)
            end = self.buffer.find(b'\n')
            if end < 0:
                return
            self.on_mark(self.buffer[len(self.word):end].decode().split())
            self.buffer = self.buffer[end + 1:]
        self.flush(len(self.buffer) - self.begun())

    def begun(self):
        """How many bytes at the end may be a mark's beginning."""
        longest = min(len(self.buffer), len(self.word) - 1)
        return next((n for n in range(longest, 0, -1) if self.word.startswith(self.buffer[-n:])), 0)

    def flush(self, size):
        if size:
            self.on_data(self.buffer[:size])
        self.buffer = self.buffer[size:]


class Console:
    """Keeps the last lines of the serial console, and of QEMU's own messages."""

    LINES = 200

    def __init__(self, verbose):
        self.lines, self.partial, self.verbose = collections.deque(maxlen=self.LINES), '', verbose

    def feed(self, data):
        text = re.sub(r'\x1b\[[0-9;?]*[A-Za-z]|\x1bc|\r|\0', '', self.partial + data.decode(errors='replace'))
        *lines, self.partial = text.split('\n')
        self.lines += lines
        if self.verbose:
            for line in lines:
                print(f'[console] {line}', file=sys.stderr, flush=True)

    def tail(self):
        return '\n'.join(f'  | {line}' for line in [*self.lines, self.partial][-self.LINES:] if line)
