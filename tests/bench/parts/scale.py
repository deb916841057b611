"""What more partitions and processes cost: 8 and 4 beside 1 and 1, on platforms of their own."""

from statistics import median

from bench.figures import Measure
from bench.ground import people, platform
from bench.launches import EVERYBODY, launch, measure_of
from bench.options import Options


def measure(options: Options) -> list[Measure]:
    of = measure_of(options.contacts)
    one, many = _costs(options, 1, 1), _costs(options, 8, 4)
    return [
        of("cpu_1x1", one, "µs"),
        of("cpu_8x4", many, "µs"),
        of("cpu_8x4_of_1x1", [median(many) / median(one)], "ratio"),
    ]


def _costs(options: Options, partitions: int, executors: int) -> list[float]:
    """µs of CPU per contact, after a launch that only warms up."""
    with platform(partitions, executors) as ground:
        everybody = people(ground, "scale", options.contacts)
        launches = [launch(everybody, "bench", EVERYBODY, options.contacts) for _ in range(options.rounds + 1)]
    return [sum(one.cpu().values()) for one in launches[1:]]
