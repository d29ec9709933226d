"""The command line of tests/vm/run."""
import argparse
import os
import re

from . import copies

BOOT_TIMEOUT = {'busybox': 120, 'systemd': 240}  # seconds; a machine that is busy otherwise takes a tenth of it
EPILOG = '''Exit status: the command's own; 124 where it outlived --timeout; 125 where the machine failed (stderr has the
end of its console); 2 for bad usage; 77 where --prepare finds a machine or a user that cannot.'''


def parser():
    p = argparse.ArgumentParser(
        prog='tests/vm/run', allow_abbrev=False, usage='tests/vm/run [OPTION]... -- COMMAND [ARGUMENT]...',
        description='Runs a command as root in a throw-away virtual machine and shows its output.', epilog=EPILOG)
    p.add_argument('--init', choices=('busybox', 'systemd'), default='busybox',
                   help='PID 1: busybox without a disk (default), or systemd of Debian 12')
    p.add_argument('--cgroups', choices=('v2', 'hybrid', 'v1'), default='v2',
                   help='cgroup2 alone (default); v1 with a cgroup2 tree without controllers; v1 alone')
    p.add_argument('--copy', action='append', default=[], metavar='SRC[:DST]',
                   help='a file or folder for the guest, with the libraries that it needs')
    p.add_argument('--packages', default='', metavar='P,...', help='more Debian packages in the root that systemd boots')
    p.add_argument('--out', metavar='DIR', help="where to put what the command left in the guest's /out")
    p.add_argument('--timeout', type=float, default=120, metavar='S', help='seconds for the command (default 120)')
    p.add_argument('--boot-timeout', type=float, metavar='S', help='seconds for the boot (default 120; systemd 240)')
    p.add_argument('--mem', default='1G', help='memory, such as 512M or 2G (default 1G)')
    p.add_argument('--cpus', type=int, default=2, help='processors (default 2)')
    p.add_argument('--append', default='', metavar='ARGUMENTS', help='more arguments for the kernel')
    p.add_argument('--prepare', action='store_true', help='only fill the cache')
    p.add_argument('--refresh', action='store_true', help='build the cached kernel and root anew')
    p.add_argument('--verbose', action='store_true', help="show the guest's console and its boot time on stderr")
    return p


def parse(argv):
    """The options; the command is `command`, the memory in bytes `memory`, copies are pairs of paths."""
    p = parser()
    cut = argv.index('--') if '--' in argv else len(argv)
    options, rest = p.parse_known_args(argv[:cut])
    if rest:
        p.error(f'unknown argument {rest[0]}; the command comes after --')
    options.command = argv[cut + 1:]
    if not options.command and not options.prepare:
        p.error('no command; it comes after --')
    finish_numbers(p, options)
    finish_paths(p, options)
    return options


def finish_numbers(p, options):
    size = re.fullmatch(r'(\d+)([MG])', options.mem)
    if not size:
        p.error(f'--mem {options.mem}: give a number with M or G, such as 512M')
    options.memory = int(size[1]) << (20 if size[2] == 'M' else 30)
    if options.memory < 256 << 20:
        p.error(f'--mem {options.mem}: the guest needs at least 256M')
    if not 1 <= options.cpus <= 64:
        p.error(f'--cpus {options.cpus}: give 1 to 64')
    if options.boot_timeout is None:
        options.boot_timeout = BOOT_TIMEOUT[options.init]
    if options.timeout <= 0 or options.boot_timeout <= 0:
        p.error('a timeout must be more than 0 seconds')


def finish_paths(p, options):
    for i, spec in enumerate(options.copy):
        try:
            options.copy[i] = copies.parse(spec)
        except ValueError as error:
            p.error(f'--copy {spec}: {error}')
    options.packages = sorted({name for name in options.packages.split(',') if name})
    if options.packages and options.init != 'systemd':
        p.error('--packages needs --init systemd; with busybox, use --copy')
    for name in options.packages:
        if not re.fullmatch(r'[a-z0-9][a-z0-9.+-]+', name):
            p.error(f'--packages: {name!r} is not the name of a package')
    if options.out:
        try:
            os.makedirs(options.out, exist_ok=True)
        except OSError as error:
            p.error(f'--out {options.out}: {error.strerror}')
