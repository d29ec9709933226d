"""Pods on the host's network, and on one of their own."""
import concurrent.futures
import os

from common import eventually
from cri import CNI, EXITED, POD, READY, RUNNING
from engines import Skipped
from pods import SERVER, asks_port, holds, namespace, pod, refused
from websocket import Channels


def on_host(engine, runtime):
    """hostNetwork: pod and container in the host's stack"""
    with pod(engine, runtime) as made:
        member = made.add()
        host = namespace(engine.holder.pid, 'net')
        holds((namespace(made.pid(), 'net'), namespace(member.pid(), 'net')) == (host, host), host)
        holds(made.state() == READY and made.ip() == '', made.ip())
        holds(member.status().state == RUNNING, member.status())


def serves(engine, runtime):
    """hostNetwork: its server is on the host's localhost"""
    with pod(engine, runtime) as made:
        made.add('sh', '-c', SERVER.format(18080))
        eventually(lambda: asks_port(engine, '127.0.0.1', 18080) == 'hello\n')


def reaches(engine, runtime):
    """hostNetwork: it reaches the host's server"""
    with pod(engine, runtime) as made:
        member = made.add()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            server = pool.submit(engine.inside, ['busybox', 'nc', '-l', '-p', '18081'], given='from the host\n')
            eventually(lambda: member.execute('sh', '-c', 'echo x | nc 127.0.0.1 18081').out == 'from the host\n')
            holds(server.result().out == 'x\n', server.result())


def ignores_mappings(engine, runtime):
    """hostNetwork: port mappings are without effect"""
    mapping = [{'container_port': 18082, 'host_port': 18083}]
    with pod(engine, runtime, port_mappings=mapping) as made:
        made.add('sh', '-c', SERVER.format(18082))
        eventually(lambda: asks_port(engine, '127.0.0.1', 18082) == 'hello\n')
        holds(asks_port(engine, '127.0.0.1', 18083) == '', 'the mapped port answers')


def shares_ports(engine, runtime):
    """hostNetwork: the second pod's bind fails, status Error"""
    with pod(engine, runtime) as first, pod(engine, runtime) as second:
        first.add('nc', '-l', '-p', '18084')
        eventually(lambda: ':46A4 ' in engine.inside(['cat', '/proc/net/tcp', '/proc/net/tcp6']).out)
        member = second.add('nc', '-l', '-p', '18084')
        eventually(lambda: member.status().state == EXITED)
        holds((member.status().exit_code, member.status().reason) == (1, 'Error'), member.status())
        holds('in use' in member.log()[0][1], member.log())


def owner_is_told(engine, runtime):
    """hostNetwork, LODGER_REQUIRE_PORTS: the second is told whose the port is"""
    if runtime.name in ('runc', 'crun'):
        raise Skipped("a variable of lodger's")
    listens = {'envs': [{'key': 'LODGER_REQUIRE_PORTS', 'value': '18087'}]}
    with pod(engine, runtime) as first, pod(engine, runtime) as second:
        owner = first.add('nc', '-l', '-p', '18087', **listens)
        eventually(lambda: ':46A7 ' in engine.inside(['cat', '/proc/net/tcp', '/proc/net/tcp6']).out)
        member = second.make('nc', '-l', '-p', '18087', **listens)
        text = refused(member.start)
        holds(f':18087 by container {owner.id} (nc, pid {owner.pid()})' in text, text)
        holds(member.status().reason == 'StartError', member.status())


def keeps_to_ports(engine, runtime):
    """hostNetwork, org.lodger.network.bind: other ports are not to be had"""
    if runtime.name in ('runc', 'crun'):
        raise Skipped("an annotation of lodger's")
    with pod(engine, runtime, annotations={'org.lodger.network.bind': '18088'}) as made:
        member = made.add('sh', '-c', SERVER.format(18088))
        eventually(lambda: asks_port(engine, '127.0.0.1', 18088) == 'hello\n')
        answer = member.execute('nc', '-l', '-p', '18089')
        holds('ermi' in answer.err and answer.status != 0, answer)


def forwards(engine, runtime):
    """PortForward: to a server of the pod"""
    with pod(engine, runtime) as made:
        made.add('sh', '-c', SERVER.format(18085))
        eventually(lambda: asks_port(engine, '127.0.0.1', 18085) == 'hello\n')
        numbered = (18085).to_bytes(2, 'little')

        def through():
            url = engine.ask('PortForward', pod_sandbox_id=made.id, port=[18085]).url
            with Channels(engine.holder.pid, url, 'port=18085') as channels:
                return [channels.message() for _ in range(3)]
        eventually(lambda: through() == [(0, numbered), (1, numbered), (0, b'hello\n')])


def networks(engine, runtime):
    """a pod on a CNI bridge: its own address, not the host's"""
    if not os.path.exists(CNI + '/bridge'):
        raise Skipped('not installed: containernetworking-plugins')
    with pod(engine, runtime, network=POD, hostname='web', linux={'sysctls': {'net.ipv4.ip_unprivileged_port_start': '80'}}) as made:
        holds(made.ip().startswith('10.213.77.'), made.ip())
        member = made.add('sh', '-c', SERVER.format(80), security={'run_as_user': {'value': 1000}})
        eventually(lambda: asks_port(engine, made.ip(), 80) == 'hello\n')
        holds(asks_port(engine, '127.0.0.1', 80) == '', 'it is on the host')
        holds(namespace(member.pid(), 'net') == namespace(made.pid(), 'net') != namespace(engine.holder.pid, 'net'), made.ip())
        holds(member.execute('hostname').out == 'web\n', member.execute('hostname'))


POD_NETWORK = [on_host, serves, reaches, ignores_mappings, shares_ports, owner_is_told, keeps_to_ports, forwards, networks]
