"""Images built with a runtime."""
import os

from common import HOST, alone, eventually, fresh, gives, wants
from engines import IMAGE, Skipped

STEPS = f'''FROM {IMAGE}
RUN echo built >/file && id -u >>/file
USER user
WORKDIR /work
ENV X=y
RUN id -u >/tmp/user && pwd >>/tmp/user && echo $X >>/tmp/user
'''


def recipe(engine, text):
    """A folder with it."""
    folder = f'{engine.place}/{fresh()}'
    os.mkdir(folder)
    with open(folder + '/Dockerfile', 'w') as file:
        file.write(text)
    return folder


@alone
def docker_builds(engine, runtime):
    """build, by the daemon's default runtime"""
    engine.configure(runtime)
    eventually(lambda: engine.call('info', '-f', '{{.DefaultRuntime}}').out.strip() == 'test-' + runtime.name)
    tag = fresh()
    engine.env['DOCKER_BUILDKIT'] = '0'  # BuildKit would call a runc of its own
    network = ['--network', 'host']
    answer = engine.call('build', *network, '-t', tag, recipe(engine, STEPS), limit=180)
    wants(answer.status == 0, answer)
    gives(engine.run(runtime, 'cat', '/file', '/tmp/user', flags=['--rm', *HOST], image=tag), 'built\n0\n1000\n/work\ny\n')
    answer = engine.call('build', *network, recipe(engine, f'FROM {IMAGE}\nRUN exit 9\n'), limit=180)
    wants(answer.status != 0 and 'returned a non-zero code: 9' in answer.text, answer)
    # the one that names none
    gives(engine.call('run', '--rm', *HOST, IMAGE, 'echo', 'ran'), 'ran\n')
    answer = engine.call('info')
    wants(f'Default Runtime: test-{runtime.name}' in answer.out, answer)


@alone
def docker_builds_by_kit(engine, runtime):
    """build by BuildKit, with the runtime in runc's place"""
    if not runtime.program:
        raise Skipped('BuildKit calls a program, not a shim')
    link = f'{engine.place}/bin/runc'
    os.symlink(runtime.program, link)
    engine.env['DOCKER_BUILDKIT'] = '1'
    try:
        tag = fresh()
        answer = engine.call('build', '--network', 'host', '-t', tag, recipe(engine, STEPS), limit=180)
        if 'buildx' in answer.text and 'missing or broken' in answer.text:
            raise Skipped('this client needs buildx for it')
        wants(answer.status == 0, answer)
        gives(engine.run(runtime, 'cat', '/file', '/tmp/user', flags=['--rm', *HOST], image=tag), 'built\n0\n1000\n/work\ny\n')
    finally:
        os.unlink(link)


def podman_builds(engine, runtime):
    """build --isolation oci, with the runtime"""
    tag = f'localhost/{fresh()}:1'
    words = [*engine.about(runtime), 'build', '--isolation', 'oci', '--runtime', runtime.program, '--cgroup-parent', f'{engine.cgroup}/{fresh()}',
             '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096']
    answer = engine.call(*words, '--network', 'host', '-t', tag, recipe(engine, STEPS), limit=180)
    wants(answer.status == 0, answer)
    gives(engine.run(runtime, 'cat', '/file', '/tmp/user', flags=['--rm', *HOST], image=tag), 'built\n0\n1000\n/work\ny\n')
    answer = engine.call(*words, '--network', 'none', recipe(engine, f'FROM {IMAGE}\nRUN ls /sys/class/net && exit 9\n'), limit=180)
    wants(answer.status != 0 and 'lo\n' in answer.out and 'exit status 9' in answer.text, answer)
