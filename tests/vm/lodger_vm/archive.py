"""A cpio archive in the kernel's "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst)."""
import contextlib
import os
import shutil
import stat
from typing import NamedTuple

from .failure import BAD_USAGE, Failure


class Entry(NamedTuple):
    mode: int
    data: bytes | str = b''  # contents, or the path of the file that has them
    uid: int = 0
    gid: int = 0
    rdev: int = 0


def canonical(path):
    """Debian's /bin, /sbin, /lib and /lib64 are links into /usr. Without the first slash."""
    path = os.path.normpath(path).lstrip('/')
    return 'usr/' + path if path.split('/')[0] in ('bin', 'sbin', 'lib', 'lib64') else path


class Archive:
    """Entries by path; a later one replaces an earlier one."""

    def __init__(self):
        self.entries = {}

    def put(self, path, entry):
        parent = ''
        for part in path.split('/')[:-1]:
            parent = f'{parent}/{part}'.lstrip('/')
            self.entries.setdefault(parent, Entry(stat.S_IFDIR | 0o755))
        if not stat.S_ISDIR(entry.mode):
            self.entries.pop(path, None)
        self.entries[path] = entry

    def folder(self, path, mode=0o755):
        self.put(path, Entry(stat.S_IFDIR | mode))

    def text(self, path, text, mode=0o644):
        self.put(path, Entry(stat.S_IFREG | mode, text.encode()))

    def link(self, path, target):
        self.put(path, Entry(stat.S_IFLNK | 0o777, os.fsencode(target)))

    def copy(self, source, path, follow=False):
        """Adds one object of this machine's; returns its mode."""
        what = os.stat(source) if follow else os.lstat(source)
        if stat.S_ISSOCK(what.st_mode):
            return what.st_mode
        data = b''
        if stat.S_ISLNK(what.st_mode):
            data = os.fsencode(os.readlink(source))
        elif stat.S_ISREG(what.st_mode):
            data = str(source)
        self.put(path, Entry(what.st_mode, data, what.st_uid, what.st_gid, what.st_rdev))
        return what.st_mode

    def write(self, out):
        entries = [*self.entries.items(), ('TRAILER!!!', Entry(0))]
        for number, (path, entry) in enumerate(entries, 1):
            with open(entry.data, 'rb') if isinstance(entry.data, str) else contextlib.nullcontext() as source:
                write_entry(out, number, path, entry, source)
        out.flush()


def write_entry(out, number, path, entry, source):
    size = os.fstat(source.fileno()).st_size if source else len(entry.data)
    if size >= 1 << 32:
        raise Failure(f'{entry.data}: larger than 4 GiB', BAD_USAGE)
    name = os.fsencode(path) + b'\0'
    fields = (number, entry.mode, entry.uid, entry.gid, 1, 0, size, 0, 0, os.major(entry.rdev), os.minor(entry.rdev),
              len(name), 0)
    head = b'070701' + b''.join(b'%08X' % field for field in fields) + name
    out.write(head + bytes(-len(head) % 4))
    if source:
        shutil.copyfileobj(source, out, 1 << 20)
    else:
        out.write(entry.data)
    out.write(bytes(-size % 4))
