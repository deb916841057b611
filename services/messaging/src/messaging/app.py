"""messaging's composition root: what it consumes, emits and does between records."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel

from contracts.event import Event
from contracts.topics import TOPICS
from messaging import api, api_public, api_reports
from messaging.adapters import work
from messaging.adapters.channels import announce
from messaging.adapters.chunks import PostgresWaitingChunks
from messaging.adapters.composing import TemplateComposers
from messaging.adapters.contacts import PostgresContacts
from messaging.adapters.guard import PostgresGuard
from messaging.adapters.launches import PostgresLaunches
from messaging.adapters.metrics import PrometheusMeter
from messaging.adapters.queries import held, planned
from messaging.adapters.reports import PostgresReports
from messaging.adapters.sends import PostgresSends
from messaging.adapters.smtp.mailer import SmtpMailer
from messaging.adapters.untold import PostgresUntold
from messaging.adapters.withdrawn import PostgresWithdrawals
from messaging.domain.admitted import Admitted, Unread
from messaging.domain.links import Links
from messaging.domain.retries import Backoff
from messaging.handlers import Handlers
from messaging.jobs.behind import Behind, Watch
from messaging.jobs.desk import HAND_OVER, TELL
from messaging.jobs.dispatch import Dispatch
from messaging.jobs.guarding import Judging, Releasing
from messaging.jobs.handover import HandOver
from messaging.jobs.pickup import PickUp
from messaging.jobs.reports import Reporting
from messaging.jobs.telling import Telling
from messaging.jobs.workers import Worker, working
from messaging.ports.mailing import Mailer, Meter
from messaging.settings import MessagingSettings
from runtime.service import Gauge, Job, Service, Subscription

if TYPE_CHECKING:
    from runtime.process import Resources


def build(settings: MessagingSettings, *, mailer: Mailer | None = None, meter: Meter | None = None) -> Service:
    """`mailer` and `meter` stand in for the configured provider and Prometheus in tests."""
    meter = meter or PrometheusMeter()
    if mailer is None and (provider := settings.provider()) is not None:
        mailer = SmtpMailer(provider)
    connections = settings.smtp_connections if mailer is not None else 0
    launches, contacts = PostgresLaunches(settings.loop_sends), PostgresContacts()
    sends, chunks = PostgresSends(), PostgresWaitingChunks()
    links = Links(settings.link_key, settings.public_url)
    guard, composers, watch = PostgresGuard(), TemplateComposers(links), Watch(settings.contacts_lag_seconds)
    telling = Telling(launches, PostgresUntold(), meter)
    withdrawals = PostgresWithdrawals()
    handlers = Handlers(launches, contacts, sends, chunks, guard, composers, telling, meter, withdrawals)
    dispatch = Dispatch(burst=settings.smtp_connections)
    backoff = Backoff(settings.smtp_retry_first_seconds, settings.smtp_retry_longest_seconds, settings.smtp_attempts)
    hand_over = HandOver(
        *(launches, contacts, sends, composers, dispatch, telling, meter, backoff, 4 * connections, watch),
        withdrawals,
    )
    pick_up = PickUp(launches, chunks, guard, handlers.take_up)
    judging = Judging(launches, guard, chunks, handlers.take_up, handlers.objection)
    releasing = Releasing(launches, guard, sends, telling, watch)
    reporting = Reporting(PostgresReports(), launches, sends, telling)
    behind = Behind(watch, launches, sends, guard, telling)

    @asynccontextmanager
    async def lifespan(resources: "Resources") -> AsyncIterator[None]:
        async with resources.transaction() as tx:
            await announce(tx, {"discard": True, "email": mailer is not None})
        workers = []
        if mailer is not None:
            workers = [
                Worker(dispatch, mailer, meter, settings.smtp_idle_seconds, settings.smtp_load)
                for _ in range(connections)
            ]
        async with working(workers):
            yield

    def routes(resources: "Resources") -> APIRouter:
        router = APIRouter()
        router.include_router(api.routes(resources))
        router.include_router(api_public.routes(resources, links))
        router.include_router(api_reports.routes(resources, links, settings.reporters(), sends))
        return router

    return Service(
        name="messaging",
        migrations=Path(__file__).parent / "migrations",
        subscriptions=[
            Subscription("executor.sends", _events("executor.sends"), handlers.on_sends),
            Subscription("contacts.targets", _counted("contacts.targets"), handlers.on_targets),
            Subscription("contacts.changes", _events("contacts.changes"), handlers.on_changes),
            Subscription("launcher.launches", _events("launcher.launches"), handlers.on_launches),
        ],
        emits=["messaging.deliveries", "messaging.channels"],
        watches=["contacts.targets", "contacts.changes"],
        jobs=[
            Job("hold", behind.run, every=1.0),
            Job(HAND_OVER, hand_over.run, look=work.PLANNED, release=hand_over.release),
            Job("pick up", pick_up.run, look=work.WAITING_CHUNKS),
            Job("guard", judging.run, look=work.SUSPECTS),
            Job("release", releasing.run, look=work.HOLDINGS),
            Job("reports", reporting.run, look=work.REPORTS),
            Job(TELL, telling.run, look=telling.look, release=telling.release),
        ],
        gauges=[
            Gauge("slipway_sends_planned", "Sends that wait for their turn.", planned),
            Gauge("slipway_sends_held", "Sends that are held: more than planned, or contacts' word is missing.", held),
            Gauge("slipway_contacts_lag_seconds", "How long ago what contacts said was read to its end.", watch.lags),
        ],
        routes=routes,
        lifespan=lifespan,
    )


def _counted(topic: str) -> Mapping[str, type[BaseModel]]:
    """Of targets only their number is read."""
    return {event.TYPE: Admitted if event.TYPE == Admitted.TYPE else Unread for event in TOPICS[topic].events}


def _events(topic: str) -> Mapping[str, type[Event]]:
    """Everything that may lie on it."""
    return {event.TYPE: event for event in TOPICS[topic].events}
