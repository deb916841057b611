"""Rehearsals send nothing and come to the same states; tests go to a named address, whoever the contact is."""

from typing import Any

import pytest

from contracts.words import ControlState, LaunchMode
from fakes.mailer import FakeMailer
from integration.messaging.rig import Node, World
from messaging.adapters.reports import keep_reports
from messaging.domain.deliveries import Act
from messaging.ports.known import Report
from runtime import walls
from unit.messaging.builders import LAUNCH, change, chunk, controlled, key, requested, snapshot

REHEARSAL, TEST = LaunchMode.REHEARSAL, LaunchMode.TEST
GREETING: dict[str, Any] = {"subject": "Hi {{ contact.attributes.first_name }}"}
NAMES: dict[str, list[Any]] = {"first_name": ["Ann", None, "Cleo", "Dora", "Eve", "Fay"]}
WRONG: dict[str, Any] = {"suppressed": {2}, "no_consent": {3}, "no_email": {4}, "not_permitted": {5}}


async def ended(
    world: World, mailer: FakeMailer, launch_id: str, mode: LaunchMode
) -> dict[str, tuple[str, str | None]]:
    """A launch on six contacts, of whom only the first gets it."""
    async with Node(world, mailer) as node:
        await node.launches(requested(launch_id, mode=mode, **GREETING))
        await node.sends(chunk(snapshot(6, attributes=NAMES, **WRONG), launch_id), cause=launch_id)
        await node.until_ended(6 * len({key.launch_id for key in world.told}))
    rows = await world.pool.fetch(
        "SELECT contact_id, state, reason FROM send JOIN launch ON number = launch WHERE launch_id = $1", launch_id
    )
    return {row["contact_id"]: (row["state"], row["reason"]) for row in rows}


async def test_a_rehearsals_messages_come_to_the_states_of_the_launch_and_none_is_sent(
    world: World, mailer: FakeMailer
) -> None:
    rehearsed = await ended(world, mailer, "trial", REHEARSAL)
    assert mailer.offers == []
    assert rehearsed["c-0"] == ("accepted", None)
    assert rehearsed["c-1"] == ("failed", "render: subject: contact.attributes.first_name is missing")
    assert rehearsed == await ended(world, mailer, LAUNCH, LaunchMode.LIVE)
    assert len(mailer.accepted) == 1
    await world.check()


async def test_a_rehearsal_goes_by_what_is_newer_than_the_chunk(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.changes(change("c-0", email="nowhere"), change("c-1", email=None))
        await node.launches(requested(mode=REHEARSAL))
        await node.sends(chunk(3))
    assert await world.rows() == {
        "c-0": ("failed", "address"),
        "c-1": ("skipped", "no_address"),
        "c-2": ("accepted", None),
    }


async def test_a_rehearsal_without_a_sender_fails_as_the_launch_would(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(mode=REHEARSAL, sender=None))
        await node.sends(chunk(1))
    assert await world.rows() == {"c-0": ("failed", "sender")}


async def test_a_paused_rehearsal_waits(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(mode=REHEARSAL), controlled(ControlState.PAUSED))
        await node.sends(chunk(2))
        assert world.told == {}
        await node.launches(controlled(ControlState.RUNNING, 3))
        await node.until_ended(2)
    assert (world.counts, mailer.offers) == ({"accepted": 2}, [])


async def test_more_than_planned_is_not_held_in_a_rehearsal_for_nothing_is_sent(
    world: World, mailer: FakeMailer
) -> None:
    async with Node(world, mailer, guarded=True) as node:
        await node.launches(requested(mode=REHEARSAL))
        await node.sends(chunk(5))
        await node.round()
    assert (world.counts, world.holds, mailer.offers) == ({"accepted": 5}, [], [])


async def test_a_planned_mail_of_a_rehearsal_goes_nowhere_should_there_ever_be_one(
    world: World, mailer: FakeMailer
) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(state=ControlState.PAUSED))
        await node.sends(chunk(1))
        assert world.counts == {"planned": 1}
        await world.pool.execute("UPDATE launch SET mode = 'rehearsal'")
    async with Node(world, mailer) as node:
        await node.launches(controlled(ControlState.RUNNING))
        await node.until_ended(1)
    assert (await world.rows(), mailer.offers) == ({"c-0": ("failed", "rehearsal")}, [])


async def test_a_test_goes_to_the_named_address_marked_and_whoever_the_contact_is(
    world: World, mailer: FakeMailer
) -> None:
    targets = snapshot(1, attributes={"first_name": ["Ann"]}, suppressed={0}, no_consent={0}, no_email={0})
    async with Node(world, mailer) as node:
        await node.changes(change("c-0", suppressed=True, active=False, email="c-0@x.example"))
        await node.launches(requested(mode=TEST, to="me@acme.example", **GREETING))
        await node.sends(chunk(targets))
        await node.changes(change("c-0", revision=3, suppressed=True, email=None))
        await node.until_ended(1)
    (mail,) = mailer.accepted
    assert (mail.recipient, mail.message["Subject"]) == ("me@acme.example", "[Test] Hi Ann")
    await world.check()


async def test_a_test_that_is_stopped_sends_nothing(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(mode=TEST, to="me@acme.example"), controlled(ControlState.STOPPED))
        await node.sends(chunk(1))
        await node.until_ended(1)
    assert (world.counts, mailer.offers) == ({"cancelled": 1}, [])


@pytest.mark.parametrize(("mode", "told"), [(LaunchMode.LIVE, 1), (TEST, 0)])
async def test_a_complaint_about_a_test_is_not_the_contacts(
    world: World, mailer: FakeMailer, mode: LaunchMode, told: int
) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(mode=mode, to="me@acme.example"))
        await node.sends(chunk(1))
        await node.until_ended(1)
        await complained(world)
        await node.until(lambda: world.counts == {"complained": 1}, *range(8))
    assert len(world.reports) == told
    blocked = await world.pool.fetchval("SELECT count(*) FROM local_block")
    assert blocked == told


async def complained(world: World) -> None:
    walls.narrow("acme")
    async with world.request() as tx:
        await keep_reports(tx, [Report(key(), Act.COMPLAIN, "me@acme.example", None)])
