"""What cannot be run: the status and the words that people, and scripts, know from runc under Docker and Podman."""
import re

from common import HOST, Kept, fresh, wants


def refused(answer, status, words):
    wants(answer.status == status and re.search(words, answer.err, re.I), answer)


def missing_program(engine, runtime):
    """a program that is not there: 127, and why"""
    refused(engine.run(runtime, '/no/such/program', flags=['--rm', *HOST]), 127, '/no/such/program.*no such file or directory')
    refused(engine.run(runtime, 'no-such', flags=['--rm', *HOST]), 127, r'no-such.*(executable file `?.*not found in \$PATH|not found)')


def not_executable(engine, runtime):
    """a program that is none: 126, and why"""
    refused(engine.run(runtime, '/etc/passwd', flags=['--rm', *HOST]), 126, '/etc/passwd.*permission denied')
    answer = engine.run(runtime, '/tmp', flags=['--rm', *HOST])
    refused(answer, answer.status if answer.status in (126, 127) else 126, '/tmp.*(permission denied|is a directory)')


def missing_program_of_exec(engine, runtime):
    """exec of what is not there, of what is none, in a folder that is not there"""
    def fails(statuses, words, *command):
        answer = kept('exec', *command)
        wants(answer.status in statuses and re.search(words, answer.text, re.I), answer)
    with Kept(engine, runtime) as kept:
        fails((126, 127), 'no such file or directory', kept.name, '/no/such/program')
        fails((126, 127), 'executable file.* not found', kept.name, 'no-such')
        fails((126,), 'permission denied', kept.name, '/etc/passwd')
        fails((126, 127), '/no/such/folder.*no such file or directory', '-w', '/no/such/folder', kept.name, 'true')
        kept('exec', kept.name, 'true', must=True)


def bad_folder(engine, runtime):
    """-w into a file"""
    answer = engine.run(runtime, 'true', flags=['--rm', '-w', '/etc/passwd', *HOST])
    wants(answer.status in (125, 126, 127) and re.search('/etc/passwd', answer.err), answer)


def unknown_user(engine, runtime):
    """-u of nobody known"""
    answer = engine.run(runtime, 'true', flags=['--rm', '-u', 'nobody-known', *HOST])
    wants(answer.status in (125, 126) and 'nobody-known' in answer.err, answer)


def bad_mount(engine, runtime):
    """--mount of what is not there"""
    answer = engine.run(runtime, 'true', flags=['--rm', '--mount', 'type=bind,source=/no/such/source,target=/x', *HOST])
    wants(answer.status in (125, 126, 127) and '/no/such/source' in answer.err, answer)


def bad_device(engine, runtime):
    """--device of what is not there"""
    answer = engine.run(runtime, 'true', flags=['--rm', '--device', '/dev/no-such', *HOST])
    wants(answer.status in (125, 126, 127) and '/dev/no-such' in answer.err, answer)


def name_in_use(engine, runtime):
    """a name that is in use"""
    with Kept(engine, runtime) as kept:
        answer = engine.run(runtime, 'true', flags=['--name', kept.name, *HOST])
        wants(answer.status == 125 and 'in use' in answer.err, answer)
        wants(kept.status() == 'running', answer)


def stays_after_refusal(engine, runtime):
    """what could not start is there, starts once its cause is gone, and is removed"""
    name = fresh()
    answer = engine.run(runtime, '/tmp/program', 'echo', 'ran', flags=['--name', name, *HOST])
    try:
        wants(answer.status == 127, answer)
        state = engine.call('inspect', '-f', '{{.State.Status}}', name)
        wants(state.out.strip() in ('created', 'initialized'), state)
        engine.call('cp', '/bin/busybox', f'{name}:/tmp/busybox', must=True)
        engine.call('cp', '/bin/busybox', f'{name}:/tmp/program', must=True)
        answer = engine.call(*engine.about(runtime), 'start', '-a', name)
        wants('applet not found' in answer.text, answer)  # busybox by a name that it does not know
    finally:
        removed = engine.call('rm', '-f', name)
    wants(removed.status == 0, removed)


def publishes_nothing_bad(engine, runtime):
    """-p that makes no sense is refused by the engine, with the host's network too"""
    answer = engine.run(runtime, 'true', flags=['--rm', '-p', '99999:80', *HOST])
    wants(answer.status == 125, answer)


def is_refused_exec(engine, runtime):
    """exec in a container that has ended"""
    with Kept(engine, runtime, 'true') as kept:
        kept('wait', kept.name, must=True)
        kept.comes_to('exited')
        answer = kept('exec', kept.name, 'true')
        wants(answer.status != 0 and 'running' in answer.err, answer)


REFUSALS = [missing_program, not_executable, missing_program_of_exec, bad_folder, unknown_user, bad_mount, bad_device, name_in_use,
            stays_after_refusal, publishes_nothing_bad, is_refused_exec]
