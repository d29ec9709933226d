"""Which of the kernel's modules a guest gets, and which it loads before its command starts."""
import lzma
import re
import shutil
from pathlib import Path

# To reach the host and the disk.
TRANSPORT = ['virtio_pci', 'virtio_console', 'virtio_blk']
LOADED = '''overlay veth bridge tun loop cls_cgroup'''.split()
# In the guest as well, loaded by the kernel or by modprobe when first used.
ON_DEMAND = re.compile(
    r'kernel/(net/(netfilter/(nf|nft|xt|x_tables)|ipv4/|ipv6/|bridge/(bridge|br_|nf|nft)|sched/|8021q/|802/|llc/'
    r'|packet/|unix/|netlink/|core/)'
    r'|drivers/net/(veth|tun|dummy|macvlan|macvtap|ipvlan/|ifb|vxlan|vrf)'
    r'|drivers/block/(loop|brd|null_blk|zram|virtio_blk)|mm/zsmalloc|block/bfq|crypto/(lzo|zstd)|drivers/infiniband/sw/'
    r'|fs/(overlayfs|fuse|squashfs|binfmt_misc|autofs)|lib/crc|lib/libcrc|arch/x86/crypto/crc32|crypto/crc32)')


def plain(name):
    """Modules are named with either sign."""
    return name.replace('-', '_')


def select(source, target):
    """Copies the wanted modules, unpacked and unsigned, and all that they depend on."""
    paths = {plain(path.name.split('.')[0]): path.relative_to(source) for path in source.glob('kernel/**/*.ko*')}
    wanted = {*LOADED, *TRANSPORT, *(name for name, path in paths.items() if ON_DEMAND.match(str(path)))}
    todo, done = [name for name in wanted if name in paths], set()  # the rest is built in
    while todo:
        name = todo.pop()
        if name not in done:
            done.add(name)
            todo += unpack(source / paths[name], target / str(paths[name]).removesuffix('.xz'))
    for name in ('modules.order', 'modules.builtin', 'modules.builtin.modinfo'):
        shutil.copy(source / name, target)


def unpack(source, target):
    """Copies one module; returns those that it depends on."""
    data = source.read_bytes()
    if source.suffix == '.xz':
        data = lzma.decompress(data)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(unsigned(data))
    depends = re.search(rb'\0depends=([^\0]*)\0', data)
    return [plain(name) for name in depends[1].decode().split(',') if name] if depends else []


def unsigned(module):
    """Drops a module's signature: checking it takes an emulated processor some 30 ms per module."""
    magic = b'~Module signature appended~\n'
    if not module.endswith(magic):
        return module
    end = len(module) - len(magic)
    size = int.from_bytes(module[end - 4:end], 'big')  # the last member of the 12 bytes of struct module_signature
    return module[:end - 12 - size]


def load_order(kernel):
    """Files of the modules to load before the command, relative to lib/modules, each after those that it needs."""
    (folder,) = (Path(kernel) / 'lib/modules').iterdir()
    files = {}
    for line in (folder / 'modules.dep').read_text().splitlines():
        path, _, needs = line.partition(':')
        files[plain(Path(path).stem)] = [*reversed(needs.split()), path]
    wanted = [path for name in TRANSPORT + LOADED for path in files.get(name, [])]
    return [f'{folder.name}/{path}' for path in dict.fromkeys(wanted)]
