"""One trace, from the CRM's command through all five services: spans of transactions and pages, none per contact."""

from collections import Counter
from typing import Any

from integration.trace.world import Command, World, five_services
from platform_for_tests import FreshDatabase, FreshTopics, Platform
from runtime import tracing

PARTITIONS = 2
SERVICES = {"launcher", "contacts", "executor", "messaging", "log"}
WAY = [
    "launcher crm.commands",
    "contacts launcher.launches",
    "contacts check",
    "launcher contacts.checks",
    "contacts walk",
    "executor contacts.targets",
    "messaging executor.sends",
    "executor messaging.deliveries",
    "executor timers",
    "messaging tell",
    "executor counts",
    "log executor.outcomes",
    "log figures",
]
"""Spans on the way from the command to the end: handlers by the topic they read, jobs by what they do."""
PREPARED = {"launcher.projects", "contacts.changes"}
"""What the preparation leaves to be read during the launch."""
FEW, MANY = 20, 200
"""Contacts. Either way each partition gets one chunk."""


def scenario(key: str, **steps: Any) -> dict[str, Any]:
    sender = {"name": "Acme", "address": "hello@acme.example"}
    ended = {**steps, "done": {"end": "success"}}
    return {"key": key, "name": key, "recurrence": "always", "start": "ping", "sender": sender, "steps": ended}


def send(channel: str, next: str) -> dict[str, Any]:
    subject = {"subject": "Hi"} if channel == "email" else {}
    return {"send": {"channel": channel, "message_type": "administrative", **subject, "text": "Hi"}, "next": next}


BRIEF = scenario("brief", ping=send("discard", "done"))
LONG = scenario(
    "long", ping=send("discard", "pause"), pause={"wait": {"for": "3s"}, "next": "mail"}, mail=send("email", "done")
)
"""Waits for so long that a job tells the counts: a transaction that moves contacts tells them itself."""


async def test_a_command_can_be_followed_through_all_services_at_no_span_per_contact(
    platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics
) -> None:
    given = {"kafka": platform.kafka, "postgres": fresh_database.template, "partitions": PARTITIONS}
    given["topic_prefix"] = await fresh_topics(partitions=PARTITIONS)
    fresh_database.made_by_others(*SERVICES)
    async with five_services(given) as world:
        await world.prepare([BRIEF, LONG], people=MANY)

        command = Command("0af7651916cd43dd8448eb211c80319c")
        with tracing.recorded() as recorded:
            await world.launch("long", FEW, command.traceparent)
        spans = recorded.get_finished_spans()
        followed = command.followed(spans)
        names = {span.name for span in followed}
        assert [name for name in WAY if name not in names] == []
        assert {name.split()[0] for name in names} == SERVICES
        assert {f"{span.context.trace_id:032x}" for span in followed} == {command.trace_id}
        assert {span.name.split()[1] for span in spans if span not in followed} <= PREPARED

        few, many = [await spans_of(world, people) for people in (FEW, MANY)]
        assert many.total() < few.total() + (MANY - FEW) / 10, (few, many)
        assert many["contacts walk"] == few["contacts walk"] == 1


async def spans_of(world: World, people: int) -> Counter[str]:
    """By name, of a launch that reaches so many."""
    command = Command(f"{people:032x}")
    with tracing.recorded() as recorded:
        await world.launch("brief", people, command.traceparent)
    return Counter(span.name for span in command.followed(recorded.get_finished_spans()))
