"""lodger's relay, chosen by an annotation: a network of the container's own, joined to the host's both ways."""
import os
import signal
import subprocess

from common import HOST, Kept, eventually, wants
from ctr import Task
from engines import Skipped

ANNOTATION = ['--annotation', 'org.lodger.network.mode=relay']
SERVER = 'while true; do echo hello | nc -l -p 18090; done'
STACK = ['readlink', '/proc/self/ns/net']


def needs_relay(engine, runtime, *help_of):
    needs_annotations(engine, runtime, *help_of)
    if engine.inside(['sh', '-c', 'command -v pasta']).status != 0:
        raise Skipped('there is no pasta (package passt)')


def needs_annotations(engine, runtime, *help_of):
    if runtime.name in ('runc', 'crun'):
        raise Skipped("an annotation of lodger's")
    if help_of and '--annotation' not in engine.call(*help_of, '--help').text:
        raise Skipped('this version of the engine hands on no annotations')


def carries(engine, executes):
    """What the container serves is on the host's loopback, what the host serves on the container's."""
    wants(executes(*STACK).out != engine.inside(STACK).out, 'the container is in the host\'s network stack')
    eventually(lambda: engine.inside(['busybox', 'nc', '127.0.0.1', '18090'], given='').out == 'hello\n')
    server = subprocess.Popen(engine.entering(['sh', '-c', 'while true; do echo back | busybox nc -l -p 18091; done']),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        eventually(lambda: executes('nc', '127.0.0.1', '18091').out == 'back\n')
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def is_relayed(engine, runtime):
    """org.lodger.network.mode=relay: ports both ways, in a network of its own"""
    needs_relay(engine, runtime, 'run')
    with Kept(engine, runtime, 'sh', '-c', SERVER, flags=ANNOTATION) as kept:
        carries(engine, lambda *words: kept('exec', kept.name, *words))


def keeps_others_apart(engine, runtime):
    """org.lodger.network.mode: no annotation leads a container onto the host's network"""
    needs_relay(engine, runtime, 'run')
    answer = engine.run(runtime, 'true', flags=['--rm', '--network', 'none', '--annotation', 'org.lodger.network.mode=host'])
    wants(answer.status != 0 and 'org.lodger.network.mode' in answer.text, answer)


def ctr_is_relayed(engine, runtime):
    """org.lodger.network.mode=relay: ports both ways, in a network of its own"""
    needs_relay(engine, runtime)
    with Task(engine, runtime, 'sh', '-c', SERVER, flags=ANNOTATION) as task:
        carries(engine, lambda *words: engine.call('task', 'exec', '--exec-id', 'e', task.name, *words))


def hands_on_flags(engine, runtime):
    """org.lodger.network.publish-all, .userland-proxy: they come through as the flags do"""
    needs_annotations(engine, runtime, 'run')

    def run(*said):
        flags = [word for each in said for word in ('--annotation', f'org.lodger.network.{each}')]
        return engine.run(runtime, 'true', flags=['--rm', *HOST, *flags])

    answer = run('publish-all=true', 'userland-proxy=false')
    wants(answer.status == 0, answer)
    answer = run('publish-all=yes')
    wants(answer.status != 0 and 'org.lodger.network.publish-all' in answer.text, answer)
    answer = run('userland-proxy=true')
    wants(answer.status != 0 and 'org.lodger.network.userland-proxy: there is none but for the published ports of' in answer.text, answer)


RELAY = [is_relayed, keeps_others_apart, hands_on_flags]
CTR_RELAY = [ctr_is_relayed]
