"""What providers report: accepted becomes delivered, bounced or complained, each counted once, and nobody who bounced
for good or complained gets more."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import orjson
import pytest

from fakes.mailer import FakeMailer
from integration.messaging.rig import Node, World
from messaging.adapters.reports import PostgresReports
from messaging.adapters.sends import PostgresSends
from messaging.api_reports import routes
from messaging.domain.links import Links, Reference
from messaging.domain.webhooks import Secrets
from runtime import web
from runtime.health import Readiness
from runtime.rows import Missed
from runtime.settings import Settings
from runtime.webhook_signing import sign
from unit.messaging.builders import LAUNCH, PROJECT, STEP, change, chunk, requested, snapshot

LINKS = Links("l" * 32)
KEY = b"0123456789abcdef"


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings()
    server = web.Web("messaging", settings, Readiness("messaging"))
    listening = web.listen(settings)
    server.start(listening)
    secrets = Secrets("ses:whsec_MDEyMzQ1Njc4OWFiY2RlZg==")
    server.open(routes(cast(Any, SimpleNamespace(transaction=world.request)), LINKS, secrets, PostgresSends()))
    async with httpx.AsyncClient(base_url=web.address(listening), trust_env=False) as client:
        yield client
    await server.stop()


async def post(
    http: httpx.AsyncClient,
    world: World,
    body: bytes,
    *,
    ago: int = 0,
    provider: str = "ses",
    kind: str = "application/json",
) -> httpx.Response:
    time = str(int(await world.pool.fetchval("SELECT extract(epoch FROM now())")) - ago)
    headers = {
        "webhook-id": "m-1",
        "webhook-timestamp": time,
        "webhook-signature": sign(KEY, "m-1", time, body),
        "content-type": kind,
    }
    return await http.post(f"/v1/deliveries/{provider}", content=body, headers=headers)


def event(contact_id: str, what: str, **more: Any) -> dict[str, Any]:
    ref = LINKS.token(Reference(PROJECT, contact_id, "promotional", LAUNCH, STEP, 1))
    return {"ref": ref, "event": what, **more}


async def tell(http: httpx.AsyncClient, world: World, *events: dict[str, Any]) -> dict[str, int]:
    answer = await post(http, world, orjson.dumps({"events": events}))
    assert answer.status_code == 202, answer.text
    return cast(dict[str, int], answer.json())


@pytest.fixture
async def node(world: World, mailer: FakeMailer) -> Node:
    """Four accepted mails, c-0 to c-3; its workers are gone."""
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(4))
        await node.until_ended(4)
    return node


async def rounds(node: Node) -> None:
    """All that was reported is taken in and told, whatever partition it is about."""
    for number in range(8):
        lease = node.lease(number)
        await node.reporting.run(lease)
        await node.telling.run(lease)
    assert await node.world.pool.fetchval("SELECT count(*) FROM report") == 0


async def test_each_report_moves_its_delivery_once_and_the_sum_stays(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    named = {"launch_id": LAUNCH, "contact_id": "c-1", "step": STEP, "event": "delivered"}
    told = await tell(http, world, event("c-0", "delivered"), named, event("c-2", "bounced", hard=False))
    assert told == {"taken": 3, "unknown": 0, "without_ref": 0}
    await rounds(node)
    assert world.counts == {"accepted": 2, "delivered": 2}
    later = [event("c-0", "bounced", recipient="c-0@x.example", detail="550 nobody"), event("c-1", "complained")]
    for _ in range(2):
        await tell(http, world, *later, event("c-0", "delivered"))
        await rounds(node)
    assert world.counts == {"accepted": 2, "bounced": 1, "complained": 1}
    await tell(http, world, event("c-0", "complained"), event("c-3", "complained"), event("c-3", "delivered"))
    await rounds(node)
    assert world.counts == {"accepted": 1, "complained": 3}
    by_id = {report.ids[0]: report for report in world.reports}
    kinds = [(report.contact_ids[0], report.kinds[0], report.recipients[0]) for report in by_id.values()]
    assert sorted(kinds, key=str) == [
        ("c-0", "bounced", "c-0@x.example"),
        ("c-0", "complained", None),
        ("c-1", "complained", None),
        ("c-3", "complained", None),
    ], "once each, by the ids that contacts takes them in by"
    await world.check()


async def test_who_complained_gets_nothing_more_until_contacts_says_otherwise(
    world: World, mailer: FakeMailer, http: httpx.AsyncClient, node: Node
) -> None:
    await tell(http, world, event("c-0", "complained"))
    await rounds(node)
    await node.launches(requested("launch-2", message_type="administrative", channel="discard"))
    await node.sends(chunk(2, "launch-2"), cause="second")
    rows = await world.pool.fetch("SELECT contact_id, state, reason FROM send WHERE state <> 'accepted' ORDER BY 2")
    assert [tuple(row) for row in rows] == [("c-0", "complained", None), ("c-0", "skipped", "suppressed")]
    await node.changes(change("c-0", 9).model_copy(update={"cause": world.reports[0].ids[0]}))
    assert await world.pool.fetchval("SELECT count(*) FROM local_block") == 0


async def test_what_is_not_ours_is_counted_as_unknown(world: World, http: httpx.AsyncClient, node: Node) -> None:
    foreign = {"ref": Links("x" * 32).token(Reference(PROJECT, "c-0", "promotional", LAUNCH, STEP, 1))}
    told = await tell(
        http, world, {**foreign, "event": "bounced"}, event("never", "bounced"), event("c-0", "delivered")
    )
    assert told == {"taken": 1, "unknown": 2, "without_ref": 0}
    assert world.reports == []


async def test_only_what_is_signed_in_time_and_readable_is_taken(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    body = orjson.dumps({"events": [event("c-0", "bounced")]})
    assert (await post(http, world, body, ago=400)).status_code == 401
    assert (await post(http, world, body, provider="other")).status_code == 401
    assert (await http.post("/v1/deliveries/ses", content=body)).status_code == 401
    assert (await post(http, world, body, kind="text/plain")).status_code == 415
    for wrong in (
        b"",
        b"{",
        b"[]",
        b'{"events": [{"event": "bounced"}]}',
        b'{"events": [{"ref": "x", "event": "\\u0000"}]}',
    ):
        assert (await post(http, world, wrong)).status_code == 422
    twice = body.replace(b'"event":', b'"event":"delivered","event":')
    refused = await post(http, world, twice)
    assert (refused.status_code, refused.json()["code"]) == (422, "duplicate_key")
    deep = await post(http, world, b'{"events": ' + b"[" * 150 + b"]" * 150 + b"}")
    assert (deep.status_code, deep.json()["code"]) == (422, "too_deep")
    assert await world.pool.fetchval("SELECT count(*) FROM report") == 0


async def test_an_unknown_message_stays_unknown_and_its_contact_is_suppressed(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    await node.launches(requested("launch-2"))
    await node.sends(chunk(snapshot(1, first=9), "launch-2"), cause="second")
    await world.pool.execute("UPDATE send SET state = 'unknown' WHERE contact_id = 'c-9'")
    named = {"launch_id": "launch-2", "contact_id": "c-9", "step": STEP}
    await tell(http, world, {**named, "event": "bounced"})
    await rounds(node)
    row = await world.pool.fetchval("SELECT state FROM send WHERE contact_id = 'c-9'")
    assert row == "unknown" and [report.contact_ids for report in world.reports] == [["c-9"]]


async def test_a_repeated_report_of_an_unknown_message_leaves_no_block_that_nobody_answers(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    async def reported() -> str:
        await tell(http, world, {"launch_id": "launch-2", "contact_id": "c-9", "step": STEP, "event": "bounced"})
        await rounds(node)
        return world.reports[-1].ids[0]

    async def blocks() -> int:
        return int(await world.pool.fetchval("SELECT count(*) FROM local_block"))

    await node.launches(requested("launch-2"))
    await node.sends(chunk(snapshot(1, first=9), "launch-2"), cause="second")
    await world.pool.execute("UPDATE send SET state = 'unknown' WHERE contact_id = 'c-9'")
    suppressed = {"cause": await reported(), "suppressed": True}
    assert await blocks() == 1
    await node.changes(change("c-9", 20).model_copy(update=suppressed))
    assert await blocks() == 0
    again = [await reported() for _ in range(2)]
    assert await blocks() == 0 and again[0] == again[1], "for contacts both are one"
    await node.changes(change("c-9", 21))  # somebody lifted it
    fresh = await reported()
    assert await blocks() == 1 and fresh not in (suppressed["cause"], *again)
    await node.changes(change("c-9", 22).model_copy(update={"cause": fresh, "suppressed": True}))
    assert await blocks() == 0


def came_back(contact_id: str, status: str = "5.1.1", headers: str = "To: {to}\nX-Slipway-To: {proof}\n") -> bytes:
    """A delivery report about this contact's mail to `<id>@x.example`, which did not come back whole."""
    ref, to = LINKS.token(Reference(PROJECT, contact_id, "promotional", LAUNCH, STEP, 1)), f"{contact_id}@x.example"
    ours = headers.format(to=to, proof=LINKS.proof(ref, to)) + f"X-Slipway-Ref: {ref}"
    parts = {
        b"message/delivery-status": b"Reporting-MTA: dns; mx\n\n"
        b"Final-Recipient: rfc822; c-3@x.example\nAction: failed\nStatus: " + status.encode(),
        b"text/rfc822-headers": ours.encode(),
    }
    body = b"".join(b"--e\nContent-Type: %s\n\n%s\n\n" % part for part in parts.items())
    return b"Content-Type: multipart/report; boundary=e\n\n" + body + b"--e--\n"


async def test_a_mail_that_came_back_names_its_contact_and_where_it_went(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    for mail in (
        came_back("c-0"),
        came_back("c-0"),
        came_back("c-1", "4.4.7"),
        came_back("c-2", "5.7.1"),
        came_back("c-3", headers=FORGED),
    ):
        answer = await post(http, world, mail, kind="message/rfc822")
        assert (answer.status_code, answer.json()) == (202, {"taken": 1, "unknown": 0, "without_ref": 0})
    await rounds(node)
    assert world.counts == {"accepted": 2, "bounced": 2}
    assert sorted((report.contact_ids, report.kinds, report.recipients) for report in world.reports) == [
        (["c-0"], ["bounced"], ["c-0@x.example"]),
        (["c-3"], ["bounced"], [None]),
    ], "not the address that is forged"
    reason = await world.pool.fetchval("SELECT reason FROM send WHERE contact_id = 'c-0'")
    assert reason == "5.1.1"
    await world.check()


FORGED = "To: c-0@x.example\nX-Slipway-To: {proof}\n"


async def returned(http: httpx.AsyncClient, world: World, contact_id: str, **headers: str) -> None:
    answer = await post(http, world, came_back(contact_id, **headers), kind="message/rfc822")
    assert answer.json() == {"taken": 1, "unknown": 0, "without_ref": 0}


async def test_where_a_mail_went_is_told_even_if_a_report_without_proof_came_first(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    await returned(http, world, "c-1", headers=FORGED)
    await rounds(node)
    [before] = world.reports
    for _ in range(2):
        await returned(http, world, "c-1")
        await returned(http, world, "c-1", headers=FORGED)
        await rounds(node)
    assert world.counts == {"accepted": 3, "bounced": 1}
    assert [report.recipients for report in world.reports] == [[None], ["c-1@x.example"], ["c-1@x.example"]]
    ids = [report.ids for report in world.reports]
    assert ids[0] == before.ids and ids[1] == ids[2] != ids[0], "once for contacts, however often it is told"
    assert await world.pool.fetchval("SELECT count(*) FROM local_block") == 1, "the first one's, until it is answered"
    await world.check()


async def test_of_two_reports_that_are_not_taken_in_yet_the_one_with_proof_counts(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    for headers in ({"headers": FORGED}, {}, {"headers": FORGED}):
        await returned(http, world, "c-2", **headers)
    await rounds(node)
    assert [(report.contact_ids, report.recipients) for report in world.reports] == [(["c-2"], ["c-2@x.example"])]


async def test_a_proof_that_comes_while_its_report_is_taken_in_is_not_forgotten(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    reports = PostgresReports()
    await returned(http, world, "c-3", headers=FORGED)
    number = await world.pool.fetchval("SELECT partition FROM report")
    async with world.pool.acquire() as connection:
        read = await reports.of(connection, number, 10)
    await returned(http, world, "c-3")
    with pytest.raises(Missed):
        async with node.lease(number).transaction() as tx:
            await reports.forget(tx, read)
    await rounds(node)
    assert [report.recipients for report in world.reports] == [["c-3@x.example"]]


async def test_a_mail_about_none_of_ours_is_unknown_and_one_about_nothing_is_refused(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    answer = await post(http, world, came_back("never"), kind="message/rfc822; charset=utf-8")
    assert answer.json() == {"taken": 0, "unknown": 1, "without_ref": 0}
    stripped = came_back("c-0").replace(b"X-Slipway-Ref", b"X-Stripped")
    answer = await post(http, world, stripped, kind="message/rfc822")
    assert (answer.status_code, answer.json()) == (202, {"taken": 0, "unknown": 1, "without_ref": 1})
    answer = await post(http, world, b"Subject: holiday\n\nBack on Monday", kind="message/rfc822")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_report")
    assert (await post(http, world, came_back("c-0"), kind="message/rfc822", ago=400)).status_code == 401
    assert await world.pool.fetchval("SELECT count(*) FROM report") == 0
