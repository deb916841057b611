"""The link in a message: looking changes nothing, a click counts before the next one, contacts has the last word."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from fakes.mailer import FakeMailer
from fakes.transaction import FakeTransaction
from integration.messaging.rig import Node, World, eventually
from messaging.adapters.sends import PostgresSends
from messaging.api_public import routes
from messaging.domain.links import Links, Reference
from runtime import web
from runtime.audit import Audit, Wanted
from runtime.health import Readiness
from runtime.settings import Settings
from runtime.transaction import Connection
from unit.messaging.builders import LAUNCH, PROJECT, STEP, change, chunk, key, requested, snapshot

LINKS = Links("l" * 32, "https://slipway.example")
REFERENCE = Reference(PROJECT, "c-0", "promotional", LAUNCH, STEP, 1)
POLICY = "content-security-policy"


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """As anybody."""
    settings = Settings()
    server = web.Web("messaging", settings, Readiness("messaging"))
    listening = web.listen(settings)
    server.start(listening)
    server.open(routes(cast(Any, SimpleNamespace(transaction=world.request, pool=world.walled_pool)), LINKS))
    async with httpx.AsyncClient(base_url=web.address(listening), trust_env=False) as client:
        yield client
    await server.stop()


def link(**changed: Any) -> str:
    return f"/u/{LINKS.token(REFERENCE._replace(**changed))}"


async def click(http: httpx.AsyncClient, **changed: Any) -> None:
    answer = await http.post(link(**changed), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200, answer.text


async def blocks(world: World) -> set[tuple[str, str]]:
    return {tuple(row) for row in await world.pool.fetch("SELECT contact_id, kind FROM local_block")}


async def test_looking_at_the_page_changes_nothing_however_often(world: World, http: httpx.AsyncClient) -> None:
    for _ in range(10):
        page = await http.get(link(message_type="news<b>"), headers={"Sec-Purpose": "prefetch"})
        assert page.status_code == 200 and '<form method="post">' in page.text and "news&lt;b&gt;" in page.text
        await http.head(link())
        await http.options(link())
    assert page.headers["cache-control"] == "no-store" and "default-src 'none'" in page.headers[POLICY]
    assert await blocks(world) == set() and world.reports == []
    assert world.requests == 0, "it is looked up where nothing is written"


async def test_a_click_is_told_once_however_often_it_is_repeated(world: World, http: httpx.AsyncClient) -> None:
    for _ in range(10):
        await click(http)
    assert await blocks(world) == {("c-0", "consent:promotional")}
    (report,) = world.reports
    assert (report.contact_ids, report.kinds, report.message_types) == (["c-0"], ["withdrawn"], ["promotional"])
    assert (report.project, report.launch_id, report.recipients) == (PROJECT, LAUNCH, [None])


async def test_the_audit_says_who_withdrew_what_by_the_link_of_which_message(
    world: World, http: httpx.AsyncClient
) -> None:
    for _ in range(3):
        await click(http)
    await click(http, contact_id="c-1", mode="test")
    found = await world.pool.fetch("SELECT project, subject, action, thing, details FROM audit_entry")
    about = {"launch": LAUNCH, "step": STEP, "message_type": "promotional", "by": "link"}
    assert [tuple(row) for row in found] == [(PROJECT, "recipient", "consent.withdrawn", "contact/c-0", about)]
    for thing in ("contact/c-0", f"launch/{LAUNCH}"):
        [entry] = await Audit().listed(cast(Connection, world.pool), PROJECT, Wanted(thing=thing))
        assert entry.at == world.reports[0].at
    for thing in ("contact/c-1", "contact/c", "launch/other", "launch"):
        assert await Audit().listed(cast(Connection, world.pool), PROJECT, Wanted(thing=thing)) == []


async def test_after_the_click_the_page_says_that_it_is_done_until_consent_is_given_anew(
    world: World, mailer: FakeMailer, http: httpx.AsyncClient
) -> None:
    async def done(**changed: Any) -> bool:
        page = await http.get(link(**changed))
        assert page.status_code == 200 and ("<form" in page.text) != ("Unsubscribed" in page.text)
        return "Unsubscribed" in page.text

    node = Node(world, mailer)
    assert not await done()
    await click(http)
    assert [await done(), await done(contact_id="c-1"), await done(message_type="newsletter")] == [True, False, False]
    told = {"cause": world.reports[0].ids[0]}
    await node.changes(change("c-0", 2, consent={"promotional": False}).model_copy(update=told))
    assert await done()
    await node.changes(change("c-0", 3, consent={"promotional": True}))
    assert not await done()
    await node.changes(change("c-0", 4, consent={}))
    assert not await done(), "who never said anything has not said no"
    assert len(world.reports) == 1, "looking changes nothing"


async def test_what_a_tracker_appends_to_the_link_is_passed_over(world: World, http: httpx.AsyncClient) -> None:
    tracked = f"{link()}?utm_source=news&utm_medium=email&fbclid=x"
    assert (await http.get(tracked)).status_code == 200
    assert (await http.post(tracked, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert await blocks(world) == {("c-0", "consent:promotional")}


async def test_a_scanner_that_asks_for_the_head_alone_is_answered_and_changes_nothing(
    world: World, http: httpx.AsyncClient
) -> None:
    for path, status in ((link(), 200), ("/u/x", 400), ("/u", 400), ("/u/", 400)):
        head, page = await http.head(path), await http.get(path)
        assert (head.status_code, page.status_code) == (status, status)
        assert head.headers == page.headers
    assert await blocks(world) == set() and world.reports == []


WHOLE = link()
BROKEN = [WHOLE[:-1], WHOLE[: len(WHOLE) // 2], WHOLE + "A", WHOLE + "%3E", WHOLE.replace("/u/", "/u/A"), "/u/x",
          f"/u/{Links('x' * 32).token(REFERENCE)}", "/u/" + "x" * 9000]  # fmt: skip


@pytest.mark.parametrize("wrong", [*BROKEN, "/u/", "/u"])
async def test_who_follows_a_link_that_is_not_whole_sees_a_page_that_says_what_to_do(
    world: World, http: httpx.AsyncClient, wrong: str
) -> None:
    for accepted in ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "*/*", ""):
        page = await http.get(wrong, headers={"Accept": accepted})
        assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert "Open the message once more" in page.text and "default-src 'none'" in page.headers[POLICY]
    for accepted in ("application/json", "application/problem+json, application/json;q=0.9"):
        answer = await http.get(wrong, headers={"Accept": accepted})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_link")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("wrong", BROKEN)
async def test_a_click_on_a_link_that_is_not_whole_changes_nothing_and_says_so(
    world: World, http: httpx.AsyncClient, wrong: str
) -> None:
    page = await http.post(wrong, data={"List-Unsubscribe": "One-Click"})
    assert page.status_code == 400 and "Nothing has been changed" in page.text
    answer = await http.post(wrong, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_link")
    assert await blocks(world) == set() and world.reports == []


async def test_the_link_of_a_test_changes_nothing(world: World, http: httpx.AsyncClient) -> None:
    answer = await http.post(link(mode="test"))
    assert answer.status_code == 200 and "nothing has been changed" in answer.text
    assert await blocks(world) == set() and world.reports == []


async def test_a_click_between_planned_and_the_dot_stops_the_message(
    world: World, mailer: FakeMailer, http: httpx.AsyncClient
) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(2))
        await node.round()
        await eventually(lambda: len(mailer.offers) == 2)
        await click(http)
        await node.until_ended(2)
    assert [mail.id for mail in mailer.accepted] == [key("c-1").send_id]
    assert await world.rows() == {"c-0": ("skipped", "no_consent"), "c-1": ("accepted", None)}
    await world.check()


@pytest.mark.parametrize("channel", ["email", "discard"])
async def test_who_clicked_is_kept_out_of_what_comes_later(
    world: World, mailer: FakeMailer, http: httpx.AsyncClient, channel: str
) -> None:
    await click(http)
    async with Node(world, mailer) as node:
        await node.changes(change("c-0", 1), change("c-1", 1))
        await node.launches(requested(channel=channel))
        await node.sends(chunk(snapshot(2, revision=1)))
        await node.until_ended(2)
    assert await world.rows() == {"c-0": ("skipped", "no_consent"), "c-1": ("accepted", None)}


async def test_messages_of_another_type_still_come(world: World, mailer: FakeMailer, http: httpx.AsyncClient) -> None:
    await click(http, message_type="newsletter")
    async with Node(world, mailer) as node:
        await node.changes(change("c-0", 3, email="new@x.example"))
        await node.launches(requested())
        await node.sends(chunk(snapshot(2, revision=1)))
        await node.until_ended(2)
    assert sorted(mail.recipient for mail in mailer.accepted) == ["c-1@x.example", "new@x.example"]


async def test_contacts_answer_takes_the_place_of_the_click_and_a_later_consent_wins(
    world: World, mailer: FakeMailer, http: httpx.AsyncClient
) -> None:
    async with Node(world, mailer) as node:
        await node.changes(change("c-0", 1))
        await click(http)
        (report,) = world.reports
        await node.changes(change("c-0", 2))  # crossed the report: says nothing of it yet
        assert await blocks(world) == {("c-0", "consent:promotional")}
        answer = change("c-0", 3, consent={"promotional": False}).model_copy(update={"cause": report.ids[0]})
        await node.changes(answer)
        assert await blocks(world) == set()
        await node.launches(requested())
        await node.sends(chunk(snapshot(1, revision=2)))
        await node.changes(change("c-0", 4))
        await node.launches(requested("launch-2"))
        await node.sends(chunk(snapshot(1, revision=2), "launch-2"), cause="second")
        await node.until_ended(2)
    states = await world.pool.fetch("SELECT launch_id, state FROM send JOIN launch ON number = launch ORDER BY 1")
    assert [tuple(row) for row in states] == [(LAUNCH, "skipped"), ("launch-2", "accepted")]


async def test_a_click_after_the_answer_is_told_again(
    world: World, http: httpx.AsyncClient, mailer: FakeMailer
) -> None:
    node = Node(world, mailer)
    await click(http)
    answer = change("c-0", 2, consent={}).model_copy(update={"cause": world.reports[0].ids[0]})
    await node.changes(answer)
    await click(http)
    assert len({report.ids[0] for report in world.reports}) == 2
    assert await world.pool.fetchval("SELECT count(*) FROM audit_entry") == 2, "never asked is not withdrawn"


async def test_a_click_on_what_is_withdrawn_is_told_again_and_is_not_in_the_audit_again(
    world: World, http: httpx.AsyncClient, mailer: FakeMailer
) -> None:
    node = Node(world, mailer)
    await click(http)
    answer = change("c-0", 2, consent={"promotional": False}).model_copy(update={"cause": world.reports[0].ids[0]})
    await node.changes(answer)
    await click(http)
    assert len(world.reports) == 2, "messaging may not have heard of a later consent yet"
    assert [report.known for report in world.reports] == [(), (True,)], "log takes the second for no news"
    assert await world.pool.fetchval("SELECT count(*) FROM audit_entry") == 1


async def test_what_is_looked_up_once_more_is_seen_with_its_blocks(
    world: World, mailer: FakeMailer, http: httpx.AsyncClient
) -> None:
    node = Node(world, mailer)
    await node.launches(requested())
    await node.sends(chunk(2))
    await click(http)
    async with world.pool.acquire() as connection:
        found = await PostgresSends().load(FakeTransaction(connection=connection), [key("c-0"), key("c-1")])
    assert [found[key(id)].standing("promotional").consented for id in ("c-0", "c-1")] == [False, True]
    assert found[key("c-0")].standing("promotional").email == "c-0@x.example"
