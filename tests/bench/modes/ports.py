"""What many published ports cost: time, memory, rules, processes."""
import json
import subprocess
import time

from world import PATHS, chosen, helpers, timed

FIRST = 1024
# The same ports said in other ways: numbers that move, which NAT has no single element for, and each by an option of its own.
SHAPES = {'range': ['host', 'map', 'bind', 'bridge', 'proxy', 'relay', 'list'],
          'shifted': ['bridge', 'proxy'],
          'separate': ['host', 'bridge', 'proxy']}


def published(shape, count):
    last = FIRST + count - 1
    if shape == 'separate':
        return [f'{port}:{port}' for port in range(FIRST, last + 1)]
    step = 1 if shape == 'shifted' else 0
    return [f'{FIRST}-{last}:{FIRST + step}-{last + step}' if count > 1 else f'{FIRST}:{FIRST + step}']


def table_size():
    """How many rules and set elements there are in lodger's table."""
    listed = subprocess.run(['nft', '-j', 'list', 'table', 'inet', 'lodger'], text=True, check=False,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if listed.returncode != 0:
        return 0, 0
    entries = json.loads(listed.stdout)['nftables']
    elements = sum(len(one.get('elem', [])) for entry in entries for kind, one in entry.items() if kind in ('map', 'set'))
    return sum('rule' in entry for entry in entries), elements


def memory_of(pid):
    with open(f'/proc/{pid}/smaps_rollup', encoding='ascii') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('Pss:'))


def kernel_memory():
    """What the whole kernel holds and cannot give back, in KiB (proc_meminfo(5)): a difference means something on a quiet machine."""
    with open('/proc/meminfo', encoding='ascii') as file:
        fields = dict(line.split(':') for line in file)
    return sum(int(fields[name].split()[0]) for name in ('SUnreclaim', 'Percpu', 'VmallocUsed'))


def one_round(lodger, path, ports):
    there, kernel = helpers(), kernel_memory()
    sample = {'create': timed(lodger.words('create', PATHS[path].words(ports)))}
    more = helpers() - there
    sample['kernel'] = kernel_memory() - kernel
    sample['rules'], sample['elements'] = table_size()
    sample.update(processes=len(more), memory=sum(map(memory_of, more)))
    sample['start'] = timed([*lodger.base, 'start', 'bench'])
    time.sleep(0.05)  # /true ends
    sample['delete'] = timed([*lodger.base, 'delete', 'bench'])
    time.sleep(0.05)  # what the kernel frees later than it says
    return sample


def cost_of_ports(lodger, path, ports, rounds):
    """The first round makes what later ones find, and is not counted; the network is made anew for it, so that all that is in
    the table is this container's and its network's."""
    lodger.prune()
    try:
        one_round(lodger, path, ports)
    except subprocess.CalledProcessError as error:
        return {'refused': error.stderr.strip().splitlines()[-1]}
    samples = [one_round(lodger, path, ports) for _ in range(rounds)]
    return {key: [sample[key] for sample in samples] for key in samples[0]}


def measure_ports(lodger, args):
    lodger.bundle(['/true'])
    samples = {}
    for count in map(int, args.ports.split(',')):
        for shape, paths in SHAPES.items():
            for path in paths:
                if path in chosen(args.paths, 'ports'):
                    cost = cost_of_ports(lodger, path, published(shape, count), args.rounds)
                    samples.setdefault(f'{path} {shape}', {})[count] = cost
    return samples
