"""`crm.commands`: every bad command is answered with what to do, every good one once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from contracts import crm
from contracts.crm import (
    CommandAccepted,
    CommandRejected,
    LaunchAccepted,
    LaunchDeclined,
    LaunchRejected,
    LaunchStop,
    Reply,
)
from contracts.launches import LaunchControlled, LaunchDrafted, LaunchRequested, ParticipantsListed
from contracts.words import ControlState, LaunchState
from fakes.transaction import FakeLease
from integration.launcher.desk import Desk, Key, asked
from launcher.domain.points import error
from runtime.errors import Permanent
from runtime.ids import derive
from runtime.partitions import partition_of


def rejection(replies: list[Reply]) -> tuple[str, str]:
    """Code and detail of the one refusal."""
    [reply] = replies
    assert isinstance(reply, CommandRejected), reply
    return reply.code, reply.detail


def point(replies: list[Reply]) -> tuple[str, str]:
    """Code and place of the one point that refuses a launch."""
    [reply] = replies
    assert isinstance(reply, LaunchRejected), reply
    [found] = reply.points
    assert len(found.remedy) > 20
    return found.code, found.place


async def drafted(desk: Desk, key: Key, **more: Any) -> str:
    """Id of a launch that contacts is checking."""
    assert await desk.commands(desk.command(key, asked(), **more)) == []
    [draft] = desk.take(LaunchDrafted)
    return draft.launch_id


async def running(desk: Desk, key: Key, **more: Any) -> str:
    """Id of a launch that may run."""
    launch_id = await drafted(desk, key, **more)
    await desk.checked(launch_id)
    desk.emitted.clear()
    return launch_id


def stop(desk: Desk, key: Key, launch_id: str, id: str = "stop-1", **more: Any) -> Any:
    return desk.command(key, {"project": "demo", "launch_id": launch_id}, kind=LaunchStop.TYPE, id=id, **more)


# Who sent it


async def test_an_unsigned_command_is_told_to_sign(desk: Desk, key: Key) -> None:
    code, detail = rejection(await desk.commands(desk.command(None, asked())))
    assert code == "unsigned"
    assert "slipway-signature" in detail


async def test_a_key_that_there_is_not_is_unknown(desk: Desk, key: Key) -> None:
    forged = desk.command(key, asked(), headers={"slipway-key": "key_of_nobody"})
    assert rejection(await desk.commands(forged))[0] == "unknown_key"


async def test_a_revoked_key_is_unknown(desk: Desk, key: Key) -> None:
    await desk.done("POST", f"/v1/keys/{key.id}/revoke", {})
    code, detail = rejection(await desk.commands(desk.command(key, asked())))
    assert code == "unknown_key"
    assert "revoked" in detail


@pytest.mark.parametrize("forged", ["v1,AAAA", "v2,x", "x", "v1,"])
async def test_a_forged_signature_is_refused(desk: Desk, key: Key, forged: str) -> None:
    code, detail = rejection(await desk.commands(desk.command(key, asked(), headers={"slipway-signature": forged})))
    assert code == "bad_signature"
    assert "anew" in detail


@pytest.mark.parametrize("name", ["ce_id", "ce_time", "ce_source", "ce_type"])
async def test_a_signed_attribute_cannot_be_changed(desk: Desk, key: Key, name: str) -> None:
    changed = desk.command(key, asked(), headers={name: "2026-11-20T12:00:01+00:00"})
    assert rejection(await desk.commands(changed))[0] == "bad_signature"


async def test_a_key_being_rotated_may_sign_twice(desk: Desk, key: Key) -> None:
    signed = desk.command(key, asked())
    both = f"v1,AAAA {signed.header('slipway-signature')}"
    assert await desk.commands(desk.command(key, asked(), headers={"slipway-signature": both})) == []
    assert len(desk.take(LaunchDrafted)) == 1


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_command_that_was_signed_at_another_time_is_too_old(desk: Desk, key: Key, minutes: int) -> None:
    signed = desk.now
    desk.later(minutes=minutes)
    code, detail = rejection(await desk.commands(desk.command(key, asked(), at=signed)))
    assert code == "too_old"
    assert "5 minutes" in detail


async def test_a_command_that_is_read_ten_minutes_late_is_not_old(desk: Desk, key: Key) -> None:
    waiting = desk.command(key, asked())
    desk.later(minutes=10)
    assert await desk.commands(waiting) == []
    assert len(desk.take(LaunchDrafted)) == 1


async def test_what_fails_authentication_uses_up_no_id(desk: Desk, key: Key) -> None:
    bad = [
        desk.command(None, asked(scenario="other")),
        desk.command(key, asked(scenario="other"), headers={"slipway-key": "key_of_nobody"}),
        desk.command(key, asked(scenario="other"), headers={"slipway-signature": "v1,AAAA"}),
        desk.command(key, asked(scenario="other"), appended=desk.now.replace(year=2025)),
        desk.command(key, b"x" * (1024 * 1024 + 1)),
    ]
    codes = [reply.code for reply in await desk.commands(*bad) if isinstance(reply, CommandRejected)]
    assert codes == ["unsigned", "unknown_key", "bad_signature", "too_old", "too_large"]
    assert await desk.commands(desk.command(key, asked())) == []
    assert len(desk.take(LaunchDrafted)) == 1


async def test_a_refusal_of_a_stranger_tells_no_project(desk: Desk, key: Key) -> None:
    [reply] = await desk.commands(desk.command(key, asked(), headers={"slipway-signature": "v1,AAAA"}))
    assert reply.project is None


# What it says


async def test_a_command_of_more_than_one_mebibyte_is_too_large(desk: Desk, key: Key) -> None:
    code, detail = rejection(await desk.commands(desk.command(key, asked(context={"x": "y" * 1024 * 1024}))))
    assert code == "too_large"
    assert "at most 1048576" in detail


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x00\xff\xfe", "not UTF-8"),
        (b'{"project": "demo"', "line 1, column"),
        (b"[" * 10_000, "nested deeper"),
        (b'{"project": "demo", "project": "demo"}', "`project` stands twice"),
        (b'{"context": {"a": "\\u0000"}}', "NUL"),
        (b"", "not JSON"),
        (b"null", "data: "),
        (asked(scnario="x"), "scnario: "),
        ({"project": "demo", "scenario": "welcome"}, "participants: "),
        (asked(participants={"kind": "everybody"}), "participants"),
        (asked(participants={"kind": "contacts", "contacts": ["a\nb"]}), "participants.contacts[0]: "),
        (asked(participants={"kind": "contacts", "contacts": ["x" * 129]}), "participants.contacts[0]: "),
        (asked(participants={"kind": "contacts", "contacts": ["x"] * 10_001}), "participants.contacts: "),
        (asked(scenario="No Such Key"), "scenario: "),
    ],
)
async def test_a_malformed_command_is_told_where(desk: Desk, key: Key, data: Any, says: str) -> None:
    code, detail = rejection(await desk.commands(desk.command(key, data)))
    assert code == "malformed"
    assert says in detail


async def test_a_command_without_a_source_is_malformed(desk: Desk, key: Key) -> None:
    code, detail = rejection(await desk.commands(desk.command(key, asked(), headers={"ce_source": None})))
    assert code == "malformed"
    assert "source" in detail


async def test_a_tombstone_with_an_id_is_answered(desk: Desk, key: Key) -> None:
    assert rejection(await desk.commands(replace(desk.command(key, b""), value=None)))[0] == "malformed"


@pytest.mark.parametrize("structured", [False, True])
async def test_a_command_without_an_id_is_parked(desk: Desk, key: Key, structured: bool) -> None:
    nameless = desk.command(key, asked(), id="", structured=structured)
    with pytest.raises(Permanent, match="ce_id"):
        await desk.commands(nameless)


@pytest.mark.parametrize(
    "kind",
    [
        crm.LaunchPause.TYPE,
        crm.LaunchResume.TYPE,
        crm.LaunchRemoveContact.TYPE,
        "com.slipway.launch.request.v2",
        "com.slipway.launch.explode.v1",
        "org.example.hello",
    ],
)
async def test_what_is_not_built_is_unsupported(desk: Desk, key: Key, kind: str) -> None:
    command = desk.command(key, {"project": "demo", "launch_id": "x"}, kind=kind)
    code, detail = rejection(await desk.commands(command))
    assert code == "unsupported"
    assert kind in detail


async def test_a_project_that_is_not_the_keys_is_a_mismatch(desk: Desk, key: Key) -> None:
    await desk.project("other")
    for project in ("other", "nowhere"):
        command = desk.command(key, asked(project=project), id=f"of-{project}")
        code, detail = rejection(await desk.commands(command))
        assert code == "project_mismatch"
        assert project in detail


async def test_a_key_without_the_permission_to_start_is_forbidden(desk: Desk) -> None:
    weak = await desk.key("view")
    code, detail = rejection(await desk.commands(desk.command(weak, asked())))
    assert code == "forbidden"
    assert "process:start" in detail


async def test_structured_mode_is_read_as_well(desk: Desk, key: Key) -> None:
    assert await desk.commands(desk.command(key, asked(), structured=True)) == []
    assert len(desk.take(LaunchDrafted)) == 1


# What launcher knows of the launch


async def test_an_unknown_scenario_is_a_point(desk: Desk, key: Key) -> None:
    assert point(await desk.commands(desk.command(key, asked(scenario="nope")))) == ("unknown_scenario", "scenario")


async def test_an_inactive_scenario_is_a_point(desk: Desk, key: Key) -> None:
    await desk.scenario("discard", active=False)
    replies = await desk.commands(desk.command(key, asked(scenario="discard")))
    assert point(replies) == ("scenario_inactive", "scenario")


async def test_an_empty_selection_is_a_point(desk: Desk, key: Key) -> None:
    nobody = asked(participants={"kind": "contacts", "contacts": []})
    assert point(await desk.commands(desk.command(key, nobody))) == ("empty_selection", "participants.contacts")


async def test_a_key_that_needs_approval_hears_that_there_is_none_yet(desk: Desk) -> None:
    waiting = await desk.key("process:start")
    assert point(await desk.commands(desk.command(waiting, asked()))) == ("unsupported", "approval")
    assert desk.take(LaunchDrafted) == []


async def test_a_refused_launch_is_kept_with_its_points(desk: Desk, key: Key) -> None:
    await desk.commands(desk.command(key, asked(scenario="nope")))
    [kept] = (await desk.done("GET", "/v1/launches"))["items"]
    assert (kept["state"], kept["points"][0]["code"], kept["command_id"]) == ("rejected", "unknown_scenario", "cmd-1")


# From draft to request


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


# Again, and at once


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
    [job] = desk.service.jobs
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


# Stop


async def test_a_stop_is_a_control_record_with_a_higher_revision(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    [reply] = await desk.commands(stop(desk, key, launch_id))
    assert isinstance(reply, CommandAccepted)
    assert (reply.launch_id, reply.state) == (launch_id, LaunchState.STOPPING)
    [control] = desk.take(LaunchControlled)
    assert (control.revision, control.state, control.by) == (2, ControlState.STOPPED, key.id)


async def test_a_stop_again_is_accepted_with_the_present_state(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await desk.commands(stop(desk, key, launch_id))
    [again] = await desk.commands(stop(desk, key, launch_id, id="stop-2"))
    assert isinstance(again, CommandAccepted)
    assert again.state is LaunchState.STOPPING
    assert len(desk.take(LaunchControlled)) == 1
    await desk.counted(launch_id, 9, LaunchState.STOPPED)
    [third] = await desk.commands(stop(desk, key, launch_id, id="stop-3"))
    assert isinstance(third, CommandAccepted)
    assert third.state is LaunchState.STOPPED


async def test_a_completed_launch_cannot_be_stopped(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await desk.counted(launch_id, 1, LaunchState.COMPLETED)
    code, detail = rejection(await desk.commands(stop(desk, key, launch_id)))
    assert code == "wrong_state"
    assert "completed" in detail


async def test_a_launch_that_there_is_not_is_unknown(desk: Desk, key: Key) -> None:
    code, detail = rejection(await desk.commands(stop(desk, key, "nope")))
    assert code == "unknown_launch"
    assert "nope" in detail


async def test_a_launch_of_another_project_is_unknown(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await desk.project("other")
    others = await desk.key(project="other")
    data = {"project": "other", "launch_id": launch_id}
    stranger = desk.command(others, data, kind=LaunchStop.TYPE)
    assert rejection(await desk.commands(stranger))[0] == "unknown_launch"


async def test_a_key_without_the_permission_to_stop_is_forbidden(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    weak = await desk.key("process:start")
    assert rejection(await desk.commands(stop(desk, weak, launch_id)))[0] == "forbidden"


async def test_a_launch_stopped_while_it_is_checked_never_runs(desk: Desk, key: Key) -> None:
    launch_id = await drafted(desk, key)
    declined, accepted = await desk.commands(stop(desk, key, launch_id))
    assert isinstance(declined, LaunchDeclined)
    assert (declined.reason, declined.by, declined.command_id) == ("cancelled", key.id, "cmd-1")
    assert isinstance(accepted, CommandAccepted)
    assert accepted.state is LaunchState.REJECTED
    await desk.checked(launch_id)
    assert desk.emitted == []
    [again] = await desk.commands(desk.command(key, asked()))
    assert isinstance(again, LaunchDeclined)


async def test_one_batch_launches_and_stops(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    records = [
        desk.command(key, asked(), id="second"),
        stop(desk, key, launch_id),
        desk.command(None, asked(), id="third"),
    ]
    replies = await desk.commands(*records)
    assert [reply.TYPE for reply in replies] == [CommandAccepted.TYPE, CommandRejected.TYPE]
    assert len(desk.take(LaunchDrafted)) == 1


async def test_every_reply_is_keyed_by_the_command_and_has_an_id_of_its_record(desk: Desk, key: Key) -> None:
    first, second = desk.command(None, asked()), desk.command(None, asked())
    sent = await desk.answers(first, second)
    assert {each.key for each in sent} == {"cmd-1"}
    assert len({each.id for each in sent}) == 2
    assert all(each.partition == partition_of("cmd-1", desk.partitions) for each in sent)
