"""What more partitions and processes cost: 8 and 4 beside 1 and 1, on platforms of their own.

In launches of the size of the others', where what beginning, ending and resting processes cost counts, and in launches
four times as large, where it hardly does.
"""

from statistics import median

from bench.figures import Measure
from bench.ground import people, platform
from bench.launches import EVERYBODY, launch, measure_of
from bench.options import Options

ROUNDS = 2
"""At most: most of the time goes into making contacts."""


TIMES = 4
"""So many times the contacts of the other parts."""


def measure(options: Options) -> list[Measure]:
    short, rounds = options.contacts, min(options.rounds, ROUNDS)
    long = TIMES * short
    one, many = _costs([short, long], 1, 1, rounds), _costs([short, long], 8, 4, rounds)
    figures = []
    for contacts, name in ((short, ""), (long, "_long")):
        of = measure_of(contacts)
        figures += [
            of(f"cpu_1x1{name}", one[contacts], "µs"),
            of(f"cpu_8x4{name}", many[contacts], "µs"),
            of(f"cpu_8x4_of_1x1{name}", [median(many[contacts]) / median(one[contacts])], "ratio"),
        ]
    return figures


def _costs(sizes: list[int], partitions: int, executors: int, rounds: int) -> dict[int, list[float]]:
    """µs of CPU per contact, after a launch that only warms up, by contacts of a launch."""
    costs = {}
    with platform(partitions, executors) as ground:
        for contacts in sizes:
            everybody = people(ground, f"scale{contacts}", contacts)
            launches = [launch(everybody, "bench", EVERYBODY, contacts) for _ in range(rounds + 1)]
            costs[contacts] = [sum(one.cpu().values()) for one in launches[1:]]
    return costs
