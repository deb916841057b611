"""Send, wait a second, send again: beside a single send, in turn."""

from bench.figures import Measure
from bench.ground import People
from bench.launches import EVERYBODY, cpu_measures, launch, measure_of
from bench.options import Options


def measure(people: People, options: Options) -> list[Measure]:
    singles, doubles = [], []
    for _ in range(options.rounds):
        singles.append(launch(people, "bench", EVERYBODY, options.contacts))
        doubles.append(launch(people, "twice", EVERYBODY, options.contacts))
    of = measure_of(options.contacts)
    ratios = [double.rate / single.rate for single, double in zip(singles, doubles, strict=True)]
    return [
        of("send_wait_send", [double.rate for double in doubles], "contacts/s"),
        of("send_wait_send_of_single", ratios, "ratio"),
        *cpu_measures("send_wait_send_cpu_", "cpu_per_send_wait_send", doubles, of),
    ]
