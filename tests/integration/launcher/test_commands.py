"""From a signed command to its answer: once, however often it is asked."""

import asyncio
from typing import Any

from contracts.crm import (
    LaunchAccepted,
    LaunchRejected,
)
from contracts.launches import LaunchDrafted, LaunchRequested, ParticipantsListed
from contracts.words import ControlState, LaunchState
from fakes.transaction import FakeLease
from integration.launcher.commands import drafted, point, rejection, running
from integration.launcher.desk import Desk, Key, asked
from launcher.domain.points import error
from runtime.ids import derive
from runtime.partitions import partition_of


async def test_an_unknown_scenario_is_a_point(desk: Desk, key: Key) -> None:
    assert point(await desk.commands(desk.command(key, asked(scenario="nope")))) == ("unknown_scenario", "scenario")


async def test_an_inactive_scenario_is_a_point(desk: Desk, key: Key) -> None:
    await desk.scenario("discard", active=False)
    replies = await desk.commands(desk.command(key, asked(scenario="discard")))
    assert point(replies) == ("scenario_inactive", "scenario")


async def test_an_empty_selection_is_a_point(desk: Desk, key: Key) -> None:
    nobody = asked(participants={"kind": "contacts", "contacts": []})
    assert point(await desk.commands(desk.command(key, nobody))) == ("empty_selection", "participants.contacts")


async def test_a_refused_launch_is_kept_with_its_points(desk: Desk, key: Key) -> None:
    await desk.commands(desk.command(key, asked(scenario="nope")))
    [kept] = (await desk.done("GET", "/v1/launches"))["items"]
    assert (kept["state"], kept["points"][0]["code"], kept["command_id"]) == ("rejected", "unknown_scenario", "cmd-1")


async def test_a_launch_is_drafted_checked_requested_and_accepted(desk: Desk, key: Key) -> None:
    launch_id = await drafted(desk, key)
    assert launch_id == derive("launch", "demo", "/crm/main", "cmd-1")
    await desk.checked(launch_id, expected=42)
    home = partition_of(launch_id, desk.partitions)
    assert {sent.partition for sent in desk.emitted if sent.topic == "launcher.launches"} == {home}
    [control] = desk.take(LaunchRequested)
    assert (control.revision, control.state, control.launched_by) == (1, ControlState.RUNNING, key.id)
    assert (control.command_id, control.command_source, control.requested_at) == ("cmd-1", "/crm/main", desk.now)
    assert (control.version.version, control.version.creator, control.version.zone) == (1, "admin", "Europe/Vienna")
    [reply] = desk.take(LaunchAccepted)
    assert (reply.launch_id, reply.state, reply.targeted_expected) == (launch_id, LaunchState.REQUESTED, 42)
    assert (reply.project, reply.command_id, reply.command_at.topic) == ("demo", "cmd-1", "crm.commands")


async def test_what_contacts_has_against_it_is_answered_with_its_points(desk: Desk, key: Key) -> None:
    launch_id = await drafted(desk, key)
    await desk.checked(
        launch_id, error("unknown_group", "participants.groups[0]", "There is no group `vips`: make it.")
    )
    [reply] = desk.take(LaunchRejected)
    assert [(found.code, found.place) for found in reply.points] == [("unknown_group", "participants.groups[0]")]
    assert desk.take(LaunchRequested) == []
    assert (await desk.done("GET", f"/v1/launches/{launch_id}"))["state"] == "rejected"


async def test_the_same_check_again_changes_nothing(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await desk.checked(launch_id)
    assert desk.emitted == []


async def test_more_than_500_contacts_travel_beside_the_draft(desk: Desk, key: Key) -> None:
    named = [f"c-{n}" for n in range(1001)]
    many = asked(participants={"kind": "contacts", "contacts": named})
    assert await desk.commands(desk.command(key, many)) == []
    [draft], chunks = desk.take(LaunchDrafted), desk.take(ParticipantsListed)
    assert draft.participants_chunks == 3
    assert [(chunk.index, len(chunk.contact_ids)) for chunk in chunks] == [(0, 500), (1, 500), (2, 1)]
    assert [name for chunk in chunks for name in chunk.contact_ids] == named
    await desk.checked(draft.launch_id)
    [control] = desk.take(LaunchRequested)
    assert control.participants_chunks == 3


async def test_the_same_command_gets_the_same_answer_again(desk: Desk, key: Key) -> None:
    launch_id = await drafted(desk, key)
    await desk.checked(launch_id, expected=7)
    [first] = desk.take(LaunchAccepted)
    again = desk.command(key, asked(), number=5)
    [second] = await desk.commands(again, number=5)
    assert second.model_dump(exclude={"command_at"}) == first.model_dump(exclude={"command_at"})
    assert (second.command_at.partition, second.command_at.offset) == (5, again.offset)
    assert desk.take(LaunchDrafted) == []


async def test_the_same_command_before_its_answer_gets_that_one_answer(desk: Desk, key: Key) -> None:
    launch_id = await drafted(desk, key)
    assert await desk.commands(desk.command(key, asked())) == []
    assert desk.take(LaunchDrafted) == []
    await desk.checked(launch_id)
    assert len(desk.take(LaunchAccepted)) == 1


async def test_the_same_command_written_otherwise_is_the_same(desk: Desk, key: Key) -> None:
    await drafted(desk, key)
    spaced = b'{ "participants": {"kind":"all"}, "scenario": "welcome", "project": "demo" }'
    assert await desk.commands(desk.command(key, spaced)) == []
    assert await desk.commands(desk.command(key, asked(), structured=True)) == []
    assert desk.take(LaunchDrafted) == []


async def test_other_data_under_a_used_id_is_a_conflict(desk: Desk, key: Key) -> None:
    await drafted(desk, key)
    other = desk.command(key, asked(scenario="discard"))
    code, detail = rejection(await desk.commands(other))
    assert code == "conflict"
    assert "new id" in detail


async def test_a_refused_command_keeps_its_id(desk: Desk, key: Key) -> None:
    first = await desk.commands(desk.command(key, b"{"))
    again = await desk.commands(desk.command(key, b"{"))
    assert rejection(first) == rejection(again)
    assert rejection(await desk.commands(desk.command(key, asked())))[0] == "conflict"


async def test_ids_are_apart_per_source_and_project(desk: Desk, key: Key) -> None:
    await desk.project("other")
    await desk.scenario(project="other")
    others = await desk.key(project="other")
    desk.emitted.clear()
    records = [
        desk.command(key, asked()),
        desk.command(key, asked(), source="/crm/second"),
        desk.command(others, asked(project="other")),
    ]
    assert await desk.commands(*records) == []
    assert len({draft.launch_id for draft in desk.take(LaunchDrafted)}) == 3


async def test_the_same_command_twice_in_one_batch_launches_once(desk: Desk, key: Key) -> None:
    assert await desk.commands(desk.command(key, asked()), desk.command(key, asked())) == []
    assert len(desk.take(LaunchDrafted)) == 1


async def test_the_same_commands_at_once_on_several_partitions_launch_once(desk: Desk, key: Key) -> None:
    ids = [f"cmd-{n}" for n in range(6)]

    async def read(number: int, order: list[str]) -> None:
        await desk.commands(*(desk.command(key, asked(), id=id, number=number) for id in order), number=number)

    await asyncio.gather(*(read(number, ids if number % 2 else ids[::-1]) for number in range(4)))
    assert len(desk.take(LaunchDrafted)) == 6


async def test_an_id_is_free_again_after_thirty_days(desk: Desk, key: Key) -> None:
    first = await running(desk, key)
    [job] = [job for job in desk.service.jobs if job.name == "forgetting"]
    desk.later(days=29)
    await _run(desk, job.run)
    assert rejection(await desk.commands(desk.command(key, asked(scenario="discard"))))[0] == "conflict"
    desk.later(days=2)
    await _run(desk, job.run)
    second = await drafted(desk, key)
    assert second != first


async def _run(desk: Desk, run: Any) -> None:
    assert await run(FakeLease(number=0, pool=desk.pool, now=desk.now)) is False
    assert await run(FakeLease(number=1, pool=desk.pool, now=desk.now)) is False
