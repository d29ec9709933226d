"""conmon with a runtime, called as CRI-O calls both: CRI-O itself is in no Debian 12."""
import json
import os
import shutil
import subprocess

from common import eventually, file_of, fresh, needs_controller, wants
from engines import Answer, Engine, Skipped, make_root


class Conmon(Engine):
    """The engine is this file: it does what CRI-O does with conmon and with the runtime."""
    name = 'conmon'
    programs = ('conmon',)

    def ready(self):
        return True

    def takes(self, runtime):
        return not runtime.shim

    def load(self):
        for folder in ('exits', 'sockets', 'state'):
            os.mkdir(f'{self.place}/{folder}')
        make_root(self.place + '/rootfs')
        self.env = {'PATH': self.env['PATH'], 'CRI_O_EXTERNAL': '1', 'XDG_RUNTIME_DIR': self.place}

    def runtime(self, runtime, *words, **more):
        """Globals as CRI-O's, which come twice from conmon-rs."""
        return self.inside([runtime.program, '--root', f'{self.place}/state', *words], **more)


class Sandboxed:
    """A container by conmon: created, not started."""

    def __init__(self, engine, runtime, *command, terminal=False, stdin=False, edit=None):
        self.engine, self.runtime, self.id = engine, runtime, uuid64()
        self.bundle = f'{engine.place}/{self.id}'
        os.mkdir(self.bundle)
        self.write(command or ('sleep', '1000'), terminal, edit)
        self.answer = self.conmon('-c', self.id, '-n', 'k8s_c_p', '-u', self.id, '-b', self.bundle, '-p', f'{self.bundle}/pidfile',
                                  *(['-t'] if terminal else []), *(['-i'] if stdin else []), '--persist-dir', self.bundle)

    def write(self, command, terminal, edit):
        """config.json, of which the runtime itself wrote the most."""
        wants((answer := self.engine.runtime(self.runtime, 'spec', '--bundle', self.bundle)).status == 0, answer)
        with open(f'{self.bundle}/config.json') as file:
            config = json.load(file)
        config['process'].update(args=list(command), terminal=terminal, cwd='/', env=['PATH=/bin'])
        config['process']['rlimits'] = []
        config['root'] = {'path': f'{self.engine.place}/rootfs', 'readonly': True}
        config['linux']['namespaces'] = [n for n in config['linux']['namespaces'] if n['type'] != 'network']  # a pod with hostNetwork
        config['mounts'] = [m for m in config['mounts'] if m['destination'] != '/sys/fs/cgroup']
        config['linux']['cgroupsPath'] = f'{self.engine.cgroup}/crio-{self.id}'
        config['annotations'] = {'io.kubernetes.cri-o.ContainerType': 'container', 'org.systemd.property.CollectMode': "'inactive-or-failed'"}
        if edit:
            edit(config)
        with open(f'{self.bundle}/config.json', 'w') as file:
            json.dump(config, file)

    def conmon(self, *words):
        """What conmon says of the start, over the descriptors that it is given for that: {"pid": ...}, or with "message"."""
        engine, (sync_read, sync_write), (start_read, start_write) = self.engine, os.pipe(), os.pipe()
        env = {**engine.env, '_OCI_SYNCPIPE': str(sync_write), '_OCI_STARTPIPE': str(start_read)}
        process = subprocess.Popen(
            engine.entering(['conmon', '--api-version', '1', '-r', self.runtime.program, '--runtime-arg', f'--root={engine.place}/state',
                             '--exit-dir', f'{engine.place}/exits', '--socket-dir-path', f'{engine.place}/sockets',
                             '-l', f'{self.bundle}/log', '--log-level', 'info', '-P', f'{self.bundle}/conmon-pidfile', *words]),
            env=env, pass_fds=(sync_write, start_read), stdin=subprocess.DEVNULL, stdout=engine.log, stderr=engine.log,
            start_new_session=True)
        os.close(sync_write)
        os.close(start_read)
        os.write(start_write, b'\0')
        if '--exec-attach' in words:
            os.write(start_write, b'\0')
        os.close(start_write)
        with os.fdopen(sync_read) as pipe:
            process.wait(20)  # conmon itself goes on behind it
            lines = []
            for line in pipe:
                lines.append(json.loads(line))
                if '-e' not in words or len(lines) == 2:
                    break
        return lines

    def call(self, *words, **more):
        return self.engine.runtime(self.runtime, *words, **more)

    def state(self):
        answer = self.call('state', self.id)
        wants(answer.status == 0, answer)
        return json.loads(answer.out)

    def started(self):
        answer = self.call('start', self.id)
        wants(answer.status == 0, answer)
        return self

    def pid(self):
        return int(open(f'{self.bundle}/pidfile').read())

    def exit_code(self):
        path = f'{self.engine.place}/exits/{self.id}'
        eventually(lambda: os.path.exists(path) and os.path.getsize(path) > 0, what='conmon wrote no exit file')
        return int(open(path).read())

    def log(self):
        with open(f'{self.bundle}/log') as file:
            return [line.split(' ', 3)[1:] for line in file.read().splitlines()]

    def execute(self, *command, attach=False):
        """As ExecSync and Exec do: a process spec, -d by conmon, its pid and its code."""
        process = {'args': list(command), 'cwd': '/', 'env': ['PATH=/bin'], 'user': {'uid': 0, 'gid': 0}}
        path = f'{self.bundle}/exec-{fresh()}'
        with open(path, 'w') as file:
            json.dump(process, file)
        return self.conmon('-c', self.id, '-n', 'k8s_c_p', '-u', self.id, '-b', self.bundle, '-p', path + '.pid', '-e', '--exec-process-spec', path,
                           *(['--exec-attach'] if attach else []), '--persist-dir', self.bundle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call('delete', '--force', self.id)
        try:
            eventually(lambda: not self.conmon_runs(), 5)
        except AssertionError:
            pass  # the engine's end ends it
        shutil.rmtree(self.bundle, ignore_errors=True)

    def conmon_runs(self):
        path = f'{self.bundle}/conmon-pidfile'
        return os.path.exists(path) and os.path.exists(f'/proc/{open(path).read().strip()}')


def uuid64():
    return (fresh()[1:] * 6)[:64]


def told(container):
    return Answer(0, json.dumps(container.answer), '')


def conmon_runs_one(engine, runtime):
    """create by conmon, start, state, the exit file, the log, delete"""
    with Sandboxed(engine, runtime, 'sh', '-c', 'echo out; echo err >&2; exit 7') as container:
        wants(container.answer and container.answer[0].get('pid', container.answer[0].get('data', -1)) > 0, told(container))
        state = container.state()
        wants((state['status'], state['pid'], state['bundle']) == ('created', container.pid(), container.bundle), told(container))
        container.started()
        wants(container.exit_code() == 7, told(container))
        wants(sorted(container.log()) == [['stderr', 'F', 'err'], ['stdout', 'F', 'out']], Answer(0, str(container.log()), ''))
        state = container.state()
        wants((state['status'], state['pid']) == ('stopped', 0), Answer(0, str(state), ''))
        wants((answer := container.call('delete', '--force', container.id)).status == 0, answer)
        wants((answer := container.call('state', container.id)).status != 0 and 'does not exist' in answer.err, answer)
        wants((answer := container.call('delete', '--force', container.id)).status == 0, answer)  # once more is no error


def conmon_tells_refusal(engine, runtime):
    """a program that is not there: the runtime's words come over the sync pipe"""
    with Sandboxed(engine, runtime, '/no/such/program') as container:
        pid = container.answer[0].get('pid', container.answer[0].get('data', -1))
        if pid > 0:  # a runtime may find out at start only
            answer = container.call('start', container.id)
            wants(answer.status != 0 and 'no such file' in answer.err.lower(), answer)
        else:
            wants('no such file' in container.answer[0].get('message', '').lower(), told(container))


def conmon_executes(engine, runtime):
    """exec by conmon: pid and code over the sync pipe; what is not there"""
    with Sandboxed(engine, runtime).started() as container:
        answers = container.execute('sh', '-c', 'exit 9')
        wants(len(answers) == 2 and answers[0].get('data', answers[0].get('pid', -1)) > 0 and
              answers[1].get('data', answers[1].get('exit_code', -1)) == 9, Answer(0, str(answers), ''))
        answers = container.execute('/no/such/program')
        wants(answers and answers[0].get('data', answers[0].get('pid', 1)) < 0, Answer(0, str(answers), ''))


def conmon_gives_terminal(engine, runtime):
    """-t: conmon takes the terminal by --console-socket, and passes it on by its attach socket"""
    with Sandboxed(engine, runtime, 'sh', '-c', 'test -t 0 && test -t 1 && echo terminal; exit 3', terminal=True) as container:
        container.started()
        wants(container.exit_code() == 3, told(container))
        wants(['stdout', 'F', 'terminal'] in [[row[0], row[1], row[2].strip()] for row in container.log()], Answer(0, str(container.log()), ''))


def crio_kills(engine, runtime):
    """kill ID SIGNAL, then kill of one that is over: its words, delete"""
    with Sandboxed(engine, runtime, 'sh', '-c', 'trap "exit 5" TERM; echo ready; while true; do sleep 0.1; done').started() as container:
        eventually(lambda: ['stdout', 'F', 'ready'] in container.log())
        wants((answer := container.call('kill', container.id, 'TERM')).status == 0, answer)
        wants(container.exit_code() == 5, told(container))
        answer = container.call('kill', container.id, 'KILL')
        wants(answer.status != 0 and any(words in answer.err for words in ('container not running', 'no such process')), answer)
    with Sandboxed(engine, runtime).started() as container:
        wants((answer := container.call('kill', '--all', container.id, '9')).status == 0, answer)
        wants(container.exit_code() == 137, told(container))


def crio_pauses(engine, runtime):
    """pause, state, resume"""
    with Sandboxed(engine, runtime).started() as container:
        wants((answer := container.call('pause', container.id)).status == 0, answer)
        wants(container.state()['status'] == 'paused', told(container))
        wants((answer := container.call('resume', container.id)).status == 0, answer)
        wants(container.state()['status'] == 'running', told(container))


def crio_updates(engine, runtime):
    """update --resources -"""
    needs_controller('memory')
    with Sandboxed(engine, runtime).started() as container:
        resources = {'memory': {'limit': 96 << 20}, 'cpu': {'shares': 512, 'quota': 50000, 'period': 100000}}
        answer = container.call('update', '--resources', '-', container.id, given=json.dumps(resources))
        wants(answer.status == 0, answer)
        wants(file_of(container.pid(), 'memory/memory.limit_in_bytes', 'memory.max') == str(96 << 20), answer)
        wants(file_of(container.pid(), 'cpu/cpu.cfs_quota_us', 'cpu.max').split()[0] == '50000', answer)


def crio_executes(engine, runtime):
    """exec -d --pid-file --process, and conmon-rs's globals twice over"""
    with Sandboxed(engine, runtime).started() as container:
        path = f'{container.bundle}/process'
        with open(path, 'w') as file:
            json.dump({'args': ['sleep', '1000'], 'cwd': '/', 'env': ['PATH=/bin'], 'user': {'uid': 0, 'gid': 0}}, file)
        root = f'--root={engine.place}/state'
        quiet = ['sh', '-c', 'exec "$@" >/dev/null 2>&1', 'sh']  # what stays has the caller's streams
        answer = engine.inside([*quiet, runtime.program, root, root, 'exec', '-d', '--pid-file', path + '.pid', '--process', path, container.id])
        wants(answer.status == 0, answer)
        pid = int(open(path + '.pid').read())
        wants(open(f'/proc/{pid}/cmdline').read() == 'sleep\x001000\x00', answer)
        answer = engine.inside([*quiet, runtime.program, root, root, 'exec', '-d', f'--pid-file={path}.pid2', container.id, 'true'])
        wants(answer.status == 0, answer)
        answer = container.call('ps', '--format', 'json', container.id)
        wants(pid in json.loads(answer.out), answer)


def crio_asks_features(engine, runtime):
    """features: versions, rro, idmap"""
    answer = engine.runtime(runtime, 'features')
    if answer.status != 0 and runtime.name in ('runc', 'crun'):
        raise Skipped('this version has none')
    features = json.loads(answer.out)
    wants(features['ociVersionMin'] and features['ociVersionMax'] and 'rro' in features['mountOptions'], answer)


CONMON = [conmon_runs_one, conmon_tells_refusal, conmon_executes, conmon_gives_terminal, crio_kills, crio_pauses, crio_updates, crio_executes,
          crio_asks_features]
