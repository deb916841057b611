"""What more partitions and processes cost: 8 and 4 beside 1 and 1, on platforms of their own, half the contacts."""

from statistics import median

from bench.figures import Measure
from bench.ground import people, platform
from bench.launches import EVERYBODY, launch, measure_of
from bench.options import Options


def measure(options: Options) -> list[Measure]:
    contacts = options.contacts // 2
    of = measure_of(contacts)
    one, many = _costs(contacts, 1, 1, options.rounds), _costs(contacts, 8, 4, options.rounds)
    return [
        of("cpu_1x1", one, "µs"),
        of("cpu_8x4", many, "µs"),
        of("cpu_8x4_of_1x1", [median(many) / median(one)], "ratio"),
    ]


def _costs(contacts: int, partitions: int, executors: int, rounds: int) -> list[float]:
    """µs of CPU per contact, after a launch that only warms up."""
    with platform(partitions, executors) as ground:
        everybody = people(ground, "scale", contacts)
        launches = [launch(everybody, "bench", EVERYBODY, contacts) for _ in range(rounds + 1)]
    return [sum(one.cpu().values()) for one in launches[1:]]
