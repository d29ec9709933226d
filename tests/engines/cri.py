"""containerd's CRI service, asked over its socket for what kubelet asks."""
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

from engines import Containerd, make_image

PAUSE = 'docker.io/library/lodger-pause:1'
SERVICE = 'runtime.v1.RuntimeService'
NODE, POD, CONTAINER, TARGET = 2, 0, 1, 3  # NamespaceMode
EXITED, RUNNING = 2, 1                     # ContainerState
READY, NOTREADY = 0, 1                     # PodSandboxState
CNI = '/usr/lib/cni'
SUBNET = '10.213.77.0/24'


class Refused(Exception):
    """The service's answer, where it is an error."""

    def __init__(self, method, code, text):
        super().__init__(f'{method}: {code}: {text}')
        self.code, self.text = code, text


def messages():
    """The module that protoc makes of cri.proto."""
    with tempfile.TemporaryDirectory() as folder:
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.run(['protoc', f'-I{here}', f'--python_out={folder}', 'cri.proto'], check=True)
        sys.path.insert(0, folder)
        try:
            return importlib.import_module('cri_pb2')
        finally:
            sys.path.remove(folder)


class Cri(Containerd):
    """`run` is not here: what is asked for is a pod, and then its containers."""
    name = 'cri'
    own_folders = ('/run/containerd', '/var/run/netns', '/var/lib/cni')

    @classmethod
    def missing(cls):
        own = {'protobuf-compiler': shutil.which('protoc'), 'python3-grpcio': importlib.util.find_spec('grpc')}
        return [*super().missing(), *(package for package, there in own.items() if not there)]

    def begin(self):
        self.messages = messages()
        super().begin()

    def load(self):
        super().load()
        make_image(self.place + '/pause.tar', PAUSE, ['/bin/sleep', '1000000'])
        self.call(*self.load_words(self.place + '/pause.tar'), must=True, limit=60)

    def mounts(self):
        # a host has its /sys mounted writable: without, the first container that mounts it decides for all
        return [*super().mounts(), f'mkdir {self.place}/sys; mount -t sysfs sysfs {self.place}/sys']

    def handlers(self, table):
        """The runtimes as containerd knows them; a RuntimeClass names one by its handler."""
        for runtime in self.runtimes.values():
            path = runtime.shim and self.major() > 1
            yield (f'[{table}.{runtime.name}]\nruntime_type = "io.containerd.{"lodger" if runtime.shim and not path else "runc"}.v2"\n'
                   # containerd 2.1 asks nobody but what it takes for runc's shim whether there are user namespaces
                   + (f'runtime_path = "{runtime.shim}"\n' if path else '') + 'pod_annotations = ["org.lodger.network.*"]\n')
            if runtime.program:
                yield f'[{table}.{runtime.name}.options]\nBinaryName = "{runtime.program}"\n'

    def major(self):
        """The version's first number."""
        return int(self.inside(['containerd', '--version']).out.split()[2].lstrip('v').split('.')[0])

    def tables(self):
        """The names of the pod settings' table, and the sandbox's image, before containerd 2 and from it on."""
        if self.major() == 1:
            return 2, 'plugins."io.containerd.grpc.v1.cri"', f'sandbox_image = "{PAUSE}"\n'
        images = 'plugins."io.containerd.cri.v1.images".pinned_images'
        return 3, 'plugins."io.containerd.cri.v1.runtime"', f'[{images}]\nsandbox = "{PAUSE}"\n'

    def daemon_line(self):
        self.provide_network()
        version, table, sandbox = self.tables()
        with open(self.place + '/config.toml', 'w') as file:
            file.write(f'version = {version}\nroot = "{self.place}/data"\nstate = "/run/containerd/state"\n'
                       f'[grpc]\naddress = "/run/containerd/c.sock"\n'
                       # a machine without CAP_SYS_RESOURCE or AppArmor is one, too
                       f'[{table}]\nrestrict_oom_score_adj = true\ndisable_apparmor = true\n{sandbox}'
                       f'[{table}.cni]\nbin_dir = "{self.place}/cni/bin"\nconf_dir = "{self.place}/cni"\n'
                       f'[{table}.containerd]\ndefault_runtime_name = "{next(iter(self.runtimes))}"\n'
                       + ''.join(self.handlers(f'{table}.containerd.runtimes')))
        return f'containerd -c {self.place}/config.toml'

    def provide_network(self):
        """For pods that are not on the host's: a bridge in the engine's namespace. The plugins are copied, since another
        root need not have them."""
        os.makedirs(self.place + '/cni/bin', exist_ok=True)
        for plugin in ('bridge', 'host-local', 'loopback'):
            if os.path.exists(f'{CNI}/{plugin}'):
                shutil.copy(f'{CNI}/{plugin}', self.place + '/cni/bin')
        bridge = {'type': 'bridge', 'bridge': 'lodgercri0', 'isGateway': True,
                  'ipam': {'type': 'host-local', 'ranges': [[{'subnet': SUBNET}]], 'dataDir': '/var/lib/cni/networks'}}
        with open(self.place + '/cni/10-lodger.conflist', 'w') as file:
            json.dump({'cniVersion': '0.4.0', 'name': 'lodger', 'plugins': [bridge]}, file)

    def client(self):
        return [*super().client(), '-n', 'k8s.io']

    def ready(self):
        try:
            return self.conditions() == {'RuntimeReady': True, 'NetworkReady': True}
        except Refused:
            return False

    def conditions(self):
        return {one.type: one.status for one in self.ask('Status').status.conditions if one.type in ('RuntimeReady', 'NetworkReady')}

    def ask(self, method, limit=30, **fields):
        import grpc
        socket = f'unix:///proc/{self.holder.pid}/root/run/containerd/c.sock'
        request = getattr(self.messages, method + 'Request')(**fields)
        with grpc.insecure_channel(socket) as channel:
            call = channel.unary_unary(f'/{SERVICE}/{method}', request_serializer=type(request).SerializeToString,
                                       response_deserializer=getattr(self.messages, method + 'Response').FromString)
            try:
                return call(request, timeout=limit)
            except grpc.RpcError as wrong:
                raise Refused(method, wrong.code().name, wrong.details()) from None
