"""QEMU's command line, and its process: it dies with this one, even on SIGKILL."""
import os
import socket
import subprocess

from .host import die_with_parent

PORTS = ('io', 'out')
KERNEL = ('panic=-1 rdinit=/vm/init no5lvl nokaslr mitigations=off tsc=reliable no_timer_check hugepages=16 '
          'console=ttyS0')
# What systemd mounts, where it is PID 1 (systemd(1), "Kernel command line"); the busybox guest mounts by itself.
CGROUPS = {'v2': 'cgroup_no_v1=all', 'hybrid': 'systemd.unified_cgroup_hierarchy=0',
           'v1': 'systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1'}


def command(options, kernel, image, initramfs, sockets):
    append = [KERNEL, CGROUPS[options.cgroups], '' if options.verbose else 'loglevel=5', options.append]
    line = ['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-nic', 'none', '-no-reboot',
            '-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'Nehalem,+rdrand', '-smp', str(options.cpus),
            '-m', str(options.memory >> 20), '-kernel', str(kernel / 'vmlinuz'), '-initrd', f'/dev/fd/{initramfs}',
            '-append', ' '.join(append), '-chardev', f'socket,id=console,fd={sockets["console"].fileno()}',
            '-serial', 'chardev:console', '-device', 'virtio-serial-pci']
    for name in PORTS:
        line += ['-chardev', f'socket,id={name},fd={sockets[name].fileno()}',
                 '-device', f'virtserialport,chardev={name},name={name}']
    if image:
        line += ['-drive', f'file={image},format=raw,if=virtio,snapshot=on,cache=unsafe,discard=unmap']
    return line


class Qemu:
    """A running machine. `streams` are our ends of its console and its ports, by name."""

    def __init__(self, options, kernel, image, initramfs):
        self.streams, theirs = {}, {}
        for name in ('console', *PORTS):
            self.streams[name], theirs[name] = socket.socketpair()
        console = theirs['console'].fileno()
        self.process = subprocess.Popen(
            command(options, kernel, image, initramfs, theirs), stdin=subprocess.DEVNULL, stdout=console,
            stderr=console, pass_fds=[initramfs, *(end.fileno() for end in theirs.values())], start_new_session=True,
            preexec_fn=die_with_parent)
        for end in theirs.values():
            end.close()
        os.close(initramfs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for end in self.streams.values():
            end.close()
