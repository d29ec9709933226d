"""A root filesystem of Debian 12 that systemd boots, as an ext4 image."""
import hashlib
import os
import re
import shutil
from pathlib import Path

from . import cache, host
from .failure import Failure, cannot, note

SUITE = 'bookworm'
FORMAT = '1'  # another number makes every cached image stale
SIZE = '8G'   # sparse; what a guest writes goes to an unlinked temporary file
PACKAGES = '''systemd systemd-sysv dbus dbus-user-session libpam-systemd kmod iproute2 procps uidmap busybox-static
    '''.split()
FILES = {'etc/hostname': 'vm\n', 'etc/fstab': '', 'etc/resolv.conf': '', 'etc/machine-id': '76' * 16 + '\n',
         'etc/hosts': '127.0.0.1 localhost vm\n::1 localhost\n'}


def image(packages, refresh):
    """The image with PACKAGES and these, built where it is not in the cache."""
    packages = sorted({*PACKAGES, *packages})
    key = hashlib.sha256(' '.join([SUITE, FORMAT, *packages]).encode()).hexdigest()[:12]
    name = f'image-{key}'
    if os.geteuid() != 0 and (refresh or not cache.has(name)):
        raise cannot('only root can build the root filesystem that systemd boots; once it is built, any user can run it')
    return cache.cached(name, lambda folder: build(folder, packages), refresh) / 'root.ext4'


def sources():
    """Lines of sources.list for SUITE, with the mirrors that this machine's apt uses already."""
    listed = host.run('apt-get', 'indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)',
                      'Created-By: Packages')
    keyring = Path('/usr/share/keyrings/debian-archive-keyring.gpg')
    sign = f'[signed-by={keyring}] ' if keyring.exists() else ''
    wanted = [f'{SUITE}{part} main' for part in ('', '-updates', '-security')]
    lines = [f'deb {sign}{line}' for line in listed.splitlines() if line.partition(' ')[2] in wanted]
    if not lines:
        raise Failure(f'apt knows no source for Debian 12 ({SUITE} main): check /etc/apt, run apt-get update')
    return '\n'.join(lines) + '\n'


def build(folder, packages):
    note(f'building a root filesystem with {" ".join(packages)} (some 30 s, once)')
    root = folder / 'root'
    bootstrap(folder, root, packages)
    for path, text in FILES.items():
        (root / path).unlink(missing_ok=True)
        (root / path).write_text(text)
    # An ordinary user, for rootless tests.
    host.run('chroot', root, 'useradd', '--create-home', '--shell', '/bin/sh', '--uid', '1000', 'user')
    host.run('mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', root, folder / 'root.ext4', SIZE)
    shutil.rmtree(root)


def bootstrap(folder, root, packages):
    options = [line for line in host.run('apt-config', 'dump').splitlines()
               if re.match(r'Acquire::(https?::|Check-|Retries|ForceIP)', line)]
    listed, temporary = folder / 'sources.list', folder / 'tmp'
    listed.write_text(sources())
    temporary.mkdir()
    # In namespaces of its own: what it mounts or starts ends with it, whatever happens.
    host.run('unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc',
             'env', f'TMPDIR={temporary}', 'mmdebstrap', '--mode=root', '--variant=essential',
             *[f'--aptopt={option}' for option in options],
             *[f'--dpkgopt=path-exclude=/usr/share/{name}/*' for name in ('doc', 'man', 'locale', 'info')],
             f'--include={",".join(packages)}', SUITE, root, listed, merged=True)
    shutil.rmtree(temporary)
    listed.unlink()
