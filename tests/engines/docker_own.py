"""What Docker alone has."""
import json

from builds import docker_builds, docker_builds_by_kit
from common import Kept, eventually, fresh, needs_controller, starves, wants


def tells_of_runtimes(engine, runtime):
    """info and inspect name the runtime"""
    answer = engine.call('info', '-f', '{{json .Runtimes}}')
    wants('test-' + runtime.name in json.loads(answer.out), answer)
    with Kept(engine, runtime) as kept:
        wants(kept.inspect('.HostConfig.Runtime') == 'test-' + runtime.name, kept('inspect', kept.name))


def told(kept):
    """The names of its events so far."""
    answer = kept('events', '--since', '5m', '--until', '0s', '--filter', f'container={kept.name}', '--format', '{{.Status}}')
    return answer.out.split('\n')


def tells_more_events(engine, runtime):
    """events: exec_die, kill, pause, health_status, oom"""
    needs_controller('memory')
    flags = ['--health-cmd', 'true', '--health-interval', '1s', '--memory', '32m', '--memory-swap', '32m']
    with Kept(engine, runtime, 'sh', '-c', 'while ! test -e /go; do sleep 0.1; done; ' + starves(engine, runtime), flags=flags) as kept:
        eventually(lambda: 'health_status: healthy' in told(kept), what=lambda: str(told(kept)))
        kept('pause', kept.name, must=True)
        kept('unpause', kept.name, must=True)
        kept.goes_on()
        eventually(lambda: 'die' in told(kept), what=lambda: str(told(kept)))
        wants({'create', 'start', 'pause', 'unpause', 'exec_die', 'oom', 'die'} <= set(told(kept)), kept('logs', kept.name))


def updates_policy(engine, runtime):
    """update --restart, --pids-limit"""
    with Kept(engine, runtime, 'sh', '-c', 'test -e /a && sleep 1000; touch /a; while ! test -e /go; do sleep 0.1; done; exit 3') as kept:
        kept('update', '--restart', 'on-failure:1', '--pids-limit', '50', kept.name, must=True)
        kept.goes_on()
        eventually(lambda: kept.inspect('.RestartCount') == '1' and kept.status() == 'running', what=lambda: kept('inspect', kept.name).out[:500])


def joins_network_later(engine, runtime):
    """-P and -p with the host's network: `port` shows none"""
    with Kept(engine, runtime, flags=['-P', '--expose', '90', '-p', '127.0.0.1:91:90']) as kept:
        answer = kept('port', kept.name)
        wants(answer.out == '', answer)


def waits(engine, runtime):
    """wait, and ps with its filters"""
    with Kept(engine, runtime, 'sh', '-c', 'while ! test -e /go; do sleep 0.1; done; exit 6', flags=['--label', 'of=' + fresh()]) as kept:
        answer = kept('ps', '--filter', f'name={kept.name}', '--format', '{{.Names}} {{.Status}}')
        wants(answer.out.startswith(f'{kept.name} Up'), answer)
        kept.goes_on()
        answer = kept('wait', kept.name)
        wants(answer.out == '6\n', answer)
        answer = kept('ps', '-a', '--filter', f'name={kept.name}', '--filter', 'exited=6', '-q')
        wants(len(answer.out.split()) == 1, answer)


DOCKER = [tells_of_runtimes, tells_more_events, updates_policy, joins_network_later, waits, docker_builds, docker_builds_by_kit]
