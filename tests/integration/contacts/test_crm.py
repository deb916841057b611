"""`crm.contacts`: signed records of the CRM change contacts, or are refused on `contacts.replies`."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest

from contracts.crm import CommandRejected
from contracts.words import Permission
from fakes.transaction import NOON
from integration.contacts.world import PROJECT, World, key, signed
from runtime.errors import Permanent, Transient
from runtime.records import Record

ANN = {"id": "c-1", "email": "ann@example.com", "groups": ["vip"], "attributes": {"score": 1}}


@pytest.fixture(autouse=True)
async def _keys(world: World) -> None:
    await world.hear(key(), key("key_view", grants=[Permission.VIEW]), key("key_gone", revoked=True), key("key_other"))


def upserted(contact: dict[str, Any] | None = None, **how: Any) -> Record:
    return signed("contact.upserted", {"project": PROJECT, "contact": contact or ANN}, **how)


def refusals(world: World) -> list[CommandRejected]:
    return [event for event in world.on("contacts.replies") if isinstance(event, CommandRejected)]


async def refused(world: World, record: Record) -> CommandRejected:
    """The one answer to it; nothing changed."""
    await world.crm_says(record)
    [answer] = refusals(world)
    assert not world.on("contacts.changes")
    assert len(answer.detail) > 20
    return answer


async def test_signed_upsert_is_stored_and_told_without_a_reply(world: World) -> None:
    await world.crm_says(upserted())
    [changed] = world.on("contacts.changes")
    [change] = changed.changes
    assert (change.contact_id, change.revision, change.cause, change.suppressed) == ("c-1", 1, "r-1", False)
    assert change.contact.email == "ann@example.com" and change.contact.groups == ["vip"]
    assert not refusals(world)


@pytest.mark.parametrize("id", ["\u202e-1", "x" * 257])
async def test_whatever_can_be_answered_under_is_an_id(world: World, id: str) -> None:
    await world.crm_says(upserted(id=id))
    assert len(world.on("contacts.changes")) == 1
    await world.crm_says(upserted({"id": "c-2"}, id=id))
    assert [(answer.command_id, answer.code) for answer in refusals(world)] == [(id, "conflict")]


async def test_structured_mode_is_read_too(world: World) -> None:
    await world.crm_says(upserted(structured=True))
    assert (await world.reading.contact(PROJECT, "c-1")) is not None


async def test_records_of_one_contact_apply_in_order(world: World) -> None:
    data = {"project": PROJECT, "contact_id": "c-1"}
    await world.crm_says(
        upserted(id="r-1"),
        upserted({"id": "c-1", "attributes": {"city": "Graz", "score": None}}, id="r-2"),
        signed("consent.changed", {**data, "message_type": "news", "given": True, "source": "form"}, id="r-3"),
        signed("group.membership-changed", {**data, "added": ["new"], "removed": ["vip"]}, id="r-4"),
    )
    found = await world.reading.contact(PROJECT, "c-1")
    assert found is not None and found.revision == 4
    assert found.attributes == {"city": "Graz"} and found.consent == {"news": True} and found.groups == ("new",)
    assert [c.revision for changed in world.on("contacts.changes") for c in changed.changes] == [1, 2, 3, 4]
    assert await world.reading.members(PROJECT, "new", "", 10) == ["c-1"]
    assert await world.reading.members(PROJECT, "vip", "", 10) == []
    assert await world.reading.groups(PROJECT, "", 10) == [("new", 1), ("vip", 0)]


async def test_deleted_contact_leaves_only_its_revision(world: World) -> None:
    await world.crm_says(upserted())
    await world.crm_says(signed("contact.deleted", {"project": PROJECT, "contact_id": "c-1"}, id="r-2"))
    [row] = await world.pool.fetch("SELECT * FROM contact")
    assert row["deleted"] and row["revision"] == 2
    assert row["email"] is row["address_hash"] is None and row["attributes"] == {} and row["groups"] == []
    assert await world.pool.fetchval("SELECT count(*) FROM membership") == 0
    [change] = world.on("contacts.changes")[-1].changes
    assert change.contact is None and change.revision == 2
    await world.crm_says(upserted({"id": "c-1"}, id="r-3"))
    assert world.on("contacts.changes")[-1].changes[0].revision == 3


async def test_deleting_a_contact_that_is_not_there_is_no_error(world: World) -> None:
    await world.crm_says(signed("contact.deleted", {"project": PROJECT, "contact_id": "nobody"}))
    assert not world.emitted
    assert await world.pool.fetchval("SELECT count(*) FROM contact") == 0


async def test_upsert_that_changes_nothing_says_nothing(world: World) -> None:
    await world.crm_says(upserted(id="r-1"))
    await world.crm_says(upserted(id="r-2"))
    assert len(world.on("contacts.changes")) == 1


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"slipway__signature": ""}, "unsigned"),
        ({"slipway__key": ""}, "unsigned"),
        ({"key_id": "key_nobody", "appended": NOON - timedelta(minutes=1)}, "unknown_key"),
        ({"key_id": "key_gone"}, "unknown_key"),
        ({"key_id": "key_view"}, "forbidden"),
        ({"secret": "wrong"}, "bad_signature"),
        ({"slipway__signature": "v1,"}, "bad_signature"),
        ({"ce_source": "/somebody/else"}, "bad_signature"),
        ({"ce_type": "com.slipway.contact.deleted.v1"}, "bad_signature"),
        ({"ce_time": ""}, "malformed"),
        ({"ce_source": ""}, "malformed"),
        ({"ce_type": ""}, "malformed"),
        ({"ce_specversion": ""}, "malformed"),
        ({"ce_specversion": "2.0"}, "unsupported"),
        ({"content__type": "text/plain"}, "malformed"),
        ({"content__type": "application/cloudevents-batch+json"}, "malformed"),
        ({"time": "2026-11-20T11:54:59Z"}, "too_old"),
        ({"time": "2026-11-20T12:05:01Z"}, "too_old"),
        ({"time": "2026-11-20T12:00:00"}, "too_old"),
        ({"time": "yesterday"}, "too_old"),
    ],
)
async def test_record_that_cannot_be_believed_is_refused(world: World, how: dict[str, Any], code: str) -> None:
    answer = await refused(world, upserted(**how, offset=7))
    assert answer.code == code
    assert answer.command_id == "r-1"
    assert answer.command_at.model_dump() == {"topic": "crm.contacts", "partition": 0, "offset": 7}


@pytest.mark.parametrize("time", ["2026-11-20T11:55:00Z", "2026-11-20T12:05:00.000Z", "2026-11-20T13:00:00+01:00"])
async def test_record_is_judged_by_the_time_at_which_it_was_appended(world: World, time: str) -> None:
    world.now = NOON + timedelta(hours=3)
    await world.crm_says(upserted(time=time))
    assert not refusals(world)


def test_world_signs_what_it_says() -> None:
    assert upserted().headers["ce_type"] == b"com.slipway.contact.upserted.v1"


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("contact.upserted", b"\xff\x00{", "malformed"),
        ("contact.upserted", b'{"project": "demo", "cont', "malformed"),
        ("contact.upserted", b"[" * 10_000, "malformed"),
        ("contact.upserted", [1], "malformed"),
        ("contact.upserted", None, "malformed"),
        ("contact.upserted", {"project": PROJECT}, "malformed"),
        ("contact.upserted", {"project": PROJECT, "contact": {"id": "c-1", "emial": "x"}}, "malformed"),
        ("contact.upserted", {"project": PROJECT, "contact": {"id": "c-1", "active": "yes"}}, "malformed"),
        ("contact.upserted", {"project": PROJECT, "contact": {"id": "a\nb"}}, "malformed"),
        ("contact.upserted", {"project": PROJECT, "contact": {"id": "ü" * 65}}, "malformed"),
        (
            "contact.upserted",
            {"project": PROJECT, "contact": {"id": "c", "email": "a@b.example\r\nBcc: x"}},
            "malformed",
        ),
        ("contact.upserted", {"project": PROJECT, "contact": {"id": "c", "attributes": {"a": "\0"}}}, "malformed"),
        ("contact.upserted", {"project": "other", "contact": {"id": "c"}}, "project_mismatch"),
        ("contact.deleted", {"project": PROJECT, "contact_id": "\x7f"}, "malformed"),
        ("consent.changed", {"project": PROJECT, "contact_id": "c", "message_type": "A", "given": True}, "malformed"),
        ("consent.changed", {"project": PROJECT, "contact_id": "c", "message_type": "a", "given": 1}, "malformed"),
        ("consent.changed", {"project": PROJECT, "contact_id": "c", "message_type": "a", "given": True}, "wrong_state"),
        ("group.membership-changed", {"project": PROJECT, "contact_id": "c", "added": ["v"]}, "wrong_state"),
        ("contact.event", {"project": PROJECT, "contact_id": "c", "name": "left"}, "unsupported"),
        ("com.slipway.contact.upserted.v2", {"project": PROJECT}, "unsupported"),
        ("com.acme.something.v1", {}, "unsupported"),
    ],
)
async def test_believed_record_that_cannot_be_carried_out_is_refused(
    world: World, kind: str, data: Any, code: str
) -> None:
    answer = await refused(world, signed(kind, data))
    assert (answer.code, answer.project) == (code, PROJECT)


async def test_nesting_without_end_is_refused(world: World) -> None:
    deep: Any = 1
    for _ in range(60):
        deep = {"a": deep}
    answer = await refused(world, upserted({"id": "c", "attributes": deep}))
    assert answer.code == "malformed" and "nested" in answer.detail


async def test_record_of_one_mebibyte_is_taken_and_a_byte_more_is_not(world: World) -> None:
    empty = len(orjson.dumps({"project": PROJECT, "contact": {"id": "c-1", "attributes": {"a": ""}}}))
    fill = "x" * (1024 * 1024 - empty)
    await world.crm_says(upserted({"id": "c-1", "attributes": {"a": fill + "x"}}, id="r-1"))
    assert [answer.code for answer in refusals(world)] == ["too_large"]
    await world.crm_says(upserted({"id": "c-1", "attributes": {"a": fill[200:]}}, id="r-2"))
    assert len(refusals(world)) == 1
    await world.crm_says(upserted({"id": "c-1", "attributes": {"b": fill[200:]}}, id="r-3"))
    assert [answer.code for answer in refusals(world)] == ["too_large", "too_large"]


async def test_oversized_structured_record_is_answered_too(world: World) -> None:
    answer = await refused(world, upserted({"id": "c", "attributes": {"a": "x" * 1_100_000}}, structured=True))
    assert answer.code == "too_large"


@pytest.mark.parametrize(
    "record",
    [
        upserted(ce_id=""),
        upserted(ce_id="a\x00b"),
        signed("contact.upserted", b"\xff\xfe", structured=False, content__type="application/cloudevents+json"),
        signed("contact.upserted", b"[]", content__type="application/cloudevents+json; charset=utf-8"),
    ],
)
async def test_record_nobody_could_be_answered_about_is_parked(world: World, record: Record) -> None:
    headers = {name: value for name, value in record.headers.items() if not name.startswith("ce_") or name == "ce_id"}
    with pytest.raises(Permanent, match="ce_id"):
        await world.crm_says(Record("crm.contacts", 0, 0, record.timestamp, None, record.value, headers))


async def test_bad_record_does_not_touch_the_others_of_its_batch(world: World) -> None:
    await world.crm_says(
        upserted({"id": "a"}, id="r-1"),
        upserted({"id": "b"}, id="r-2", secret="wrong"),
        upserted({"id": "c", "email": "no"}, id="r-3"),
        upserted({"id": "d"}, id="r-4"),
    )
    assert [answer.command_id for answer in refusals(world)] == ["r-2", "r-3"]
    assert [contact.contact_id for contact in await world.reading.contacts(PROJECT, "", 10)] == ["a", "d"]


async def test_same_id_and_data_again_changes_nothing_more(world: World) -> None:
    await world.crm_says(upserted({"id": "a", "attributes": {"n": 1}}, id="r-1"))
    await world.crm_says(upserted({"id": "a", "attributes": {"n": 2}}, id="r-2"))
    await world.crm_says(upserted({"id": "a", "attributes": {"n": 1}}, id="r-1", time="2026-11-20T12:01:00Z"))
    await world.crm_says(upserted({"attributes": {"n": 1}, "id": "a"}, id="r-1", structured=True))
    found = await world.reading.contact(PROJECT, "a")
    assert found is not None and found.attributes == {"n": 2} and found.revision == 2
    assert not refusals(world)


async def test_same_id_with_other_data_is_a_conflict(world: World) -> None:
    await world.crm_says(upserted({"id": "a"}, id="r-1"))
    await world.crm_says(upserted({"id": "b"}, id="r-1"), upserted({"id": "b"}, id="r-1", source="/crm/two"))
    assert [answer.code for answer in refusals(world)] == ["conflict"]
    assert await world.reading.contact(PROJECT, "b") is not None


async def test_refusal_is_the_same_byte_for_byte_when_the_record_comes_again(world: World) -> None:
    bad = {"id": "a", "zone": "Vienna"}
    await world.crm_says(upserted(bad, id="r-1", offset=1), upserted(bad, id="r-1", offset=2))
    await world.crm_says(upserted(bad, id="r-1", offset=3))
    first, *again = [(out.id, out.event.model_dump_json()) for out in world.emitted]
    assert again == [first, first]


async def test_record_that_was_not_believed_uses_up_no_id(world: World) -> None:
    await world.crm_says(upserted({"id": "evil"}, id="r-1", secret="guessed"))
    await world.crm_says(upserted({"id": "good"}, id="r-1"))
    assert [contact.contact_id for contact in await world.reading.contacts(PROJECT, "", 10)] == ["good"]


async def test_same_id_twice_at_once_counts_once(world: World) -> None:
    async def one(number: int) -> None:
        await world.crm_says(upserted({"id": f"a{number}"}, id="r-1"))

    await asyncio.gather(one(1), one(2))
    assert [answer.code for answer in refusals(world)] == ["conflict"]
    assert len(await world.reading.contacts(PROJECT, "", 10)) == 1


async def test_young_record_waits_a_moment_for_its_key(world: World) -> None:
    with pytest.raises(Transient, match="not known yet"):
        await world.crm_says(upserted(key_id="key_new"))
    await world.hear(key("key_new"))
    await world.crm_says(upserted(key_id="key_new"))
    assert await world.reading.contact(PROJECT, "c-1") is not None


async def test_nobody_waits_twice_for_a_key_that_did_not_come(world: World) -> None:
    world.now = NOON + timedelta(seconds=4)
    await world.crm_says(upserted(key_id="key_never", id="r-1"))
    await world.crm_says(upserted(key_id="key_never", id="r-2", appended=world.now))
    assert [answer.code for answer in refusals(world)] == ["unknown_key", "unknown_key"]


async def test_rotated_key_is_known_by_its_highest_revision(world: World) -> None:
    await world.hear(key(revoked=True, revision=3))
    await world.hear(key(revision=2))
    assert (await refused(world, upserted())).code == "unknown_key"


async def test_one_of_several_signatures_is_enough(world: World) -> None:
    record = upserted()
    signature = record.headers["slipway-signature"].decode()
    await world.crm_says(upserted(slipway__signature=f"v1,AAAA {signature} v2,x"))
    assert not refusals(world)
