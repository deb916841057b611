"""executor's composition root: what it consumes, emits and does between records."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contracts.event import Event, Value
from contracts.launches import ScenarioVersion
from contracts.topics import TOPICS
from contracts.words import LaunchMode
from executor.adapters import figures, work
from executor.adapters.contacts import PostgresContacts, PostgresUpdates
from executor.adapters.gates import PostgresGates
from executor.adapters.incidents import PostgresIncidents
from executor.adapters.instances import PostgresInstances
from executor.adapters.launches import PostgresLaunches
from executor.adapters.orders import PostgresContactOrders
from executor.adapters.recurrences import PostgresRecurrences
from executor.api import routes
from executor.domain.launch import Launch, compile_launch
from executor.handlers.between import Between
from executor.handlers.changes import Changes
from executor.handlers.control import Controls
from executor.handlers.deliveries import Deliveries
from executor.handlers.orders import ContactOrdering
from executor.handlers.resolutions import Resolutions
from executor.handlers.targets import Targets
from executor.ports import Stores
from runtime.cel import Condition, ConditionError
from runtime.service import Gauge, Job, Service, Subscription
from runtime.settings import Settings

LOOK_SECONDS = 0.4
"""So often each process looks for orders and for what is due: a fifth of what one with nothing to do costs."""


def build(settings: Settings) -> Service:
    kept = stores()
    between = Between(kept)
    return Service(
        name="executor",
        migrations=Path(__file__).parent / "migrations",
        subscriptions=[
            Subscription(
                "contacts.targets",
                reads("contacts.targets", "LaunchOpened", "TargetsAdmitted", "TargetingFinished"),
                Targets(kept).on_targets,
            ),
            Subscription("contacts.changes", reads("contacts.changes", "ContactsChanged"), Changes(kept).on_changes),
            Subscription(
                "messaging.deliveries",
                reads("messaging.deliveries", "DeliveriesRecorded"),
                Deliveries(kept).on_deliveries,
            ),
            Subscription(
                "launcher.launches",
                reads("launcher.launches", "LaunchRequested", "LaunchControlled", "ContactOrdered"),
                Controls(kept).on_launches,
            ),
        ],
        emits=["executor.sends", "executor.updates", "executor.outcomes"],
        jobs=[
            Job("orders", between.orders, every=LOOK_SECONDS, look=work.ORDERS),
            Job("contact orders", ContactOrdering(kept).run, every=LOOK_SECONDS, look=work.CONTACT_ORDERS),
            Job("timers", between.timers, every=LOOK_SECONDS, look=work.TIMERS),
            Job("counts", between.counts, every=1.0, look=work.COUNTS),
            Job("resolutions", Resolutions(kept).resolutions, every=1.0, look=work.RESOLUTIONS),
        ],
        gauges=[
            Gauge("slipway_instances_open", "Process instances that have not ended.", figures.instances_open),
            Gauge("slipway_incidents_open", "Instances that cannot go on without a person.", figures.incidents_open),
            Gauge(
                "slipway_timers_due", "Instances whose time has come and which have not gone on.", figures.timers_due
            ),
            Gauge(
                "slipway_timers_oldest_due_seconds",
                "How long the longest of them has been due.",
                figures.timers_oldest_due_seconds,
            ),
        ],
        routes=routes,
    )


def stores() -> Stores:
    """Every port on PostgreSQL."""
    return Stores(
        launches=PostgresLaunches(_compile),
        gates=PostgresGates(),
        instances=PostgresInstances(),
        recurrences=PostgresRecurrences(),
        contacts=PostgresContacts(),
        updates=PostgresUpdates(),
        incidents=PostgresIncidents(),
        orders=PostgresContactOrders(),
    )


class Unread(Value):
    """A type that lies on a consumed topic and says nothing to executor: none of it is decoded."""


def reads(topic: str, *names: str) -> Mapping[str, type[BaseModel]]:
    """Everything that may lie on the topic; only the named events are decoded."""
    events: tuple[type[Event], ...] = TOPICS[topic].events
    return {event.TYPE: event if event.__name__ in names else Unread for event in events}


def _compile(
    launch_id: str, version: ScenarioVersion, context: Mapping[str, Any], retry_of: str | None, mode: LaunchMode
) -> Launch:
    return compile_launch(launch_id, version, context, retry_of, _condition, mode)


def _condition(source: str) -> Condition | None:
    """launcher refuses what does not compile; should a condition still not, its contacts end with an error."""
    try:
        return Condition.compile(source)
    except ConditionError:
        return None
