"""The same launch at growing numbers of contacts, on one platform: what changes with the number, and what does not."""

from collections.abc import Iterator

from bench.figures import Measure
from bench.ground import People, people, platform
from bench.launches import EVERYBODY, launch, measure_of
from bench.options import Options
from bench.parts import counting
from bench.parts.small import in_the_middle
from bench.storage import stored

LARGE = 1_000_000
"""From here on one round is enough, and long enough for another launch in its middle."""


def measure(options: Options) -> list[Measure]:
    with platform(options.partitions, options.executors) as ground:
        projects = {size: people(ground, f"growth-{size}", size) for size in options.growth}
        smallest = projects[min(projects)]
        launch(smallest, "bench", EVERYBODY, smallest.contacts)  # the first one warms up
        return [one for size in sorted(projects) for one in _at(projects[size], options)]


def _at(project: People, options: Options) -> Iterator[Measure]:
    size = project.contacts
    rounds = 1 if size >= LARGE else options.rounds
    before = stored(project.ground)
    launches = [launch(project, "bench", EVERYBODY, size) for _ in range(rounds)]
    grown, finished = stored(project.ground).since(before), size * rounds
    of = measure_of(size)
    yield of("growth_end_to_end", [one.rate for one in launches], "contacts/s")
    yield of("growth_cpu_per_contact", [sum(one.cpu().values()) for one in launches], "µs")
    yield of("growth_rss", [one.resident / 1e6 for one in launches], "MB")
    yield of("growth_first_message", [one.first_message for one in launches], "s")
    yield of("growth_storage_per_million", [grown.postgres / finished], "MB")
    yield of("growth_kafka_per_million", [grown.kafka / finished], "MB")
    yield from counting.measure(project)
    if size >= LARGE and (wait := in_the_middle(project)) is not None:
        yield of("growth_small_launch", [wait], "s")
