"""What an engine is found by: its namespaces, its cgroup, its folder. Of a run that is killed a guardian removes it."""
import glob
import json
import os
import shutil
import signal
import time


class Remains:
    """Of one engine. `namespaces` are those that its programs and networkless containers are in: none before they are made.
    They are held open: the number of one that has ended is the next one's, of whomever."""
    guardian = None  # to whom it is said what there is: the end of a pipe

    def __init__(self, place, cgroup):
        self.place, self.cgroup, self.held, self.namespaces = place, cgroup, [], []

    def hold(self, holder):
        self.held = [os.open(f'/proc/{holder}/ns/{kind}', os.O_RDONLY) for kind in ('mnt', 'net')]
        self.namespaces = [os.readlink(f'/proc/self/fd/{namespace}') for namespace in self.held]

    def found_by(self, holder):
        self.hold(holder)
        if Remains.guardian is not None:
            os.write(Remains.guardian, (json.dumps([self.place, self.cgroup, holder]) + '\n').encode())

    def processes(self):
        for entry in glob.glob('/proc/[0-9]*'):
            try:
                here = any(os.readlink(f'{entry}/ns/{kind}') in self.namespaces for kind in ('mnt', 'net'))
                if here or self.cgroup in open(f'{entry}/cgroup').read():
                    yield int(entry[6:])
            except OSError:
                pass  # it has ended

    def cgroups(self):
        for base in {f'/sys/fs/cgroup{self.cgroup}', *glob.glob(f'/sys/fs/cgroup/*{self.cgroup}')}:
            for folder, _, _ in os.walk(base, topdown=False):
                yield folder

    def end_processes(self):
        """Again and again: one that ends may have started another before."""
        for _ in range(100):
            left = [pid for pid in self.processes() if pid != os.getpid()]
            if not left:
                return
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)

    def remove(self):
        self.end_processes()
        self.namespaces = []  # whoever has these numbers next is none of ours
        while self.held:
            os.close(self.held.pop())
        shutil.rmtree(self.place, ignore_errors=True)
        for folder in self.cgroups():
            for _ in range(20):
                try:
                    os.rmdir(folder)
                    break
                except OSError:
                    time.sleep(0.05)
        above = os.path.dirname(self.cgroup)
        for folder in {f'/sys/fs/cgroup{above}', *glob.glob(f'/sys/fs/cgroup/*{above}')}:
            try:
                os.rmdir(folder)
            except OSError:
                pass  # it is that of the other engines, too: the last one removes it


def remembered(place, cgroup, holder):
    remains = Remains(place, cgroup)
    try:
        remains.hold(holder)
    except OSError:
        pass  # it has ended, and its namespaces with it
    return remains


def guard():
    """A process that outlives this one, however it ends, and removes what it then finds. To be called before there are threads."""
    told, Remains.guardian = os.pipe()
    if os.fork():
        os.close(told)
        return
    os.close(Remains.guardian)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)  # whoever reads the table is not kept waiting
    with open(told) as lines:
        left = [remembered(*json.loads(line)) for line in lines]
    for remains in left:
        remains.remove()
    os._exit(0)
