"""Pods and their containers, and what scenarios about them are written with."""
import json
import os

from common import fresh
from cri import CONTAINER, NODE, POD, Refused
from engines import IMAGE, Answer

SERVER = 'while true; do echo hello | nc -l -p {}; done'


class Pod:
    """A pod in which containers can be run, until the block ends. `network`, `pid`, `ipc`: whose namespace."""

    def __init__(self, engine, runtime, name, network=NODE, pid=CONTAINER, ipc=POD, users=None, linux=None, security=None, **config):
        self.engine, self.runtime, self.name = engine, runtime, name
        self.namespaces = {'network': network, 'pid': pid, 'ipc': ipc, **({'userns_options': users} if users else {})}
        self.logs = f'{engine.place}/logs/{name}'
        self.config = {'metadata': {'name': name, 'uid': name, 'namespace': 'default'}, 'log_directory': self.logs,
                       'linux': {'cgroup_parent': f'{engine.cgroup}/{name}',
                                 'security_context': {'namespace_options': self.namespaces, **(security or {})}, **(linux or {})},
                       **config}
        self.id = engine.ask('RunPodSandbox', config=self.config, runtime_handler=runtime.name).pod_sandbox_id

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        try:
            self.engine.ask('StopPodSandbox', pod_sandbox_id=self.id)
        except Refused as refused:  # containerd's usual shim may just have gone with its last container: kubelet asks again, too
            if self.runtime.shim or 'ttrpc: closed' not in refused.text:
                raise
            self.engine.ask('StopPodSandbox', pod_sandbox_id=self.id)
        self.engine.ask('RemovePodSandbox', pod_sandbox_id=self.id)

    def state(self):
        return self.engine.ask('PodSandboxStatus', pod_sandbox_id=self.id).status.state

    def ip(self):
        return self.engine.ask('PodSandboxStatus', pod_sandbox_id=self.id).status.network.ip

    def pid(self):
        return json.loads(self.engine.ask('PodSandboxStatus', pod_sandbox_id=self.id, verbose=True).info['info'])['pid']

    def make(self, *command, name='c', security=None, resources=None, **config):
        """A container that is not started yet."""
        asked = {'metadata': {'name': name}, 'image': {'image': IMAGE}, 'command': list(command), 'log_path': f'{name}.log',
                 'linux': {'resources': resources or {},
                           'security_context': {'namespace_options': self.namespaces, **(security or {})}}, **config}
        made = self.engine.ask('CreateContainer', pod_sandbox_id=self.id, config=asked, sandbox_config=self.config)
        return Member(self, name, made.container_id)

    def add(self, *command, **more):
        member = self.make(*(command or ('sleep', '1000')), **more)
        member.start()
        return member


class Member:
    """A container of a pod."""

    def __init__(self, pod, name, id):
        self.pod, self.name, self.id, self.engine = pod, name, id, pod.engine

    def start(self):
        self.engine.ask('StartContainer', container_id=self.id)

    def stop(self, timeout):
        self.engine.ask('StopContainer', container_id=self.id, timeout=timeout, limit=60)

    def status(self):
        return self.engine.ask('ContainerStatus', container_id=self.id).status

    def pid(self):
        return json.loads(self.engine.ask('ContainerStatus', container_id=self.id, verbose=True).info['info'])['pid']

    def execute(self, *command, timeout=10):
        done = self.engine.ask('ExecSync', container_id=self.id, cmd=command, timeout=timeout)
        return Answer(done.exit_code, done.stdout.decode(), done.stderr.decode())

    def log(self):
        """Of each line its stream and its text: "2016-10-06T00:17:09.669794202Z stdout F The content"."""
        with open(f'{self.pod.logs}/{self.name}.log') as file:
            return [tuple(line.rstrip('\n').split(' ', 3)[1::2]) for line in file]

    def figures(self):
        return self.engine.ask('ContainerStats', container_id=self.id).stats


def holds(condition, seen):
    if not condition:
        raise AssertionError(repr(seen))


def refused(question):
    """The error that the question is answered with."""
    try:
        answer = question()
    except Refused as error:
        return error.text
    raise AssertionError(f'it was answered: {answer!r}')


def pod(engine, runtime, **more):
    return Pod(engine, runtime, fresh(), **more)


def namespace(pid, kind):
    return os.readlink(f'/proc/{pid}/ns/{kind}')


def lines(pid, file):
    with open(f'/proc/{pid}/{file}') as opened:
        return dict(line.rstrip('\n').split(':\t', 1) for line in opened if ':\t' in line)


def asks_port(engine, address, port):
    return engine.inside(['busybox', 'nc', '-w', '2', address, str(port)], given='').out
