"""The guest's first root filesystem, in a memory file."""
import os
import re
import shlex
import shutil
import stat
from pathlib import Path

from . import copies, host
from .archive import Archive, Entry, canonical
from .failure import BAD_USAGE, Failure
from .modules import load_order

GUEST = Path(__file__).resolve().parents[1] / 'guest'
FOLDERS = '''usr/bin usr/sbin usr/lib usr/lib64 proc sys dev run etc mnt var out sysroot vm/copy vm/libs'''.split()
ETC = {'passwd': 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n'
                 'nobody:x:65534:65534:nobody:/:/bin/false\n',
       'group': 'root:x:0:\ntty:x:5:\nuser:x:1000:\nnogroup:x:65534:\n',
       'hosts': '127.0.0.1 localhost vm\n::1 localhost\n', 'resolv.conf': ''}


def build(options, kernel, mark):
    """A descriptor of the archive. `mark` is the word that the guest marks its streams with."""
    archive = Archive()
    skeleton(archive)
    for path in kernel.glob('lib/modules/**/*'):
        archive.copy(path, canonical(str(path.relative_to(kernel))))
    guest_files(archive, options, load_order(kernel), mark)
    if options.init == 'systemd':
        copies.add(archive, options.copy, 'vm/copy/', 'vm/libs/')
    else:
        # busybox's own shell would prefer its built-in programs to those on PATH; Debian's sh is dash
        copies.add(archive, [(shutil.which('dash'), '/usr/bin/sh'), *options.copy])
    applets(archive)
    return memory_file(archive, options)


def skeleton(archive):
    for path in FOLDERS:
        archive.folder(path)
    archive.folder('root', 0o700)
    archive.folder('tmp', 0o1777)
    for name in ('bin', 'sbin', 'lib', 'lib64'):
        archive.link(name, f'usr/{name}')
    archive.put('dev/console', Entry(stat.S_IFCHR | 0o600, rdev=os.makedev(5, 1)))
    archive.copy(shutil.which('busybox'), 'usr/bin/busybox', follow=True)
    for name, text in ETC.items():
        archive.text(f'etc/{name}', text)


def guest_files(archive, options, modules, mark):
    for path in GUEST.iterdir():
        archive.text(f'vm/{path.name}', path.read_text(), path.stat().st_mode & 0o777)
    archive.text('vm/argv', f'exec {shlex.join(options.command)}\n')
    settings = {'init': options.init, 'cgroups': options.cgroups, 'mark': mark, 'out': 'yes' if options.out else 'no',
                'modules': ' '.join(modules)}
    archive.text('vm/settings', ''.join(f'{key}={shlex.quote(value)}\n' for key, value in settings.items()))


def applets(archive):
    """busybox's programs, but for those that were copied, in whichever folder of PATH each of them is."""
    there = {found[1] for path in archive.entries if (found := re.fullmatch(r'usr/(?:local/)?s?bin/([^/]+)', path))}
    for path in host.run('busybox', '--list-full').split():
        if os.path.basename(path) not in there:
            archive.link(canonical(path), '/usr/bin/busybox')


def memory_file(archive, options):
    descriptor = os.memfd_create('initramfs')
    with open(descriptor, 'wb', closefd=False) as out:
        archive.write(out)
    size = os.fstat(descriptor).st_size
    if size > options.memory * 0.4:
        raise Failure(f'what is copied makes an initramfs of {size >> 20} MiB, too much for --mem '
                      f'{options.memory >> 20}M: give it {(size * 3 >> 20) + 256}M or more', BAD_USAGE)
    return descriptor
