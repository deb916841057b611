"""Where PostgreSQL's CPU goes: by process, and by statement. From launches of their own, for the account costs, too."""

from bench.figures import Measure
from bench.ground import People
from bench.launches import EVERYBODY, launch, measure_of
from bench.options import Options
from bench.statements import followed

SMALLEST = 0.1
"""µs per contact; statements below are summed."""


def measure(people: People, options: Options) -> list[Measure]:
    ground = people.ground
    with followed(ground.database("postgres"), ground.home / "logs" / "postgres.log") as found:
        launched = launch(people, "bench", EVERYBODY, options.contacts)
    of = measure_of(options.contacts)
    by_statement = {key: cost.seconds * 1e6 / options.contacts for key, cost in found.costs.items()}
    shown = {key: value for key, value in by_statement.items() if value >= SMALLEST}
    measures = [
        of("statement", [value], "µs", of=f"{database}: {sql}", calls=found.costs[database, sql].calls)
        for (database, sql), value in sorted(shown.items(), key=lambda item: -item[1])
    ]
    return [
        of("statements_cpu_per_contact", [sum(launched.cpu().values())], "µs"),
        of("statements_cpu_postgres", [launched.cpu()["postgres"]], "µs"),
        of("statements", [sum(by_statement.values())], "µs"),
        *measures,
        of("statements_below", [sum(by_statement.values()) - sum(shown.values())], "µs"),
    ]
