"""The tests that a lane runs in its guest: lines of tests/vm/tests, carried out by what meson knows of them."""
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from .failure import Failure

PATIENCE = 4  # times a test's own limit, which is for a quiet machine that is not emulated


@dataclass
class Job:
    name: str
    command: list[str]
    timeout: int
    alone: bool
    environment: dict[str, str] = field(default_factory=dict)

    def script(self, moved):
        """For the guest's shell; `moved` tells where a path of this machine's lies there."""
        settings = [f'{key}={moved(value)}' for key, value in self.environment.items()]
        words = [*settings, 'timeout', str(self.timeout * PATIENCE), *(moved(word) for word in self.command)]
        return f'exec env {shlex.join(words)}\n'


def lines(text, lane):
    """(test, arguments) of the lines that are meant for a lane."""
    for line in text.splitlines():
        lanes, *rest = line.partition('#')[0].split() or ['']
        if rest and {'all', lane, 'systemd' if 'systemd' in lane else 'cgroupfs'} & {*lanes.split(',')}:
            yield rest[0], rest[1:]


def jobs(text, lane, tests, word=None, runtime=None):
    """The lane's jobs, in order.

    `tests` is what `meson introspect --tests` says, `word` a part of a test case's name, `runtime` one to judge in the
    place of lodger.
    """
    known = {test['name']: test for test in tests}
    found = []
    for name, arguments in lines(text, lane):
        if name not in known:
            raise Failure(f'tests/vm/tests: there is no test {name}')
        test = known[name]
        command = test['cmd'] + (narrowed(name, word) if word else arguments)
        environment = {**test['env'], **({'LODGER': runtime} if runtime else {})}
        found.append(Job(title(name, found), command, test['timeout'], not test['is_parallel'], environment))
    if not found:
        raise Failure(f'tests/vm/tests: there is nothing for {lane}')
    return found


def narrowed(name, word):
    return ['--filter', f'*{word}*'] if name.startswith('conformance-') else [f'*{word}*']


def title(name, found):
    """A test may come more than once, with other arguments."""
    same = sum(1 for job in found if re.fullmatch(rf'{re.escape(name)}(\.\d+)?', job.name))
    return f'{name}.{same + 1}' if same else name


class Moves:
    """Where the files that jobs name lie in the guest: in one folder that every user may enter."""

    def __init__(self, source, build):
        self.roots = [(str(build), '/lodger/build'), (str(source), '/lodger/source')]
        self.copies = {}

    def __call__(self, path):
        """A word or a setting's value; what it names in the folders of the project is copied."""
        if not path.startswith('/') or not os.path.exists(path):
            return path
        path = os.path.normpath(path)
        for root, there in self.roots:
            if path.startswith(f'{root}/'):
                self.copies[path] = there + path.removeprefix(root)
                return self.copies[path]
        return path

    def beside(self, path, name):
        """Takes along what a copied program looks for beside itself, where there is one."""
        other = Path(path).with_name(name)
        if other.exists():
            self(str(other))
