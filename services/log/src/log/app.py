"""log's composition root: what it consumes, emits and does between records."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from contracts.event import Event
from contracts.topics import TOPICS
from log.adapters import work
from log.adapters.chunks import PostgresChunks
from log.adapters.launches import PostgresLaunches
from log.adapters.outcomes import PostgresOutcomes
from log.api import routes
from log.domain.records import EXPANDER, expand
from log.handlers import Handlers
from log.jobs import Jobs
from runtime.service import Expanded, Job, Service, Subscription
from runtime.settings import Settings


def build(settings: Settings) -> Service:
    launches, outcomes, chunks = PostgresLaunches(), PostgresOutcomes(), PostgresChunks()
    handlers = Handlers(launches, outcomes, chunks)
    jobs = Jobs(launches, outcomes)
    return Service(
        name="log",
        migrations=Path(__file__).parent / "migrations",
        subscriptions=[
            Subscription("launcher.launches", events("launcher.launches"), handlers.on_launches),
            Subscription("contacts.targets", events("contacts.targets"), handlers.on_targets),
            Subscription("executor.outcomes", events("executor.outcomes"), handlers.on_outcomes),
            Subscription("messaging.deliveries", events("messaging.deliveries"), handlers.on_deliveries),
            Subscription("log.launches", events("log.launches"), handlers.on_snapshots),
        ],
        emits=["log.outcomes", "log.launches"],
        jobs=[Job("publish", jobs.publish, every=0.2, look=work.UNPUBLISHED), Job("sweep", jobs.sweep, every=60)],
        expanders={EXPANDER: outcomes_v1},
        routes=routes,
    )


def events(topic: str) -> Mapping[str, type[Event]]:
    """Everything that may lie on it."""
    return {event.TYPE: event for event in TOPICS[topic].events}


def outcomes_v1(value: bytes, headers: Mapping[str, str], partitions: int) -> Iterable[Expanded]:
    return (Expanded(*record) for record in expand(value, headers))
