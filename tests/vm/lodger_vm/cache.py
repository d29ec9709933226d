"""What is built once: folders in $XDG_CACHE_HOME/lodger-vm, made under a lock and put in place by one rename."""
import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from .failure import Failure


def folder():
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    path = Path(base).absolute() / 'lodger-vm'
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f'cannot make the cache {path}: {error.strerror}') from error
    return path


@contextlib.contextmanager
def locked(name):
    with open(folder() / f'{name}.lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def has(name):
    return (folder() / name).is_dir()


def cached(name, build, refresh=False):
    """The folder `name` of the cache; `build(folder)` fills a new one."""
    final = folder() / name
    if final.is_dir() and not refresh:
        return final
    with locked(name):
        if not final.is_dir() or refresh:  # another run may have built it meanwhile
            replace(final, build)
    return final


def replace(final, build):
    new, old = final.with_name(f'{final.name}.new'), final.with_name(f'{final.name}.old')
    for left in (new, old):  # by a run that was killed: the lock is ours
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir()
    try:
        build(new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    if final.is_dir():
        final.rename(old)
    new.rename(final)
    shutil.rmtree(old, ignore_errors=True)
