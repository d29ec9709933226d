"""--copy: files and folders of this machine's in the guest, with the libraries that their programs need."""
import os
import re
import stat

from . import host
from .archive import canonical
from .failure import BAD_USAGE, Failure

INTO_USR = ('usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64')


def parse(spec):
    """SRC[:DST] as (source, target); ValueError with the reason where it is not one."""
    source, target = spec, None
    if not os.path.lexists(source) and ':' in spec:
        source, target = spec.rsplit(':', 1)
    if not os.path.exists(source):
        raise ValueError(f'{source}: no such file or directory')
    target = os.path.abspath(source) if target is None else target
    if not target.startswith('/'):
        raise ValueError(f'the target {target!r} is not an absolute path')
    if target.endswith('/') and (target.strip('/') or not os.path.isdir(source)):  # DIR:/ becomes part of the root
        target += os.path.basename(os.path.abspath(source))
    return source, target


def objects(source, target):
    """(path here, path in the guest) of all that one --copy names."""
    if target:
        yield source, target
    if not os.path.isdir(source):
        return
    for base, folders, names in os.walk(source):
        for name in sorted(folders + names):
            path = os.path.join(base, name)
            inside = canonical(os.path.join(target, os.path.relpath(base, source), name))
            if target or inside not in INTO_USR or not os.path.islink(path):
                yield path, inside


def add(archive, copies, prefix='', library_prefix=''):
    """Adds [(source, target)] to the archive, below a prefix, and what is missing of libraries below another."""
    programs, given = [], set()
    for source, target in copies:
        try:
            for path, inside in objects(source, canonical(target)):
                mode = archive.copy(path, prefix + inside, follow=path == source)
                given.add(inside)
                if is_program(path, mode):
                    programs.append(path)
        except OSError as error:
            raise Failure(f'--copy {source}: {error.filename}: {error.strerror}', BAD_USAGE) from error
    for library in sorted(libraries(programs)):
        if canonical(library) not in given:
            archive.copy(library, library_prefix + canonical(library), follow=True)


def is_program(path, mode):
    """Whether the dynamic linker may have to do with it."""
    if not stat.S_ISREG(mode) or not (mode & 0o111 or '.so' in os.path.basename(path)):
        return False
    with open(path, 'rb') as file:
        return file.read(4) == b'\x7fELF'


def libraries(programs):
    """What ldd(1) finds for them."""
    found = set()
    for program in programs:
        said = host.run('ldd', program, quiet=True)
        if missing := re.findall(r'^\t(\S+) => not found', said, re.M):
            raise Failure(f'--copy: {program} needs {", ".join(missing)}, not found on this machine', BAD_USAGE)
        found.update(re.findall(r'^\t(?:\S+ => )?(/\S+) \(0x', said, re.M))
    return found
