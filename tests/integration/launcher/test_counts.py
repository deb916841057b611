"""Counts over HTTP: what contacts is asked, what is told, and the token that a launch is confirmed with."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from contracts.launches import Contacts, Segment
from contracts.words import Figure, LaunchState, Permission
from fakes.counting import figures as counted
from integration.launcher.desk import COUNTING, RESULTS, SETTINGS, Desk
from launcher.adapters.contacts_http import ContactsHttp
from launcher.adapters.count_tokens import SignedCountTokens
from launcher.adapters.services_http import ServiceHttp
from launcher.domain.counting import Basis, Counted, Found, Listing
from launcher.domain.parties import Asker
from launcher.domain.points import error
from launcher.domain.refusals import Denied

TOKENS = SignedCountTokens(SETTINGS.token_key)
BODY: dict[str, Any] = {"scenario": "welcome", "participants": {"kind": "all"}}
ANN = Asker("demo", "ann", frozenset({Permission.PROCESS_START}))


@pytest.fixture(autouse=True)
async def _counting(desk: Desk) -> None:
    COUNTING.now(counted(100, no_consent=10))
    COUNTING.asked.clear()
    COUNTING.behind = [f"c-{number:03}" for number in range(5)]
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["process:start", "view"]})
    await desk.done("POST", "/v1/users", {"user": "bob", "grants": ["view", "launch:approve"]})
    # It stands still, and counts are dated by PostgreSQL's clock.
    desk.now = datetime.now(UTC) + timedelta(minutes=1)


async def count(desk: Desk, body: Any = None, **more: Any) -> Any:
    return await desk.done("POST", "/v1/counts", body or BODY, as_user="ann", **more)


async def test_count_has_figures_and_a_token_for_exactly_this(desk: Desk) -> None:
    told = await count(desk)
    assert (told["targeted"], told["starting"], told["excluded"]) == (100, 90, {"no_consent": 10})
    basis = TOKENS.read(told["token"], "demo", datetime.now(UTC))
    assert isinstance(basis, Basis)
    assert (basis.subject, basis.scenario, basis.version, basis.figures) == (
        "ann",
        "welcome",
        1,
        counted(100, no_consent=10),
    )


async def test_contacts_is_asked_for_what_would_be_launched(desk: Desk) -> None:
    ids = [f"c-{number}" for number in range(1200)]
    await count(desk, {**BODY, "participants": {"kind": "contacts", "contacts": [*ids, "c-1"]}})
    await count(desk, {**BODY, "participants": {"kind": "segment", "where": "contact.active"}})
    (_, named), (asker, segment) = COUNTING.asked
    assert named.participants == Contacts(contacts=ids) and named.launched_by == "ann"
    assert segment.participants == Segment(where="contact.active") and asker.subject == "ann"


async def test_waiting_launch_is_counted_as_it_is_and_confirmed_with_that_count(desk: Desk) -> None:
    launch_id = (await desk.launch(BODY, as_user="ann"))["launch_id"]
    await desk.checked(launch_id, expected=100)
    told = await count(desk, {"launch_id": launch_id})
    [(_, selected)] = COUNTING.asked
    assert (selected.launch_id, selected.launched_by) == (launch_id, "ann")
    confirmed = await desk.done(
        "POST", f"/v1/launches/{launch_id}/confirm", {"count_token": told["token"]}, as_user="ann"
    )
    assert confirmed["state"] == "awaiting_approval"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**BODY, "scenario": "nothing"}, "unknown_scenario"),
        ({**BODY, "participants": {"kind": "groups", "groups": []}}, "empty_selection"),
        ({**BODY, "context": {"oops": 1}}, "context_unknown"),
        ({**BODY, "options": {"consent_override": {"reason": "x"}}}, "forbidden"),
    ],
)
async def test_what_could_not_be_launched_is_not_counted(desk: Desk, body: Any, code: str) -> None:
    told = await count(desk, body)
    assert (told["token"], told["targeted"]) == (None, None)
    assert code in [point["code"] for point in told["points"]]
    assert not COUNTING.asked
    assert await desk.refused("POST", "/v1/counts", {**body, "list": {"reason": "inactive"}}, as_user="ann") == (
        409,
        "points",
    )


async def test_what_contacts_has_against_it_is_told_without_figures(desk: Desk) -> None:
    point = error("unknown_group", "participants.groups[0]", "There is no such group: make it.")
    COUNTING.answer = Counted(counted(0), {}, points=(point,))
    told = await count(desk)
    assert told["token"] is None and [each["code"] for each in told["points"]] == ["unknown_group"]
    listing = {**BODY, "list": {"figure": "targeted"}}
    assert await desk.refused("POST", "/v1/counts", listing, as_user="ann") == (409, "points")


async def test_contacts_behind_a_figure_are_paged(desk: Desk) -> None:
    first = await count(desk, {**BODY, "list": {"reason": "no_consent", "limit": 3}})
    last = await count(desk, {**BODY, "list": {"reason": "no_consent", "limit": 3, "cursor": first["next"]}})
    assert [row["contact_id"] for row in first["items"] + last["items"]] == COUNTING.behind
    assert last["next"] is None


@pytest.mark.parametrize(
    ("listing", "figure"),
    [
        ({"reason": "no_consent"}, "excluded"),
        ({"reason": "no_consent", "step": "hello"}, "skipped"),
        ({"figure": "skipped", "reason": "no_consent"}, "skipped"),
        ({"figure": "reached", "step": "hello"}, "reached"),
        ({"figure": "starting"}, "starting"),
        ({"figure": "targeted"}, "targeted"),
    ],
)
async def test_a_list_says_which_figure_it_is_behind(desk: Desk, listing: Any, figure: str) -> None:
    page = await count(desk, {**BODY, "list": {**listing, "limit": 3}})
    assert page["figure"] == figure
    following = await count(desk, {**BODY, "list": {**listing, "limit": 3, "cursor": page["next"]}})
    assert (following["figure"], len(following["items"])) == (figure, 2)


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        ({}, "name a reason, or a figure"),
        ({"reason": "no_adress"}, "there is no reason no_adress; there are inactive, not_permitted"),
        ({"figure": "excluded"}, "say the reason"),
        ({"figure": "starting", "reason": "inactive"}, "starting has no reasons"),
        ({"figure": "reached"}, "say the step"),
        ({"figure": "excluded", "reason": "inactive", "step": "hello"}, "excluded is no step's"),
        ({"reason": "inactive", "step": "goodbye"}, "sends no message at a step goodbye"),
    ],
)
async def test_a_list_of_what_there_cannot_be_is_refused(desk: Desk, listing: Any, said: str) -> None:
    response = await desk.call("POST", "/v1/counts", {**BODY, "list": listing}, as_user="ann")
    assert response.status_code == 422 and said in response.json()["detail"], response.text


async def failed_ones(desk: Desk) -> Any:
    """A count of those of a launch that has ended."""
    launch_id = str((await desk.launch(BODY))["launch_id"])
    await desk.checked(launch_id)
    await desk.counted(launch_id, 1, LaunchState.COMPLETED, targeted=3, failure=3)
    RESULTS.now([f"c-{number:05}" for number in range(2500)])
    return {**BODY, "participants": {"kind": "results", "launch_id": launch_id, "outcome": "failure"}}


async def test_a_result_set_is_counted_as_its_contacts_and_confirms_the_retry(desk: Desk) -> None:
    body = await failed_ones(desk)
    COUNTING.now(counted(2500, deleted=1))
    told = await count(desk, body)
    assert (told["targeted"], told["starting"], told["excluded"]) == (2500, 2499, {"deleted": 1})
    [(asker, selected)] = COUNTING.asked
    assert isinstance(selected.participants, Contacts) and selected.participants.contacts == RESULTS.behind
    assert (selected.retry, selected.launch_id, asker.subject) == (True, None, "ann")
    earlier = body["participants"]["launch_id"]
    path, about = f"/v1/launches/{earlier}/retry", {"headers": {"Idempotency-Key": "again"}, "as_user": "ann"}
    launch_id = (await desk.done("POST", path, {"outcome": "failure"}, **about))["launch_id"]
    while await desk.idle("collect"):
        pass
    await desk.checked(launch_id, expected=2500)
    token = {"count_token": told["token"]}
    confirmed = await desk.done("POST", f"/v1/launches/{launch_id}/confirm", token, as_user="ann")
    assert (confirmed["state"], confirmed["summary"]["figures"]["targeted"]) == ("awaiting_approval", 2500)


async def test_contacts_behind_a_figure_of_a_result_set_are_paged(desk: Desk) -> None:
    body, found = await failed_ones(desk), []
    COUNTING.behind = ["c-00003", "c-00004", "c-02400"]
    cursor: str | None = None
    for _ in range(3):
        page = await count(desk, {**body, "list": {"reason": "deleted", "limit": 1, "cursor": cursor}})
        found += [row["contact_id"] for row in page["items"]]
        cursor = page["next"]
    assert len(found) == 3


@pytest.mark.parametrize(
    ("participants", "code"),
    [
        ({"launch_id": "nothing", "outcome": "failure"}, "unknown_launch"),
        ({"outcome": "failure", "reason": "error:send"}, "empty_selection"),
        ({"delivery": "accepted"}, "unsupported"),
    ],
)
async def test_a_result_set_that_could_not_be_launched_is_not_counted(desk: Desk, participants: Any, code: str) -> None:
    body = await failed_ones(desk)
    launch_id = body["participants"]["launch_id"]
    told = await count(desk, {**body, "participants": {"kind": "results", "launch_id": launch_id, **participants}})
    assert (told["token"], told["targeted"], [point["code"] for point in told["points"]]) == (None, None, [code])
    assert not COUNTING.asked and not RESULTS.asked


async def test_of_a_launch_that_still_runs_nothing_is_counted(desk: Desk) -> None:
    launch_id = str((await desk.launch(BODY))["launch_id"])
    who = {"kind": "results", "launch_id": launch_id, "outcome": "failure"}
    told = await count(desk, {**BODY, "participants": who})
    assert [point["code"] for point in told["points"]] == ["wrong_state"]


async def test_an_empty_result_set_is_told(desk: Desk) -> None:
    body = await failed_ones(desk)
    RESULTS.now([])
    told = await count(desk, body)
    assert (told["token"], [point["code"] for point in told["points"]]) == (None, ["empty_selection"])


@pytest.mark.parametrize("cursor", ["c-001", "bm9uZQ", ""])
async def test_a_cursor_that_is_none_is_refused(desk: Desk, cursor: str) -> None:
    body = {**BODY, "list": {"reason": "no_consent", "cursor": cursor}}
    assert await desk.refused("POST", "/v1/counts", body, as_user="ann") == (422, "bad_cursor")


async def test_refusals(desk: Desk) -> None:
    COUNTING.answer = Denied("busy", "others count", "ask again")
    assert await desk.refused("POST", "/v1/counts", BODY, as_user="ann") == (503, "busy")
    assert await desk.refused("POST", "/v1/counts", BODY, as_user="bob") == (403, "forbidden")
    assert await desk.refused("POST", "/v1/counts", {"launch_id": "nothing"}, as_user="ann") == (404, "unknown_launch")
    for body in ({**BODY, "launch_id": "x"}, {"scenario": "welcome"}, {}):
        assert (await desk.refused("POST", "/v1/counts", body, as_user="ann"))[0] == 422


# the adapter, on a server that answers what it is told to


@pytest.fixture
async def contacts() -> AsyncIterator["Contactless"]:
    server = Contactless()
    app = web.Application()
    app.router.add_post("/internal/counts", server.answer_one)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


class Contactless:
    url = ""
    status = 200
    body: Any = None

    async def answer_one(self, request: web.Request) -> web.Response:
        self.asked = await request.json()
        headers = {"Retry-After": "2"} if self.status == 503 else {}
        return web.json_response(self.body, status=self.status, headers=headers)


async def selected(desk: Desk) -> Any:
    await count(desk)
    return COUNTING.asked[-1][1]


def adapter(url: str) -> ContactsHttp:
    return ContactsHttp(ServiceHttp("contacts", url, SETTINGS.token_key))


async def test_adapter_gives_what_contacts_says(desk: Desk, contacts: Contactless) -> None:
    message = {"step": "a", "channel": "email", "message_type": "promo", "reached": 2, "skipped": {"no_address": 1}}
    contacts.body = {"targeted": 4, "starting": 3, "excluded": {"inactive": 1}, "no_consent": {}, "points": []}
    contacts.body |= {"messages": [message], "newer": {"than": "launcher"}}
    http = adapter(contacts.url)
    found = await http.count(ANN, await selected(desk))
    assert isinstance(found, Counted)
    assert found.figures == counted(4, inactive=1) and found.messages[0].reached == 2
    assert contacts.asked["participants"] == {"kind": "all"} and contacts.asked["launched_by"] == "ann"
    contacts.body = {"figure": "skipped", "items": ["a"], "next": "a"}
    listing = Listing("no_address", figure=Figure.SKIPPED, step="hello")
    assert await http.listed(ANN, await selected(desk), listing) == Found(Figure.SKIPPED, ["a"], "a")
    assert {"figure": "skipped", "reason": "no_address", "step": "hello"}.items() <= contacts.asked["behind"].items()
    against = error("unknown_group", "participants.groups[0]", "There is no such group: make it.")
    contacts.body = {"figure": "targeted", "items": [], "next": None, "points": [against.model_dump(mode="json")]}
    denied = await http.listed(ANN, await selected(desk), listing)
    assert isinstance(denied, Denied) and (denied.code, denied.points) == ("points", (against,))


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (503, {"code": "busy", "detail": "d", "remedy": "r"}, "busy"),
        (500, {"code": "internal", "detail": "d", "remedy": "r"}, "unavailable"),
        (502, "oops", "unavailable"),
        (422, {"code": "broken_scenario", "detail": "d", "remedy": "r"}, "broken_scenario"),
        (200, {"targeted": 4}, "unavailable"),
    ],
)
async def test_adapter_says_why_nothing_was_counted(
    desk: Desk, contacts: Contactless, status: int, body: Any, code: str
) -> None:
    contacts.status, contacts.body = status, body
    denied = await ContactsHttp(ServiceHttp("contacts", contacts.url, SETTINGS.token_key)).count(
        ANN, await selected(desk)
    )
    assert isinstance(denied, Denied) and denied.code == code
    assert denied.retry_after == (2 if status == 503 else None)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9"])
async def test_contacts_that_is_away_is_unavailable(desk: Desk, url: str) -> None:
    denied = await adapter(url).count(ANN, await selected(desk))
    assert isinstance(denied, Denied) and denied.code == "unavailable"
