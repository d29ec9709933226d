"""What a pod and its containers are given, and what is kept from them."""
import glob
import os

from common import file_of, fresh
from cri import NODE, POD, READY, RUNNING, TARGET
from engines import Skipped
from pods import Pod, holds, lines, namespace, pod, refused


def updates(engine, runtime):
    """UpdateContainerResources: memory and CPU"""
    with pod(engine, runtime) as made:
        member = made.add(resources={'memory_limit_in_bytes': 64 << 20, 'cpu_shares': 512, 'cpu_period': 100000, 'cpu_quota': 50000})
        pid = member.pid()
        holds(file_of(pid, 'memory/memory.limit_in_bytes', 'memory.max') == str(64 << 20), 'not what was asked for')
        engine.ask('UpdateContainerResources', container_id=member.id,
                   linux={'memory_limit_in_bytes': 96 << 20, 'cpu_shares': 256, 'cpu_period': 100000, 'cpu_quota': 20000})
        holds(file_of(pid, 'memory/memory.limit_in_bytes', 'memory.max') == str(96 << 20), 'not what it was changed to')
        holds(file_of(pid, 'cpu/cpu.cfs_quota_us', 'cpu.max').split()[0] == '20000', 'not what it was changed to')
        holds(f'{engine.cgroup}/{made.name}' in open(f'/proc/{pid}/cgroup').read(), 'not below the pod')


def shares_processes(engine, runtime):
    """shareProcessNamespace, its contrary, an ephemeral container"""
    with pod(engine, runtime, pid=POD) as made:
        one, two = made.add(name='a'), made.add('sleep', '1001', name='b')
        kinds = {namespace(pid, 'pid') for pid in (made.pid(), one.pid(), two.pid())}
        holds(len(kinds) == 1, kinds)
        holds('sleep 1001' in one.execute('ps').out, one.execute('ps'))
        one.stop(0)
        holds(two.status().state == RUNNING and made.state() == READY, two.status())
    with pod(engine, runtime) as made:
        one, two = made.add(name='a'), made.add('sleep', '1001', name='b')
        holds(len({namespace(pid, 'pid') for pid in (made.pid(), one.pid(), two.pid())}) == 3, one.execute('ps'))
        holds('sleep 1001' not in one.execute('ps').out, one.execute('ps'))
        made.namespaces.update(pid=TARGET, target_id=two.id)
        debugger = made.add('sleep', '1002', name='debugger')
        holds(namespace(debugger.pid(), 'pid') == namespace(two.pid(), 'pid'), debugger.execute('ps'))
        holds('sleep 1001' in debugger.execute('ps').out, debugger.execute('ps'))


def shares_with_node(engine, runtime):
    """hostPID, hostIPC; a pod's own IPC is its containers'"""
    with pod(engine, runtime, pid=NODE, ipc=NODE) as made:
        pid = made.add().pid()
        holds(namespace(pid, 'pid') == namespace('self', 'pid') and namespace(pid, 'ipc') == namespace('self', 'ipc'), pid)
    with pod(engine, runtime) as made:
        pids = made.pid(), made.add(name='a').pid(), made.add(name='b').pid()
        kinds = {namespace(pid, 'ipc') for pid in pids}
        holds(len(kinds) == 1 and namespace('self', 'ipc') not in kinds, kinds)


def confines(engine, runtime):
    """securityContext: user, groups, capabilities, seccomp"""
    with pod(engine, runtime) as made:
        asked = {'run_as_user': {'value': 1000}, 'run_as_group': {'value': 1001}, 'supplemental_groups': [1002], 'no_new_privs': True,
                 'seccomp': {'profile_type': 0}, 'capabilities': {'drop_capabilities': ['ALL'], 'add_capabilities': ['NET_BIND_SERVICE']}}
        found = lines(made.add(name='a', security=asked).pid(), 'status')
        holds(found['Uid'].split() == ['1000'] * 4 and found['Gid'].split() == ['1001'] * 4, found)
        holds('1002' in found['Groups'].split(), found)
        holds((found['NoNewPrivs'], found['Seccomp'], found['CapBnd']) == ('1', '2', f'{1 << 10:016x}'), found)
        found = lines(made.add(name='b', security={'run_as_username': 'user', 'seccomp': {'profile_type': 1}}).pid(), 'status')
        holds((found['Uid'].split()[0], found['NoNewPrivs'], found['Seccomp']) == ('1000', '0', '0'), found)
        text = refused(lambda: made.add(name='d', security={'run_as_username': 'nobody-here'}))
        holds('nobody-here' in text or 'no users found' in text, text)


def seals(engine, runtime):
    """readOnlyRootFilesystem, masked and read-only paths"""
    with pod(engine, runtime) as made:
        asked = {'readonly_rootfs': True, 'masked_paths': ['/proc/timer_list', '/sys/firmware'], 'readonly_paths': ['/proc/sys']}
        member = made.add(name='a', security=asked)
        holds(member.execute('sh', '-c', 'echo x >/tmp/x').status != 0, 'it was written')
        holds(member.execute('sh', '-c', 'cat /proc/timer_list; ls /sys/firmware').text == '', 'it is to be seen')
        holds(member.execute('sh', '-c', 'echo 1 >/proc/sys/kernel/shm_rmid_forced').status != 0, 'it was written')
        holds('root:' in member.execute('cat', '/etc/passwd').out, 'nothing to read')


def is_privileged(engine, runtime):
    """privileged: capabilities, devices, /sys writable"""
    with pod(engine, runtime, security={'privileged': True}) as made:
        member = made.add(security={'privileged': True})
        holds(lines(member.pid(), 'status')['Seccomp'] == '0', 'under seccomp')
        holds(member.execute('sh', '-c', 'grep -q " /sys sysfs rw" /proc/mounts || cat /proc/mounts').text.find(' /sys ') < 0
              or ' /sys sysfs rw' in member.execute('cat', '/proc/mounts').out, member.execute('cat', '/proc/mounts'))
        holds(set(glob.glob('/dev/loop*') or ['/dev/kmsg']) <= {'/dev/' + name for name in member.execute('ls', '/dev').out.split()},
              member.execute('ls', '/dev'))


def sets_sysctls(engine, runtime):
    """sysctls of a pod's own namespaces; the host's are refused"""
    with pod(engine, runtime, linux={'sysctls': {'kernel.shm_rmid_forced': '1'}}) as made:
        holds(made.add().execute('cat', '/proc/sys/kernel/shm_rmid_forced').out == '1\n', 'not set')
    text = refused(lambda: pod(engine, runtime, linux={'sysctls': {'net.ipv4.ip_forward': '7'}}))
    holds('net.ipv4.ip_forward' in text, text)


def passes_mounts(engine, runtime):
    """volumes: read-only, HostToContainer, Bidirectional"""
    there = f'/run/containerd/{fresh()}'
    engine.inside(['sh', '-ec', f'mkdir {there}; mount -t tmpfs tmpfs {there}; mount --make-shared {there}; '
                                f'mkdir {there}/one {there}/two; echo text >{there}/file'])
    volume = {'host_path': there, 'container_path': '/v'}
    with pod(engine, runtime, security={'privileged': True}) as made:
        sealed = made.add(name='a', mounts=[{**volume, 'readonly': True}])
        holds(sealed.execute('cat', '/v/file').out == 'text\n' and sealed.execute('sh', '-c', 'echo x >/v/x').status != 0, 'written')
        down = made.add(name='b', mounts=[{**volume, 'propagation': 1}])
        both = made.add(name='d', mounts=[{**volume, 'propagation': 2}], security={'privileged': True})
        engine.inside(['sh', '-ec', f'mount -t tmpfs tmpfs {there}/one; echo late >{there}/one/file'])
        holds(down.execute('cat', '/v/one/file').out == 'late\n', down.execute('ls', '/v/one'))
        holds(sealed.execute('cat', '/v/one/file').status != 0, 'propagated to a private one')
        holds(both.execute('busybox', 'mount', '-t', 'tmpfs', 'tmpfs', '/v/two').status == 0, 'not mounted')
        holds(f' {there}/two ' in engine.inside(['cat', '/proc/self/mounts']).out, 'not on the host')
        holds(' /v/two ' in down.execute('cat', '/proc/mounts').out, down.execute('cat', '/proc/mounts'))
    engine.inside(['umount', '-R', there])


def maps_users(engine, runtime):
    """hostUsers: false: a user namespace of the pod's, volumes id-mapped"""
    handlers = {one.name: one.features.user_namespaces for one in engine.ask('Status').runtime_handlers}
    if not handlers.get(runtime.name):
        raise Skipped(f'containerd sees none in {runtime.name}' if handlers else 'none in this containerd')
    ranges = [{'host_id': 1000000, 'container_id': 0, 'length': 65536}]
    users = {'mode': POD, 'uids': ranges, 'gids': ranges}
    with Pod(engine, runtime, fresh(), network=POD, users=users) as made:
        os.makedirs(f'{engine.place}/volume-{made.name}')
        volume = {'host_path': f'{engine.place}/volume-{made.name}', 'container_path': '/v', 'uidMappings': ranges, 'gidMappings': ranges}
        member = made.add('sh', '-c', 'echo x >/v/file; echo y >/root-file; sleep 1000', mounts=[volume])
        pid = member.pid()
        holds(lines(pid, 'status')['Uid'].split() == ['1000000'] * 4, lines(pid, 'status'))
        holds(namespace(pid, 'user') == namespace(made.pid(), 'user') != namespace('self', 'user'), pid)
        holds(member.execute('stat', '-c', '%u', '/bin/busybox', '/v/file', '/root-file').out == '0\n0\n0\n', member.execute('ls', '-ln', '/'))
        holds(os.stat(f'{volume["host_path"]}/file').st_uid == 0, 'the volume is not id-mapped')


POD_SETTINGS = [updates, shares_processes, shares_with_node, confines, seals, is_privileged, sets_sysctls, passes_mounts,
                maps_users]
