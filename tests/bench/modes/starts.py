"""The time of a start in each mode, and of a bind(2) under what judges it."""
import json

from world import PATHS, PORT, chosen, run, timed


def measure_starts(lodger, args):
    lodger.bundle(['/true'])
    samples = {path: [] for path in chosen(args.paths, 'starts')}
    order = list(samples)
    for number in range(args.rounds * 4 + 1):
        for path in order:
            took = timed(lodger.words('run', PATHS[path].words([f'{PORT}:{PORT}'])))
            if number:  # the first one makes what later ones find: the bridge, caches
                samples[path].append(took)
        order.append(order.pop(0))
    return samples


def judged():
    """What a bind of PORT goes through, by name: lists and maps of one entry, and of many, none of which touch one another."""
    def bind(count):
        return 'host,' + ','.join(f'bind={port}' for port in [PORT, *range(20000, 20000 + 2 * (count - 1), 2)])

    def publish(count):
        return [word for port in [PORT, *range(20000, 20000 + 2 * (count - 1), 2)] for word in ('-p', f'{port + 10000}:{port}')]

    return {'host': ['--network', 'host'],
            'bind 1': ['--network', bind(1)], 'bind 500': ['--network', bind(500)],
            'map 1': ['--network', 'host,map', *publish(1)], 'map 256': ['--network', 'host,map', *publish(256)]}


def measure_binds(lodger, args):
    lodger.bundle(['/traffic', 'bind', '0.0.0.0', str(PORT), '1'])
    words = judged()
    samples = {name: [] for name in words}
    for _ in range(args.rounds):
        for name, network in words.items():
            samples[name].append(json.loads(run(lodger.words('run', network))))
    return samples
