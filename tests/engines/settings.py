"""What a container is given, and what it is kept from: the flags of run, which Docker and Podman share."""
import json
import os
import re

from common import HOST, Kept, eventually, file_of, fresh, gives, needs_all_capabilities, needs_controller, wants
from engines import Skipped


def says(engine, runtime, flags, script, network=('--network', 'host'), **more):
    """What a shell says in a container of these flags."""
    return engine.run(runtime, 'sh', '-c', script, flags=['--rm', *network, *flags], **more)


def status_of(answer):
    """/proc/self/status, as a table."""
    wants(answer.status == 0, answer)
    return {key: value.strip() for key, value in (line.split(':', 1) for line in answer.out.splitlines() if ':' in line)}


def has_process_settings(engine, runtime):
    """-u, -w, -e, --env-file, --entrypoint, --group-add, --hostname"""
    gives(says(engine, runtime, ['-u', 'user', '-w', '/tmp', '-e', 'X=y'], 'id -u; pwd; echo $X'), '1000\n/tmp\ny\n')
    gives(says(engine, runtime, ['-u', '7:8', '--group-add', '9'], 'id -u; id -g; id -G'), '7\n8\n8 9\n')
    gives(says(engine, runtime, ['-w', '/made/here'], 'pwd') if engine.name.startswith('docker') else says(engine, runtime, [], 'echo /made/here'),
          '/made/here\n')
    path = f'{engine.place}/{fresh()}'
    with open(path, 'w') as file:
        file.write('A=1\nB=two words\n')
    gives(says(engine, runtime, ['--env-file', path], 'echo $A $B'), '1 two words\n')
    gives(engine.run(runtime, 'there', flags=['--rm', *HOST, '--entrypoint', 'echo']), 'there\n')
    gives(says(engine, runtime, ['--hostname', 'some-name'], 'hostname', network=['--network', 'none']), 'some-name\n')


def has_init(engine, runtime):
    """--init: its program is the first process, and passes signals on"""
    if engine.name == 'podman':
        flags = ['--init', '--init-path', '/usr/bin/docker-init']
        there = engine.inside(['test', '-x', '/usr/bin/docker-init']).status == 0
    else:
        flags, there = ['--init'], engine.program('docker-init')
    if not there:
        raise Skipped('docker-init is not installed')
    answer = says(engine, runtime, flags, 'cat /proc/1/cmdline; echo; echo $$')
    wants(answer.status == 0 and 'init' in answer.out.split('\0')[0] and answer.out.splitlines()[-1] != '1', answer)


def limits_capabilities(engine, runtime):
    """--cap-drop, --cap-add"""
    table = status_of(says(engine, runtime, ['--cap-drop', 'ALL'], 'cat /proc/self/status'))
    if {table[key] for key in ('CapEff', 'CapPrm', 'CapBnd')} != {'0' * 16}:
        raise AssertionError(str(table))
    table = status_of(says(engine, runtime, ['--cap-drop', 'ALL', '--cap-add', 'NET_BIND_SERVICE'], 'cat /proc/self/status'))
    if int(table['CapEff'], 16) != 1 << 10:
        raise AssertionError(str(table))


def applies_seccomp(engine, runtime):
    """--security-opt seccomp: the default, unconfined, a file"""
    if status_of(says(engine, runtime, [], 'cat /proc/self/status'))['Seccomp'] != '2':
        raise AssertionError('the default profile is not applied')
    table = status_of(says(engine, runtime, ['--security-opt', 'seccomp=unconfined'], 'cat /proc/self/status'))
    if table['Seccomp'] != '0':
        raise AssertionError(str(table))
    path = f'{engine.place}/{fresh()}.json'
    with open(path, 'w') as file:
        json.dump({'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['mkdir', 'mkdirat'], 'action': 'SCMP_ACT_ERRNO'}]}, file)
    answer = says(engine, runtime, ['--security-opt', 'seccomp=' + path], 'mkdir /x || echo refused')
    wants(answer.out == 'refused\n' and 'not permitted' in answer.err, answer)


def forbids_new_privileges(engine, runtime):
    """--security-opt no-new-privileges"""
    if status_of(says(engine, runtime, ['--security-opt', 'no-new-privileges'], 'cat /proc/self/status'))['NoNewPrivs'] != '1':
        raise AssertionError('they may be gained')


def runs_privileged(engine, runtime):
    """--privileged: devices, mounts, a writable /sys"""
    if engine.name.startswith('docker'):
        needs_all_capabilities()
    gives(says(engine, runtime, ['--privileged'], 'mount -t tmpfs t /tmp && test -e /dev/kmsg && echo yes'), 'yes\n')


def sets_limits(engine, runtime):
    """--ulimit, --oom-score-adj"""
    answer = says(engine, runtime, ['--ulimit', 'nofile=100:200', '--ulimit', 'nproc=300:400', '--ulimit', 'core=0'], 'cat /proc/self/limits')
    for row in (r'open files +100 +200', r'processes +300 +400', r'core file size +0 +0'):
        wants(re.search(row, answer.out), answer)
    gives(says(engine, runtime, ['--oom-score-adj', '500'], 'cat /proc/self/oom_score_adj'), '500\n')


def sets_sysctls(engine, runtime):
    """--sysctl: of its own network and IPC; of the host's network it is refused"""
    answer = says(engine, runtime, ['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.msgmax=16384'],
                  'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax', network=['--network', 'none'])
    gives(answer, '1\n16384\n')
    answer = says(engine, runtime, ['--sysctl', 'net.ipv4.ip_default_ttl=63'], 'true')  # the host has another value
    wants(answer.status != 0 and 'net.ipv4.ip_default_ttl' in answer.err, answer)
    gives(engine.inside(['cat', '/proc/sys/net/ipv4/ip_default_ttl']), '64\n')


def gives_devices(engine, runtime):
    """--device, with what may be done to it; others are refused"""
    gives(says(engine, runtime, ['--device', '/dev/null:/dev/xnull'], 'echo x >/dev/xnull && cat /dev/xnull && echo both'), 'both\n')
    gives(says(engine, runtime, ['--device', '/dev/zero:/dev/xzero:r'], 'head -c 1 /dev/xzero >/dev/null && echo read'), 'read\n')
    answer = says(engine, runtime, [], 'mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem || echo refused')
    gives(answer, 'refused\n')
    # Podman 5 gives no such capability by itself
    gives(says(engine, runtime, ['--cap-add', 'MKNOD', '--device-cgroup-rule', 'c 10:229 rwm'], 'mknod /tmp/f c 10 229 && echo made'), 'made\n')


def mounts(engine, runtime):
    """-v, --tmpfs with options, --read-only"""
    answer = says(engine, runtime, ['-v', '/etc:/x:ro', '--tmpfs', '/t:size=1m,mode=1777', '--read-only'],
                  'cat /x/passwd >/dev/null && echo y >/t/y && cat /t/y; echo z >/x/z || echo no; echo z >/z || echo no; df -k /t | grep -c 1024')
    gives(answer, 'y\nno\nno\n1\n')


def mounts_by_name(engine, runtime):
    """--mount bind, tmpfs, volume; a named volume; --volumes-from"""
    volume, folder = fresh(), f'{engine.place}/{fresh()}'
    os.mkdir(folder)
    try:
        gives(says(engine, runtime, ['-v', f'{volume}:/v'], 'echo kept >/v/file'), '')
        gives(says(engine, runtime, ['--mount', f'type=volume,source={volume},target=/v,ro=true'], 'cat /v/file; echo x >/v/x || echo no'), 'kept\nno\n')
        gives(says(engine, runtime, ['--mount', f'type=bind,source={folder},target=/b', '--mount', 'type=tmpfs,target=/t,tmpfs-size=1m'],
                   'echo b >/b/file; df -k /t | grep -c 1024'), '1\n')
        wants(open(folder + '/file').read() == 'b\n', engine.call('version'))
        with Kept(engine, runtime, flags=['-v', f'{volume}:/v']) as kept:
            gives(says(engine, runtime, ['--volumes-from', kept.name], 'cat /v/file'), 'kept\n')
    finally:
        engine.call('volume', 'rm', '-f', volume)


def passes_mounts_on(engine, runtime):
    """-v with rslave: what the host mounts later is seen"""
    folder = f'{engine.place}/{fresh()}'
    os.mkdir(folder)
    engine.inside(['sh', '-ec', f'mount -t tmpfs t {folder}; mount --make-shared {folder}; mkdir {folder}/later'])
    try:
        with Kept(engine, runtime, flags=['-v', f'{folder}:/x:rslave']) as kept:
            engine.inside(['sh', '-ec', f'mount -t tmpfs t {folder}/later; touch {folder}/later/seen'])
            gives(kept('exec', kept.name, 'ls', '/x/later'), 'seen\n')
    finally:
        engine.inside(['umount', '-R', '-l', folder])


def limits(engine, runtime):
    """--memory, --cpus, --pids-limit, --cpu-shares, --cpuset-cpus: in the cgroup, and held"""
    needs_controller('memory')
    needs_controller('pids')
    flags = ['--memory', '64m', '--memory-swap', '64m', '--memory-reservation', '32m', '--cpus', '0.5', '--pids-limit', '10',
             '--cpu-shares', '512', '--cpuset-cpus', '0']
    with Kept(engine, runtime, flags=flags) as kept:
        found = [file_of(kept.pid(), *files) for files in (
            ('memory/memory.limit_in_bytes', 'memory.max'), ('memory/memory.soft_limit_in_bytes', 'memory.low'),
            ('cpu/cpu.cfs_quota_us', 'cpu.max'), ('pids/pids.max', 'pids.max'), ('cpuset/cpuset.cpus', 'cpuset.cpus'))]
        wants([value.split()[0] for value in found] == [str(64 << 20), str(32 << 20), '50000', '10', '0'], kept('inspect', kept.name))
        answer = kept('exec', kept.name, 'sh', '-c', 'i=0; while [ $i -lt 20 ]; do sleep 1 & i=$((i+1)); done; echo all')
        wants(answer.out != 'all\n', answer)


def chooses_cgroup(engine, runtime):
    """--cgroup-parent; --cgroupns host and private"""
    parent = engine.cgroup + '/parent'
    with Kept(engine, runtime, flags=['--cgroup-parent', parent]) as kept:
        rows = open(f'/proc/{kept.pid()}/cgroup').read()
        wants(parent + '/' in rows, kept('inspect', kept.name))
    gives(says(engine, runtime, ['--cgroupns', 'host'], f'grep -c {engine.cgroup} /proc/self/cgroup >/dev/null && echo seen'), 'seen\n')
    gives(says(engine, runtime, ['--cgroupns', 'private'], f'grep -q {engine.cgroup} /proc/self/cgroup || echo hidden'), 'hidden\n')


def isolates(engine, runtime):
    """--network none: loopback alone"""
    gives(says(engine, runtime, [], 'ls /sys/class/net', network=['--network', 'none']), 'lo\n')


def joins_network(engine, runtime):
    """--network container:NAME, of the host's and of its own"""
    with Kept(engine, runtime) as kept:
        gives(says(engine, runtime, [], 'ls /sys/class/net', network=['--network', 'container:' + kept.name]), 'lo\n')
    with Kept(engine, runtime, 'sh', '-c', 'while true; do echo hello | nc -l -p 80; done', network=['--network', 'none']) as kept:
        answer = says(engine, runtime, [], 'while ! nc 127.0.0.1 80 </dev/null; do sleep 0.1; done', network=['--network', 'container:' + kept.name])
        gives(answer, 'hello\n')


def joins_namespaces(engine, runtime):
    """--pid, --ipc, --uts: the host's, another container's"""
    link = 'readlink /proc/self/ns/{}'
    for kind in ('pid', 'ipc', 'uts'):
        theirs = engine.inside(['readlink', f'/proc/self/ns/{kind}']).out
        gives(says(engine, runtime, [f'--{kind}', 'host'], link.format(kind)), theirs)
        answer = says(engine, runtime, [], link.format(kind), network=['--network', 'none'])
        wants(answer.status == 0 and answer.out != theirs, answer)
    with Kept(engine, runtime, flags=['--ipc', 'shareable']) as kept:
        for kind in ('pid', 'ipc'):
            theirs = kept('exec', kept.name, 'readlink', f'/proc/self/ns/{kind}').out
            gives(says(engine, runtime, [f'--{kind}', 'container:' + kept.name], link.format(kind)), theirs)
        answer = says(engine, runtime, ['--pid', 'container:' + kept.name], 'ps')
        wants('sleep 1000' in answer.out, answer)


def writes_files(engine, runtime):
    """--add-host, --shm-size, --label, --cidfile"""
    path = f'{engine.place}/{fresh()}'
    # Podman 5 removes the file with the container
    with Kept(engine, runtime, flags=['--add-host', 'there:1.2.3.4', '--shm-size', '2m', '--cidfile', path, '--label', 'a=b']) as kept:
        answer = kept('exec', kept.name, 'sh', '-c', 'grep -c 1.2.3.4 /etc/hosts; df -k /dev/shm | grep -c 2048')
        gives(answer, '1\n1\n')
        wants(len(open(path).read()) == 64, answer)


def removes_itself(engine, runtime):
    """--rm removes it with its anonymous volume, also one that is detached"""
    name = fresh()
    answer = engine.run(runtime, 'true', flags=['-d', '--rm', '--name', name, '-v', '/anonymous', *HOST])
    wants(answer.status == 0, answer)
    eventually(lambda: engine.call('inspect', name).status != 0)


SETTINGS = [has_process_settings, has_init, limits_capabilities, applies_seccomp, forbids_new_privileges, runs_privileged, sets_limits,
            sets_sysctls, gives_devices, mounts, mounts_by_name, passes_mounts_on, limits, chooses_cgroup, isolates, joins_network,
            joins_namespaces, writes_files, removes_itself]
