"""The kernel of Debian 12, taken out of its package, with the modules that tests need."""
import os
import re
import shutil

from . import host
from .failure import Failure, note
from .modules import select

NAME = 'kernel-1'  # the folder of the cache; another number makes what is cached stale
META = 'linux-image-cloud-amd64'
APT = ('-o', 'APT::Sandbox::User=root')  # which downloads into a folder of ours


def build(folder):
    """Fills `folder` with vmlinuz and lib/modules."""
    work = folder / 'deb'
    work.mkdir()
    packages = names()
    note(f'downloading {" ".join(packages)}')
    host.run('apt-get', *APT, 'download', *packages, cwd=work)
    for package in sorted(work.glob('*.deb')):
        host.run('dpkg-deb', '-x', package, work / 'root')
    image, modules = found(work / 'root')
    image.rename(folder / 'vmlinuz')
    select(modules, folder / 'lib/modules' / modules.name)
    host.run('depmod', '-b', folder, modules.name)
    shutil.rmtree(work)


def names():
    """The packages that the meta package stands for today."""
    if not host.run('apt-cache', 'show', META, quiet=True) and os.geteuid() == 0:
        host.run('apt-get', 'update', '-qq')  # a fresh machine has no lists
    depends = host.run('apt-cache', 'depends', META, quiet=True)
    packages = sorted(set(re.findall(r'Depends: (linux-(?:image|modules|binary|base)-\d\S*)', depends)))
    if not packages:
        raise Failure(f'apt knows no kernel behind the package {META}: is this Debian 12, and has apt-get update been run?')
    return packages


def found(root):
    """(vmlinuz, its folder of modules) in an unpacked package."""
    images = list(root.glob('boot/vmlinuz*'))
    modules = [*root.glob('lib/modules/*'), *root.glob('usr/lib/modules/*')]
    if len(images) != 1 or len(modules) != 1:
        raise Failure(f'not one kernel with one folder of modules in the packages of {META}')
    return images[0], modules[0]
