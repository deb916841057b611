"""What contacts consists of: streams, jobs, routes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from contacts.adapters import work
from contacts.adapters.answers import PostgresAnswers
from contacts.adapters.audience import PostgresAudience
from contacts.adapters.contacts import PostgresContacts
from contacts.adapters.counting import CONNECTIONS, PostgresCounting, Snapshots
from contacts.adapters.directory import PostgresDirectory
from contacts.adapters.drafts import PostgresDrafts
from contacts.adapters.examining import examine
from contacts.adapters.kafka import KafkaTargetsAhead
from contacts.adapters.launches import PostgresLaunches
from contacts.adapters.places import PostgresPlaces
from contacts.adapters.reading import PostgresReading
from contacts.adapters.suppression import PostgresSuppression
from contacts.adapters.tallies import PostgresTallies
from contacts.api import Doors, build_routes
from contacts.domain.address import AddressHash
from contacts.domain.audience import MAX_CONTACTS
from contacts.handlers.authentication import Authentication
from contacts.handlers.counting import Counting
from contacts.handlers.crm import CrmHandlers
from contacts.handlers.imports import Imports
from contacts.handlers.launches import LaunchHandlers
from contacts.handlers.outcomes import OutcomeHandlers
from contacts.handlers.projects import ProjectHandlers
from contacts.handlers.reports import READ, ReportHandlers
from contacts.handlers.suppressing import Suppressing
from contacts.handlers.updates import UpdateHandlers
from contacts.handlers.writing import ContactWriter
from contacts.jobs.sweep import (
    EVERY_SECONDS,
    PLACES_EVERY_SECONDS,
    TALLIES_EVERY_SECONDS,
    PlaceSweep,
    Sweep,
    TallySweep,
)
from contacts.jobs.walk import AudienceWalk
from contacts.settings import Settings
from contracts.topics import TOPICS
from runtime.database import connect
from runtime.errors import Transient
from runtime.process import Resources
from runtime.service import Gauge, Job, RawSubscription, Service, Subscription

WALK_SECONDS = 0.1
CHECK_SECONDS = 0.5
MOST_AHEAD = 45_000
"""Contacts that wait for executor, at least; each partition needs two chunks, for they are handled in pairs."""


def build(settings: Settings) -> Service:
    address_hash = AddressHash(settings.secret_key)
    writer = ContactWriter(PostgresContacts)
    ahead = KafkaTargetsAhead(settings)
    crm = CrmHandlers(PostgresDirectory, PostgresAnswers, writer, Authentication(settings.secret_key), address_hash)
    launches = LaunchHandlers(PostgresLaunches, PostgresDrafts, PostgresDirectory, examine)
    projects = ProjectHandlers(PostgresDirectory)
    updates = UpdateHandlers(PostgresAnswers, writer)
    reports = ReportHandlers(PostgresContacts, PostgresSuppression, PostgresAnswers, writer, address_hash)
    most_ahead = settings.targets_ahead or max(MOST_AHEAD, 2 * MAX_CONTACTS * settings.partitions)
    walk = AudienceWalk(PostgresLaunches, PostgresAudience, PostgresDirectory, ahead, most_ahead)
    sweep = Sweep(PostgresAnswers, PostgresDrafts)
    outcomes = OutcomeHandlers(PostgresPlaces)
    snapshots = Snapshots(
        partial(connect, settings.database("contacts"), name="contacts/count", size=CONNECTIONS, walled=True)
    )
    counting = Counting(snapshots, PostgresCounting, PostgresLaunches, PostgresDirectory, examine)
    suppressing = Suppressing(PostgresContacts, PostgresSuppression, writer, address_hash)

    def routes(resources: Resources) -> APIRouter:
        doors = Doors(
            transaction=resources.transaction,
            reading=PostgresReading(resources.pool),
            imports=Imports(writer, address_hash),
            writer=writer,
            suppressing=suppressing,
            counting=counting,
            groups=PostgresContacts,
        )
        return build_routes(doors)

    @asynccontextmanager
    async def lifespan(_: Resources) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            opened.push_async_callback(snapshots.close)
            opened.push_async_callback(ahead.close)
            yield

    async def pending(_: Any, numbers: Sequence[int]) -> Mapping[int, float]:
        try:
            found = await ahead.by_partition()
        except Transient:  # a figure is not worth a failure
            return {}
        return {number: found.get(number, 0) for number in numbers}

    return Service(
        name="contacts",
        migrations=Path(__file__).parent / "migrations",
        subscriptions=(
            RawSubscription("crm.contacts", crm.on_crm_contacts),
            _subscription("launcher.launches", launches.on_launcher_launches),
            _subscription("launcher.projects", projects.on_launcher_projects),
            _subscription("executor.updates", updates.on_executor_updates),
            RawSubscription("executor.outcomes", outcomes.on_executor_outcomes, outcomes.concerns),
            Subscription("messaging.deliveries", READ, reports.on_messaging_deliveries, reports.concerns),
        ),
        emits=("contacts.targets", "contacts.changes", "contacts.checks", "contacts.replies"),
        jobs=(
            Job("walk", walk.run, every=WALK_SECONDS, look=work.TURNS, problems=walk.problems),
            Job("check", launches.check_again, every=CHECK_SECONDS, look=work.UNCHECKED),
            Job("sweep", sweep.run, every=EVERY_SECONDS),
            Job("places", PlaceSweep(PostgresPlaces).run, every=PLACES_EVERY_SECONDS),
            Job("tallies", TallySweep(PostgresTallies).run, every=TALLIES_EVERY_SECONDS),
        ),
        gauges=(Gauge("slipway_targets_pending", "Targeted contacts that executor has not read yet, about.", pending),),
        routes=routes,
        lifespan=lifespan,
    )


def _subscription(topic: str, handler: Any) -> Subscription:
    return Subscription(topic, {event.TYPE: event for event in TOPICS[topic].events}, handler)
