"""What nobody decides in time is rejected, and the CRM hears it; and what a program's launch waits for."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.crm import CommandAt, LaunchAccepted, LaunchApproved, LaunchDeclined, LaunchRejected, Reply
from contracts.launches import LaunchDrafted, LaunchRequested
from fakes.counting import figures as counted
from integration.launcher.commands import stop
from integration.launcher.desk import COUNTING, SETTINGS, Desk, Key, asked
from launcher.adapters.count_tokens import SignedCountTokens
from launcher.domain.counting import Figures, basis_of
from unit.launcher.builders import request

TOKENS = SignedCountTokens(SETTINGS.token_key)


@pytest.fixture
async def weak(desk: Desk) -> Key:
    """A key without pre-approval, and Bob who approves."""
    COUNTING.now(counted(100))
    await desk.done("POST", "/v1/users", {"user": "bob", "grants": ["launch:approve"]})
    made = await desk.key("process:start", "launch:stop")
    desk.emitted.clear()
    return made


async def accepted(desk: Desk, key: Key, **data: Any) -> str:
    """Id of a CRM's launch that awaits approval: the CRM was told so."""
    assert await desk.commands(desk.command(key, asked(**data))) == []
    launch_id = str(await desk.pool.fetchval("SELECT launch_id FROM launch"))
    await desk.checked(launch_id, expected=100)
    [reply] = desk.take(Reply)
    assert isinstance(reply, LaunchAccepted)
    assert (reply.launch_id, reply.state, reply.targeted_expected) == (launch_id, "awaiting_approval", 100)
    assert desk.take(LaunchRequested) == []
    [draft] = desk.take(LaunchDrafted)
    assert draft.undecided_until == desk.now + timedelta(days=SETTINGS.undecided_days)
    return launch_id


async def expire(desk: Desk) -> None:
    await desk.idle("expiry")


def token(figures: Figures, at: Any, **fields: Any) -> str:
    return TOKENS.mint(basis_of(request(scenario="welcome", **fields), 1, "key", figures), at)[0]


async def test_a_programs_launch_without_preapproval_waits_and_is_approved(desk: Desk, weak: Key) -> None:
    launch_id = await accepted(desk, weak)
    COUNTING.now(counted(5000))
    await desk.done("POST", f"/v1/launches/{launch_id}/approve", {}, as_user="bob")
    [reply] = desk.take(Reply)
    assert isinstance(reply, LaunchApproved)
    assert (reply.launch_id, reply.by, reply.command_id) == (launch_id, "bob", "cmd-1")
    [control] = desk.take(LaunchRequested)
    assert (control.approved_by, control.command_id) == ("bob", "cmd-1")


async def test_a_programs_count_is_what_the_approval_is_measured_against(desk: Desk, weak: Key) -> None:
    launch_id = await accepted(desk, weak, count_token=token(counted(100), desk.now))
    COUNTING.now(counted(5000))
    refused = await desk.refused("POST", f"/v1/launches/{launch_id}/approve", {}, as_user="bob")
    assert refused == (409, "drift")


@pytest.mark.parametrize(
    ("count_token", "code"), [("nonsense", "count_token_invalid"), ("late", "count_token_expired")]
)
async def test_a_count_that_is_none_rejects_a_programs_launch(
    desk: Desk, weak: Key, count_token: str, code: str
) -> None:
    if count_token == "late":
        count_token = token(counted(100), desk.now)
        desk.later(minutes=16)
    [reply] = await desk.commands(desk.command(weak, asked(count_token=count_token)))
    assert isinstance(reply, LaunchRejected)
    assert [point.code for point in reply.points] == [code]


async def test_declined_is_told_once_and_a_repeated_command_hears_what_it_heard_first(desk: Desk, weak: Key) -> None:
    launch_id = await accepted(desk, weak)
    for _ in range(2):
        await desk.done("POST", f"/v1/launches/{launch_id}/decline", {"reason": "no"}, as_user="bob")
    [reply] = desk.take(Reply)
    assert isinstance(reply, LaunchDeclined)
    assert (reply.reason, reply.by) == ("declined", "bob")
    [again] = await desk.commands(desk.command(weak, asked()))
    assert isinstance(again, LaunchAccepted)
    assert again.launch_id == launch_id


async def test_a_stop_of_a_launch_that_waits_cancels_it(desk: Desk, weak: Key) -> None:
    launch_id = await accepted(desk, weak)
    replies = await desk.commands(stop(desk, weak, launch_id))
    [declined] = [reply for reply in replies if isinstance(reply, LaunchDeclined)]
    assert (declined.reason, declined.by, declined.command_id) == ("cancelled", weak.id, "cmd-1")
    assert len(replies) == 2


async def test_what_nobody_decides_for_seven_days_is_rejected_once(desk: Desk, weak: Key) -> None:
    launch_id = await accepted(desk, weak)
    desk.later(days=7)
    await expire(desk)
    assert desk.take(Reply) == []
    desk.later(seconds=1)
    for _ in range(2):
        await expire(desk)
    [reply] = desk.take(Reply)
    assert isinstance(reply, LaunchDeclined)
    assert (reply.launch_id, reply.reason) == (launch_id, "approval_expired")
    shown = await desk.done("GET", f"/v1/launches/{launch_id}")
    assert (shown["state"], shown["rejected"]) == ("rejected", "approval_expired")
    assert (await desk.refused("POST", f"/v1/launches/{launch_id}/approve", {}, as_user="bob"))[1] == "wrong_state"


async def test_what_was_approved_does_not_expire(desk: Desk, weak: Key) -> None:
    launch_id = await accepted(desk, weak)
    await desk.done("POST", f"/v1/launches/{launch_id}/approve", {}, as_user="bob")
    desk.later(days=8)
    await expire(desk)
    assert (await desk.done("GET", f"/v1/launches/{launch_id}"))["state"] == "requested"


async def test_no_two_replies_about_one_record_have_one_id(desk: Desk, weak: Key) -> None:
    await desk.commands(desk.command(weak, asked()))
    launch_id = str(await desk.pool.fetchval("SELECT launch_id FROM launch"))
    await desk.checked(launch_id)
    await desk.done("POST", f"/v1/launches/{launch_id}/approve", {}, as_user="bob")
    replies = [sent for sent in desk.emitted if isinstance(sent.event, Reply)]
    assert [type(sent.event) for sent in replies] == [LaunchAccepted, LaunchApproved]
    assert len({sent.id for sent in replies}) == 2
    assert len({(at := sent.event.command_at).offset for sent in replies if isinstance(sent.event, Reply)}) == 1
    assert isinstance(at, CommandAt)
