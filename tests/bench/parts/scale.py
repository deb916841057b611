"""What more partitions and processes cost: 8 and 4 beside 1 and 1, on platforms of their own."""

from statistics import median

from bench.figures import Measure
from bench.ground import people, platform
from bench.launches import EVERYBODY, launch, measure_of
from bench.options import Options

ROUNDS = 2
"""At most: most of the time goes into making contacts."""


def measure(options: Options) -> list[Measure]:
    of, rounds = measure_of(options.contacts), min(options.rounds, ROUNDS)
    one, many = _costs(options.contacts, 1, 1, rounds), _costs(options.contacts, 8, 4, rounds)
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
