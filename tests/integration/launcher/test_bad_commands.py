"""Every bad command is answered, with what to do."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.crm import (
    CommandRejected,
)
from contracts.launches import LaunchDrafted
from integration.launcher.commands import rejection
from integration.launcher.desk import Desk, Key, asked
from runtime.errors import Permanent


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


async def test_another_version_of_cloudevents_is_unsupported(desk: Desk, key: Key) -> None:
    code, detail = rejection(await desk.commands(desk.command(key, asked(), headers={"ce_specversion": "0.3"})))
    assert (code, "send CloudEvents 1.0" in detail) == ("unsupported", True)


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
