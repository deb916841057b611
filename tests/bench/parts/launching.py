"""The launch of one message beside the limit program, in turn, and what its data take."""

from bench import limit
from bench.figures import Measure
from bench.ground import People
from bench.launches import EVERYBODY, cpu_measures, launch, measure_of
from bench.options import Options
from bench.peers.crew import Shape, run
from bench.storage import Stored, stored


def measure(people: People, options: Options) -> list[Measure]:
    ground = people.ground
    shape = Shape(
        ground.kafka, ground.database("executor"), options.contacts, ground.partitions, ground.executors, limit.CHUNK
    )
    launch(people, "bench", EVERYBODY, options.contacts)  # the first one warms up
    before = stored(ground)
    limits, launches = [], []
    for _ in range(options.rounds):
        limits.append(run(limit.WAY, shape).rate)
        launches.append(launch(people, "bench", EVERYBODY, options.contacts))
    of = measure_of(options.contacts)
    return [
        of("limit", limits, "contacts/s"),
        of("end_to_end", [one.rate for one in launches], "contacts/s"),
        of(
            "end_to_end_of_limit",
            [one.rate / limit for one, limit in zip(launches, limits, strict=True)],
            "ratio",
        ),
        *cpu_measures("cpu_", "cpu_per_contact", launches, of),
        of("rss", [one.resident / 1e6 for one in launches], "MB"),
        of("rss_summed", [one.summed / 1e6 for one in launches], "MB"),
        of("first_message", [one.first_message for one in launches], "s"),
        *storage_measures(stored(ground).since(before), options.contacts, options.contacts * options.rounds),
    ]


def storage_measures(grown: Stored, n: int, finished: int) -> list[Measure]:
    """Per million contacts finished."""
    of, scale = measure_of(n), 1 / finished  # bytes of one are MB of a million
    return [
        of("storage_per_million", [grown.postgres * scale], "MB"),
        of("kafka_per_million", [grown.kafka * scale], "MB"),
        *(
            of("storage_of_table", [size * scale], "MB", of=table)
            for table, size in sorted(grown.tables.items(), key=lambda item: -item[1])
            if size * scale >= 1
        ),
    ]
