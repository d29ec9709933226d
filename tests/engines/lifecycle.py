"""From run to rm, under Docker and Podman, whose words are the same."""
import json
import os
import re
import time

from common import HOST, Kept, eventually, file_of, fresh, gives, needs_all_capabilities, needs_controller, starves, wants
from engines import IMAGE

ENDURES = ['sh', '-c', 'trap "" TERM; while true; do sleep 0.1; done']


def runs(engine, runtime):
    """run: its output, its errors, its exit status"""
    answer = engine.run(runtime, 'sh', '-c', 'echo out; echo err >&2; exit 7', flags=['--rm', *HOST])
    wants((answer.status, answer.out) == (7, 'out\n') and 'err' in answer.err, answer)


def reads_stdin(engine, runtime):
    """run -i: standard input and its end"""
    gives(engine.run(runtime, 'cat', flags=['--rm', '-i', *HOST], given='one\ntwo\n'), 'one\ntwo\n')


def publishes_on_host(engine, runtime):
    """-p with --network host: discarded, with the engine's warning"""
    answer = engine.run(runtime, 'echo', 'ran', flags=['--rm', '-p', '8080:80', *HOST])
    gives(answer, 'ran\n')
    warning = (r'^WARNING: Published ports are discarded when using host network mode$' if engine.name.startswith('docker') else
               r'Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use|'
               r'Published ports are discarded when using host network mode|Port mappings have been discarded because')
    wants(len(re.findall(warning, answer.err, re.M)) == 1, answer)


def serves_on_host(engine, runtime):
    """--network host with -p: the server is on the host's port, none on -p's"""
    with Kept(engine, runtime, 'sh', '-c', 'while true; do echo hello | nc -l -p 18080; done', flags=['-p', '18081:18080']) as kept:
        eventually(lambda: engine.inside(['busybox', 'nc', '127.0.0.1', '18080'], given='').out == 'hello\n')
        wants(engine.inside(['busybox', 'nc', '-w', '1', '127.0.0.1', '18081'], given='').status != 0, kept('port', kept.name))


def gives_terminal(engine, runtime):
    """run -t: a terminal"""
    answer = engine.run(runtime, 'sh', '-c', 'test -t 1 && echo yes', flags=['--rm', '-t', *HOST])
    wants((answer.status, answer.out.strip()) == (0, 'yes'), answer)


def resizes_terminal(engine, runtime):
    """run -it on a terminal: its size, its new size, what is typed"""
    words = [*engine.about(runtime), 'run', *engine.runtime_words(runtime), '--rm', '-it', *HOST, IMAGE, 'sh', '-c',
             'while true; do stty size </dev/tty; sleep 0.2; done & read x; echo "got $x"; exit 6']
    with engine.on_terminal(*words) as terminal:
        eventually(lambda: terminal.says('30 90'), what=lambda: terminal.said)
        terminal.resize(41, 101)
        terminal.process.send_signal(28)  # SIGWINCH
        eventually(lambda: terminal.says('41 101'), what=lambda: terminal.said)
        terminal.types('word\n')
        eventually(lambda: terminal.says('got word'), what=lambda: terminal.said)
        if (status := terminal.process.wait(15)) != 6:
            raise AssertionError(f'status {status}: {terminal.said}')


def executes(engine, runtime):
    """exec: output, input, status, terminal"""
    with Kept(engine, runtime) as kept:
        gives(kept('exec', kept.name, 'sh', '-c', 'echo in; exit 9'), 'in\n', 9)
        gives(kept('exec', '-i', kept.name, 'cat', given='x\n'), 'x\n')
        answer = kept('exec', '-t', kept.name, 'sh', '-c', 'test -t 1 && echo yes')
        wants((answer.status, answer.out.strip()) == (0, 'yes'), answer)


def executes_as(engine, runtime):
    """exec -u, -w, -e, -d"""
    with Kept(engine, runtime) as kept:
        gives(kept('exec', '-u', 'user', '-w', '/tmp', '-e', 'X=y', kept.name, 'sh', '-c', 'id -u; pwd; echo $X'), '1000\n/tmp\ny\n')
        gives(kept('exec', '-u', '7:8', kept.name, 'sh', '-c', 'id -u; id -g'), '7\n8\n')
        kept('exec', '-d', kept.name, 'touch', '/made', must=True)
        eventually(lambda: kept('exec', kept.name, 'ls', '/made').status == 0)


def executes_privileged(engine, runtime):
    """exec --privileged"""
    if engine.name == 'docker':  # Podman asks for no more than there are
        needs_all_capabilities()
    with Kept(engine, runtime) as kept:
        gives(kept('exec', '--privileged', kept.name, 'sh', '-c', 'mount -t tmpfs t /tmp && echo mounted'), 'mounted\n')


def executes_on_terminal(engine, runtime):
    """exec -it on a terminal: its size and its status"""
    with Kept(engine, runtime) as kept:
        with engine.on_terminal(*engine.about(runtime), 'exec', '-it', kept.name, 'sh', '-c',
                                'while true; do stty size </dev/tty; sleep 0.2; done & read x; echo "got $x"; exit 5') as terminal:
            eventually(lambda: terminal.says('30 90'), what=lambda: terminal.said)
            terminal.types('word\n')
            eventually(lambda: terminal.says('got word'), what=lambda: terminal.said)
            if (status := terminal.process.wait(15)) != 5:
                raise AssertionError(f'status {status}: {terminal.said}')


def attaches(engine, runtime):
    """attach: output from then on, until the end"""
    with Kept(engine, runtime, 'sh', '-c', 'while ! test -e /go; do echo early; sleep 0.1; done; echo late') as kept:
        with engine.background(*engine.about(runtime), 'attach', '--no-stdin', kept.name) as client:
            eventually(lambda: 'early' in client.said, 30)
            kept.goes_on()
            client.process.wait(30)
            wants('late' in client.said, kept('logs', kept.name))


def keeps_logs(engine, runtime):
    """logs: both streams, complete; --tail"""
    with Kept(engine, runtime, 'sh', '-c', 'seq 1 20000; echo err >&2') as kept:
        wants(kept('wait', kept.name).out.strip() == '0', kept('logs', kept.name))
        answer = kept('logs', kept.name)
        wants(answer.out.splitlines() == [str(i) for i in range(1, 20001)] and answer.err == 'err\n', answer)
        wants(len(kept('logs', '--tail', '3', kept.name).text.splitlines()) == 3, answer)


def follows_logs(engine, runtime):
    """logs -f: what comes, until the container ends"""
    with Kept(engine, runtime, 'sh', '-c', 'echo one; sleep 1; echo two') as kept:
        gives(kept('logs', '-f', kept.name), 'one\ntwo\n')


def stops(engine, runtime):
    """stop: the signal, then force (137); --stop-signal"""
    trap = 'trap "exit 3" {}; echo ready; while true; do sleep 0.1; done'
    with Kept(engine, runtime, 'sh', '-c', trap.format('TERM')) as kept:
        kept.says('ready')
        kept('stop', '-t', '10', kept.name, must=True)
        wants(kept.inspect('.State.ExitCode') == '3', kept('inspect', kept.name))
    with Kept(engine, runtime, 'sh', '-c', trap.format('USR2'), flags=['--stop-signal', 'USR2']) as kept:
        kept.says('ready')
        kept('stop', '-t', '10', kept.name, must=True)
        wants(kept.inspect('.State.ExitCode') == '3', kept('inspect', kept.name))
    with Kept(engine, runtime, *ENDURES) as kept:
        kept('stop', '-t', '1', kept.name, must=True)
        wants(kept.inspect('.State.ExitCode') == '137', kept('inspect', kept.name))


def kills(engine, runtime):
    """kill, kill -s; a second one is refused"""
    with Kept(engine, runtime, 'sh', '-c', 'trap "exit 5" USR1; echo ready; while true; do sleep 0.1; done') as kept:
        kept.says('ready')
        kept('kill', '-s', 'USR1', kept.name, must=True)
        kept.comes_to('exited')
        wants(kept.inspect('.State.ExitCode') == '5', kept('inspect', kept.name))
        answer = kept('kill', kept.name)
        wants(answer.status != 0 and 'running' in answer.err, answer)
    with Kept(engine, runtime) as kept:
        kept('kill', kept.name, must=True)
        wants(kept('wait', kept.name).out.strip() == '137', kept('inspect', kept.name))


def pauses(engine, runtime):
    """pause, unpause; exec in a paused one is refused; rm -f of one"""
    with Kept(engine, runtime) as kept:
        kept('pause', kept.name, must=True)
        wants(kept.status() == 'paused', kept('inspect', kept.name))
        answer = kept('exec', kept.name, 'true')
        wants(answer.status != 0 and re.search('paused|running', answer.text), answer)
        kept('unpause', kept.name, must=True)
        wants(kept.status() == 'running', kept('inspect', kept.name))
        gives(kept('exec', kept.name, 'echo', 'on'), 'on\n')
        kept('pause', kept.name, must=True)
        kept('rm', '-f', kept.name, must=True)


def shows_processes(engine, runtime):
    """top, and top with ps's options"""
    with Kept(engine, runtime) as kept:
        answer = kept('top', kept.name)
        wants(answer.status == 0 and 'sleep 1000' in answer.out, answer)
        answer = kept('top', kept.name, '-eo', 'pid,args')
        wants(answer.status == 0 and 'sleep 1000' in answer.out and len(answer.out.splitlines()) == 2, answer)


def shows_figures(engine, runtime):
    """stats --no-stream: memory and processes"""
    needs_controller('memory')
    with Kept(engine, runtime, flags=['--memory', '64m']) as kept:
        answer = kept('stats', '--no-stream', '--format', '{{.MemUsage}} {{.PIDs}}', kept.name)
        found = re.match(r'([\d.]+)\w+ ?/ ?(64MiB|67.11MB) (\d+)$', answer.out.strip())
        wants(found and float(found[1]) > 0 and found[3] == '1', answer)


def updates(engine, runtime):
    """update: shares, quota, memory, on disk and in the cgroup"""
    needs_controller('memory')
    with Kept(engine, runtime, flags=['--memory', '64m', '--memory-swap', '64m']) as kept:
        pid = kept.pid()
        kept('update', '--cpu-shares', '512', kept.name, must=True)
        kept('update', '--cpus', '0.5', kept.name, must=True)
        kept('update', '--memory', '96m', '--memory-swap', '96m', kept.name, must=True)
        wants(file_of(pid, 'cpu/cpu.shares', 'cpu.weight') in ('512', '20', '59'), kept('inspect', kept.name))
        wants(file_of(pid, 'cpu/cpu.cfs_quota_us', 'cpu.max').split()[0] == '50000', kept('inspect', kept.name))
        wants(file_of(pid, 'memory/memory.limit_in_bytes', 'memory.max') == str(96 << 20), kept('inspect', kept.name))


def restarts(engine, runtime):
    """restart; --restart on-failure:2 counts, always goes on, stop ends it"""
    with Kept(engine, runtime) as kept:
        first = kept.pid()
        kept('restart', '-t', '0', kept.name, must=True)
        wants(kept.status() == 'running' and kept.pid() != first, kept('inspect', kept.name))
    with Kept(engine, runtime, 'sh', '-c', 'exit 3', flags=['--restart', 'on-failure:2']) as kept:
        eventually(lambda: kept.inspect('.RestartCount') == '2', 20)
        kept.comes_to('exited')
        wants(kept.inspect('.State.ExitCode') == '3', kept('inspect', kept.name))
    ends_twice = 'if test -e /b; then sleep 1000; elif test -e /a; then touch /b; else touch /a; fi'
    with Kept(engine, runtime, 'sh', '-c', ends_twice, flags=['--restart', 'always']) as kept:
        eventually(lambda: kept.inspect('.RestartCount') == '2' and kept.status() == 'running', 20)
        kept('stop', '-t', '0', kept.name, must=True)
        time.sleep(1)
        wants(kept.status() == 'exited', kept('inspect', kept.name))


def starts_again(engine, runtime):
    """create, start -a, start once more, rename"""
    name, other = fresh(), fresh()
    engine.call(*engine.about(runtime), 'create', *engine.runtime_words(runtime), '--name', name, *HOST, IMAGE, 'sh', '-c',
                'echo once; exit 2', must=True)
    try:
        gives(engine.call(*engine.about(runtime), 'start', '-a', name), 'once\n', 2)
        gives(engine.call(*engine.about(runtime), 'start', '-a', name), 'once\n', 2)
        engine.call('rename', name, other, must=True)
        gives(engine.call('logs', other), 'once\nonce\n')
    finally:
        engine.call('rm', '-f', name)
        engine.call('rm', '-f', other)


def is_removed(engine, runtime):
    """rm is refused while it runs, rm -f is not"""
    with Kept(engine, runtime, *ENDURES) as kept:
        pid = kept.pid()
        answer = kept('rm', kept.name)
        wants(answer.status != 0 and 'running' in answer.err, answer)
        kept('rm', '-f', *(['-t', '0'] if engine.name == 'podman' else []), kept.name, must=True)
        wants(kept('inspect', kept.name).status != 0, answer)
        eventually(lambda: engine.inside(['test', '-e', f'/proc/{pid}']).status != 0)


def is_copied(engine, runtime):
    """cp in and out, diff, commit, export"""
    copy = f'localhost/{fresh()}:1'
    with Kept(engine, runtime) as kept:
        kept('cp', '/etc/hostname', f'{kept.name}:/tmp/in', must=True)
        there = kept('exec', kept.name, 'cat', '/tmp/in')
        wants(there.out == engine.inside(['cat', '/etc/hostname']).out, there)
        kept('cp', f'{kept.name}:/tmp/in', f'{engine.place}/{kept.name}.out', must=True)
        answer = kept('diff', kept.name)
        wants('/tmp/in' in answer.out, answer)
        kept('commit', kept.name, copy, must=True)
        kept('export', '-o', f'{engine.place}/{kept.name}.tar', kept.name, must=True)
    try:
        gives(engine.run(runtime, 'cat', '/tmp/in', flags=['--rm', *HOST], image=copy), there.out)
    finally:
        engine.call('rmi', '-f', copy)


def checks_health(engine, runtime):
    """health checks: healthy, then unhealthy"""
    with Kept(engine, runtime, flags=['--health-cmd', 'test ! -e /sick', '--health-interval', '1s', '--health-retries', '1']) as kept:
        if engine.name == 'podman':  # there systemd's timers would run them
            kept('healthcheck', 'run', kept.name, must=True)
            kept('exec', kept.name, 'touch', '/sick', must=True)
            wants(kept('healthcheck', 'run', kept.name).status == 1, kept('inspect', kept.name))
        else:
            eventually(lambda: kept.inspect('.State.Health.Status') == 'healthy', 20)
            kept('exec', kept.name, 'touch', '/sick', must=True)
            eventually(lambda: kept.inspect('.State.Health.Status') == 'unhealthy', 20)


def tells_events(engine, runtime):
    """events: create to destroy, with the exit's code"""
    with Kept(engine, runtime, 'sh', '-c', 'exit 8') as kept:
        kept('wait', kept.name, must=True)
        kept.comes_to('exited')
        filters = ['--since', '5m', '--until', '0s'] if engine.name.startswith('docker') else ['--stream=false', '--since', '5m']

        def told():
            text = kept('events', *filters, '--filter', f'container={kept.name}', '--format', '{{json .}}', limit=15).out
            events = [json.loads(line) for line in text.splitlines()]
            return [(e.get('status') or e.get('Status'), str(e.get('ContainerExitCode', e.get('Actor', {}).get('Attributes', {}).get('exitCode'))))
                    for e in events]
        eventually(lambda: any(name in ('die', 'died') and code == '8' for name, code in told()), what=lambda: str(told()))
        wants([name for name, _ in told()][:3] in (['create', 'attach', 'start'], ['create', 'start', 'die'], ['create', 'init', 'start']), kept('logs', kept.name))


def tells_oom(engine, runtime):
    """an end for want of memory is told as that"""
    needs_controller('memory')
    with Kept(engine, runtime, 'sh', '-c', starves(engine, runtime), flags=['--memory', '32m', '--memory-swap', '32m']) as kept:
        wants(kept('wait', kept.name).out.strip() == '137', kept('logs', kept.name))
        if engine.name == 'podman' and engine.major() < 5:
            # it looks for conmon's note in the bundle, conmon leaves it in the folder that Podman was called in:
            # containers/podman 13102 (mended by 21523), containers/conmon 504
            wants(os.path.exists(engine.place + '/oom'), kept('inspect', kept.name))
        else:
            eventually(lambda: kept.inspect('.State.OOMKilled') == 'true', what=lambda: kept('inspect', kept.name))


LIFECYCLE = [runs, reads_stdin, publishes_on_host, serves_on_host, gives_terminal, resizes_terminal, executes, executes_as,
             executes_privileged, executes_on_terminal, attaches, keeps_logs, follows_logs, stops, kills, pauses, shows_processes, shows_figures, updates,
             restarts, starts_again, is_removed, is_copied, checks_health, tells_events, tells_oom]
