"""What Podman alone has."""
import json
import os

from builds import podman_builds
from common import HOST, Kept, eventually, fresh, gives, wants
from engines import IMAGE, Skipped, make_root


def tells_of_runtime(engine, runtime):
    """info and inspect name the runtime"""
    answer = engine.call(*engine.about(runtime), 'info', '-f', 'json')
    told = json.loads(answer.out)['host']['ociRuntime']
    wants(told['path'] == runtime.program and ' version ' in told['version'], answer)
    with Kept(engine, runtime) as kept:
        wants(kept.inspect('.OCIRuntime') == 'test-' + runtime.name, kept('inspect', kept.name))


def runs_by_path(engine, runtime):
    """--runtime with a path that no file of Podman's knows"""
    name = fresh()
    answer = engine.call('--runtime', runtime.program, 'run', '--rm', '--name', name, '--cgroup-parent', engine.cgroup, *HOST, IMAGE, 'sh', '-c', 'exit 6')
    wants(answer.status == 6, answer)
    answer = engine.call('--runtime', runtime.program, 'run', '--rm', '--cgroup-parent', engine.cgroup, *HOST, IMAGE, '/no/such/program')
    wants(answer.status == 127, answer)


class Pod:
    def __init__(self, engine, runtime, *flags):
        self.engine, self.runtime, self.name = engine, runtime, fresh()
        self('pod', 'create', '--name', self.name, '--cgroup-parent', engine.cgroup, '--infra-image', IMAGE, '--infra-command', 'sleep 1000', *flags, must=True)

    def __call__(self, *words, **more):
        return self.engine.call(*self.engine.about(self.runtime), *words, **more)

    def runs(self, *command, flags=('--rm',)):
        return self('run', *flags, '--pod', self.name, IMAGE, *command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self('pod', 'rm', '-f', '-t', '0', self.name)


def has_pods(engine, runtime):
    """pods: of the host's network, and of their own; pause, stop, start, rm"""
    host = engine.inside(['readlink', '/proc/self/ns/net']).out
    with Pod(engine, runtime, '--network', 'host') as pod:
        gives(pod.runs('readlink', '/proc/self/ns/net'), host)
    with Pod(engine, runtime, '--network', 'none', '--hostname', 'podded') as pod:
        answer = pod.runs('sh', '-c', 'while true; do echo hello | nc -l -p 80; done', flags=['-d', '--name', 'in' + pod.name])
        wants(answer.status == 0, answer)
        gives(pod.runs('sh', '-c', 'while ! nc 127.0.0.1 80 </dev/null; do sleep 0.1; done; hostname'), 'hello\npodded\n')
        pod('pod', 'pause', pod.name, must=True)
        pod('pod', 'unpause', pod.name, must=True)
        pod('pod', 'stop', '-t', '0', pod.name, must=True)
        pod('pod', 'start', pod.name, must=True)
        eventually(lambda: pod('inspect', '-f', '{{.State.Status}}', 'in' + pod.name).out == 'running\n')


def plays_kube(engine, runtime):
    """kube play of a pod with hostNetwork, kube down"""
    if engine.major() < 5 and not engine.program('catatonit') and engine.inside(['test', '-e', '/usr/libexec/podman/catatonit']).status != 0:
        raise Skipped('catatonit is not installed')
    name = fresh()
    pod = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': name},
           'spec': {'hostNetwork': True, 'containers': [{'name': 'c', 'image': IMAGE, 'imagePullPolicy': 'Never', 'command': ['sleep', '1000']}]}}
    path = f'{engine.place}/{name}.yaml'
    with open(path, 'w') as file:
        json.dump(pod, file)
    try:
        engine.call(*engine.about(runtime), 'kube', 'play', path, must=True, limit=60)
        gives(engine.call(*engine.about(runtime), 'exec', f'{name}-c', 'echo', 'in'), 'in\n')
    finally:
        engine.call(*engine.about(runtime), 'pod', 'rm', '-f', '-t', '0', name)


def preserves_descriptors(engine, runtime):
    """run and exec --preserve-fds"""
    path = f'{engine.place}/{fresh()}'
    with open(path, 'w') as file:
        file.write('from a descriptor\n')
    run = ' '.join([*engine.client(), *engine.about(runtime), 'run', *engine.runtime_words(runtime), *HOST])
    gives(engine.inside(['sh', '-c', f'exec 3<{path}; {run} --rm --preserve-fds 1 {IMAGE} sh -c "cat <&3"']), 'from a descriptor\n')
    with Kept(engine, runtime) as kept:
        words = ' '.join([*engine.client(), *engine.about(runtime), 'exec', '--preserve-fds', '1', kept.name])
        gives(engine.inside(['sh', '-c', f'exec 3<{path}; {words} sh -c "cat <&3"']), 'from a descriptor\n')


def maps_users(engine, runtime):
    """--uidmap, --gidmap, with the host's network and without"""
    maps = ['--uidmap', '0:100000:65536', '--gidmap', '0:100000:65536']
    answer = engine.run(runtime, 'sh', '-c', 'cat /proc/self/uid_map; stat -c %u /bin/sh; touch /x && echo made', flags=['--rm', *maps, '--network', 'none'])
    wants(answer.status == 0 and answer.out.split() == ['0', '100000', '65536', '0', 'made'], answer)
    answer = engine.run(runtime, 'sh', '-c', 'readlink /proc/self/ns/net; ls /sys/class >/dev/null && id -u', flags=['--rm', *maps, *HOST])
    gives(answer, engine.inside(['readlink', '/proc/self/ns/net']).out + '0\n')


def maps_mounts(engine, runtime):
    """-v with :U; a user namespace of another container"""
    maps = ['--uidmap', '0:100000:65536', '--gidmap', '0:100000:65536']
    folder = f'{engine.place}/{fresh()}'
    os.mkdir(folder)
    answer = engine.run(runtime, 'stat', '-c', '%u', '/v', flags=['--rm', *maps, '-v', f'{folder}:/v:U', '--network', 'none'])
    gives(answer, '0\n')
    with Kept(engine, runtime, flags=maps, network=['--network', 'none']) as kept:
        answer = engine.run(runtime, 'cat', '/proc/self/uid_map', flags=['--rm', '--userns', f'container:{kept.name}', '--network', 'none'])
        wants(answer.out.split() == ['0', '100000', '65536'], answer)


def runs_rootfs(engine, runtime):
    """run --rootfs"""
    folder = f'{engine.place}/{fresh()}'
    make_root(folder)
    gives(engine.call(*engine.about(runtime), 'run', *engine.runtime_words(runtime), '--rm', *HOST, '--rootfs', folder, 'echo', 'ran'), 'ran\n')


def ends_in_time(engine, runtime):
    """run --timeout ends it"""
    answer = engine.run(runtime, 'sh', '-c', 'trap "" TERM; while true; do sleep 0.1; done', flags=['--rm', '--timeout', '1', *HOST])
    wants(answer.status in (137, 255), answer)


def makes_first(engine, runtime):
    """init, then start -a"""
    name = fresh()
    engine.call(*engine.about(runtime), 'create', *engine.runtime_words(runtime), '--name', name, *HOST, IMAGE, 'echo', 'ran', must=True)
    try:
        engine.call(*engine.about(runtime), 'init', name, must=True)
        wants(engine.call('inspect', '-f', '{{.State.Status}}', name).out == 'initialized\n', engine.call('inspect', name))
        gives(engine.call(*engine.about(runtime), 'start', '-a', name), 'ran\n')
    finally:
        engine.call(*engine.about(runtime), 'rm', '-f', '-t', '0', name)


def has_own_settings(engine, runtime):
    """--umask, --security-opt mask and unmask, --read-only-tmpfs"""
    run = lambda flags, script: engine.run(runtime, 'sh', '-c', script, flags=['--rm', *HOST, *flags])  # noqa: E731
    gives(run(['--umask', '0027'], 'umask'), '0027\n')
    gives(run(['--security-opt', 'mask=/etc/passwd'], 'cat /etc/passwd'), '')
    gives(run([], 'grep -c " /proc/sys " /proc/mounts'), '1\n')
    gives(run(['--security-opt', 'unmask=ALL'], 'grep -c " /proc/sys " /proc/mounts'), '0\n', 1)
    gives(run(['--read-only'], 'touch /tmp/x && echo made; touch /x 2>/dev/null || echo no'), 'made\nno\n')


def refuses_checkpoint(engine, runtime):
    """container checkpoint: refused in clear words, and the container goes on"""
    if runtime.name in ('runc', 'crun'):
        raise Skipped('it has checkpoints, CRIU decides')
    with Kept(engine, runtime) as kept:
        answer = kept('container', 'checkpoint', kept.name)
        if 'exec: "criu"' in answer.err:
            raise Skipped('Podman 5 asks CRIU first, which is not installed')
        wants(answer.status != 0 and 'checkpoint' in answer.err.lower(), answer)
        gives(kept('exec', kept.name, 'echo', 'on'), 'on\n')


PODMAN = [tells_of_runtime, runs_by_path, has_pods, plays_kube, preserves_descriptors, maps_users, maps_mounts, runs_rootfs, ends_in_time,
          makes_first, has_own_settings, refuses_checkpoint, podman_builds]
