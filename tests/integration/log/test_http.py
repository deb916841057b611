"""log's routes over real HTTP and a real database."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import httpx
import orjson
import pytest

from contracts.deliveries import DeliveriesRecorded
from contracts.launches import LaunchControlled, Options
from contracts.outcomes import (
    ContactsErased,
    IncidentsOpened,
    OrdersCarriedOut,
    Passage,
    Place,
    StepsCounted,
    StepsPassed,
    TargetsEnded,
    TargetsStarted,
    Way,
)
from contracts.targets import TargetsExcluded
from contracts.words import REASONS, ControlState, DeliveryState, Outcome
from fakes.launch_story import Story, Target, Told, later
from fakes.transaction import NOON
from integration.log.conftest import Log
from log.api import routes
from log.domain.times import written
from runtime import web
from runtime.auth import mint
from runtime.health import Readiness
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.settings import Settings
from runtime.tokens import Caller

KEY = "k" * 32
ODD = "=1+1/ü %2F?"


@pytest.fixture
async def http(log: Log) -> AsyncIterator[httpx.AsyncClient]:
    """As somebody of project acme who may look."""
    settings = Settings(token_key=KEY, partitions=4)
    server = web.Web("log", settings, Readiness("log"))
    listening = web.listen(settings)
    server.start(listening)
    server.open(routes(cast(Any, SimpleNamespace(pool=log.walled_pool, partitions=4)), patience=0.5))
    headers = {"Authorization": f"Bearer {token('acme')}"}
    async with httpx.AsyncClient(base_url=web.address(listening), headers=headers, trust_env=False) as client:
        yield client
    await server.stop()


def token(project: str, *grants: str) -> str:
    return mint(Caller(project, "ann", frozenset(grants or ["view"])), KEY)


@pytest.fixture
async def story(log: Log) -> Story:
    """A finished launch; one of its targets has an odd id."""
    story = Story.of(30, seed=8)
    odd = Target(ODD, partition_of(ODD, 4), "ended", Outcome.SUCCESS, "end:won", DeliveryState.ACCEPTED)
    story.targets.append(odd)
    await log.take_all(story.records(), Random(1))
    await log.publish(story)
    return story


async def test_progress_is_what_the_topic_tells_and_steps(log: Log, http: httpx.AsyncClient, story: Story) -> None:
    common = {"project": "acme", "launch_id": story.launch_id}
    steps = [
        StepsCounted(**common, number=number, revision=1, entered={"hello": number, "won": 1}) for number in (1, 2)
    ]
    incident = IncidentsOpened(**common, contact_ids=["x"], steps=["hello"], details=["boom"], at=NOON)
    told = [Told("executor.outcomes", 1, f"s{n}", event) for n, event in enumerate([*steps, incident])]
    await log.take("executor.outcomes", 1, told)
    answer = (await http.get(f"/v1/launches/{story.launch_id}/progress")).raise_for_status().json()
    assert {name: answer[name] for name in story.expected()} == story.expected()
    assert (answer["state"], answer["steps"], answer["stuck"]) == ("completed", {"hello": 3, "won": 2}, 1)
    assert answer["requested_at"] == "2026-11-20T12:00:00.000Z"


async def test_a_reason_that_no_target_ends_for_is_refused(http: httpx.AsyncClient, story: Story) -> None:
    path = f"/v1/launches/{story.launch_id}/outcomes"
    for reason in (*REASONS, "end:won"):
        (await http.get(path, params={"reason": reason})).raise_for_status()
    wrong = {"no_consent": "`not_started:no_consent`", "end:wun": "did you mean `end:won`", "xyz": "", "end:No!": ""}
    for reason, close in wrong.items():
        answer = await http.get(path, params={"reason": reason})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reason")
        assert close in answer.json()["detail"]
        assert "there is end:won, end:broken, end:quiet, stopped" in answer.json()["remedy"]


async def test_of_a_launch_whose_ends_were_not_kept_any_end_may_be_asked_for(
    http: httpx.AsyncClient, story: Story, log: Log
) -> None:
    await log.pool.execute("UPDATE launch SET ends = NULL")
    path = f"/v1/launches/{story.launch_id}/outcomes"
    assert (await http.get(path, params={"reason": "end:nowhere"})).json()["items"] == []
    assert "there is end:STEP, stopped" in (await http.get(path, params={"reason": "xyz"})).json()["remedy"]


@pytest.mark.parametrize("path", ["progress", "outcomes", "in-progress", "passed?step=x", "events", "ledger"])
async def test_a_foreign_launch_is_not_found_and_a_stranger_is_refused(
    http: httpx.AsyncClient, story: Story, path: str
) -> None:
    url = f"/v1/launches/{story.launch_id}/{path}"
    foreign = await http.get(url, headers={"Authorization": f"Bearer {token('other')}"})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown_launch")
    assert (await http.get(url, headers={"Authorization": "Bearer nonsense"})).status_code == 401
    assert (await http.get(url, headers={"Authorization": f"Bearer {token('acme', 'launch:stop')}"})).status_code == 403


async def test_the_list_behind_each_figure_pages_and_filters(http: httpx.AsyncClient, story: Story) -> None:
    url = f"/v1/launches/{story.launch_id}/outcomes"
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = (await http.get(url, params={"limit": 7} | ({"cursor": cursor} if cursor else {}))).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert {row["contact_id"]: (row["outcome"], row["reason"]) for row in found} == {
        target.contact_id: (target.outcome, target.reason) for target in story.targets
    }
    assert [row["contact_id"] for row in found] == sorted(row["contact_id"] for row in found)
    for query in ({"outcome": "other"}, {"reason": "end:won"}, {"outcome": "success", "reason": "end:won"}):
        rows = (await http.get(url, params={**query, "limit": 1000})).json()["items"]
        assert {row["contact_id"] for row in rows} == {
            target.contact_id
            for target in story.targets
            if target.outcome == query.get("outcome", target.outcome)
            and target.reason == query.get("reason", target.reason)
        }
    assert (await http.get(url, params={"cursor": "%%%"})).json()["code"] == "bad_cursor"


async def test_the_csv_is_whole_and_runs_no_formula(http: httpx.AsyncClient, story: Story) -> None:
    answer = await http.get(f"/v1/launches/{story.launch_id}/outcomes", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert header == ["contact_id", "outcome", "reason", "started_at", "ended_at"]
    assert len(rows) == len(story.targets)
    (odd,) = [row for row in rows if "1+1" in row[0]]
    assert odd[:3] == [f"'{ODD}", "success", "end:won"]


async def test_in_progress_lists_who_has_no_outcome_yet(log: Log, http: httpx.AsyncClient) -> None:
    story = Story.of(30, seed=9)
    await log.take_all([told for told in story.records() if not told.id.startswith("ended")], Random(1))
    open_ids = {target.contact_id for target in story.targets if target.fate == "ended"}
    await log.pool.execute("DELETE FROM outcome WHERE contact_id = ANY($1::text[])", list(open_ids))
    url = f"/v1/launches/{story.launch_id}/in-progress"
    first = (await http.get(url, params={"limit": 5})).json()
    rest = (await http.get(url, params={"limit": 1000, "cursor": first["next"]})).json()
    assert [row["contact_id"] for row in first["items"] + rest["items"]] == sorted(open_ids)
    lines = (await http.get(url, headers={"Accept": "text/csv"})).text.splitlines()
    assert len(lines) == 1 + len(open_ids)


async def test_the_ledger_has_every_target_once_in_bytewise_order(
    log: Log, http: httpx.AsyncClient, story: Story
) -> None:
    gone = [target.contact_id for target in story.targets if target.fate == "ended"][:3]
    await log.pool.execute("DELETE FROM outcome WHERE contact_id = ANY($1::text[])", gone)
    answer = await http.get(f"/v1/launches/{story.launch_id}/ledger", params={"service": "log"})
    rows = [orjson.loads(line) for line in answer.text.splitlines()]
    ids = [row["contact_id"].encode() for row in rows]
    assert ids == sorted(target.contact_id.encode() for target in story.targets)
    for target, row in zip(sorted(story.targets, key=lambda each: each.contact_id.encode()), rows, strict=True):
        if target.contact_id in gone:
            assert row == {"contact_id": target.contact_id, "state": "open", "outcome": None, "reason": None}
        else:
            assert (row["state"], row["outcome"], row["reason"]) == ("ended", target.outcome, target.reason)


async def test_the_timeline_tells_why(log: Log, http: httpx.AsyncClient, story: Story) -> None:
    async def timeline(contact_id: str) -> list[dict[str, Any]]:
        url = f"/v1/contacts/{quote(contact_id, safe='')}/timeline"
        answer = await http.get(url, params={"launch": story.launch_id})
        return cast(list[dict[str, Any]], answer.raise_for_status().json()["items"])

    entries = await timeline(ODD)
    whole = ["requested", "targeted", "started", "message", "message", "ended"]
    assert [entry["what"] for entry in entries] == whole
    assert entries[0]["detail"] == {"by": "key-1"}
    assert [entry["detail"] for entry in entries[3:]] == [
        {"step": "hello", "state": "planned"},
        {"step": "hello", "state": "accepted"},
        {"outcome": "success", "reason": "end:won"},
    ]
    assert entries[-1]["event_id"] == derive("outcome", story.launch_id, ODD)
    excluded = next(target for target in story.targets if target.fate == "excluded")
    told = await timeline(excluded.contact_id)
    assert [(entry["what"], entry["detail"].get("reason")) for entry in told] == [
        ("requested", None),
        ("not_started", excluded.reason),
    ]
    causes = {record.id for record in story.records() if isinstance(record.event, TargetsExcluded)}
    assert told[-1]["event_id"] in causes
    assert await timeline("nobody") == []


async def test_the_timeline_tells_what_people_did_while_the_target_lived(log: Log, http: httpx.AsyncClient) -> None:
    target = Target("c-1", partition_of("c-1", 4), "ended", Outcome.ABANDON, "removed", None)
    story = Story("launch-1", 4, [target])
    requested = story.requested().model_copy(
        update={"approved_by": "bea", "options": Options(consent_override=True, override_reason="recall")}
    )

    def turned(state: ControlState, revision: int, seconds: float, reason: str | None = None) -> Told:
        event = LaunchControlled(
            project="acme",
            launch_id=story.launch_id,
            revision=revision,
            state=state,
            by="cem",
            reason=reason,
            at=later(seconds),
        )
        return Told("launcher.launches", story.home, f"turned-{revision}", event)

    ordered = OrdersCarriedOut(
        project="acme",
        launch_id=story.launch_id,
        contact_ids=["c-1", "c-1"],
        order_ids=["o-1", "o-2"],
        kinds=["advance", "remove"],
        results=["not_waiting", "removed"],
        by=["dan", "eve:x"],
        at=later(30),
    )
    started = TargetsStarted(project="acme", launch_id=story.launch_id, contact_ids=["c-1"], at=later(5))
    ended = TargetsEnded(
        project="acme",
        launch_id=story.launch_id,
        contact_ids=["c-1"],
        outcomes=[Outcome.ABANDON],
        reasons=["removed"],
        started_at=[later(5)],
        at=later(30),
    )
    await log.take_all(
        [
            Told("launcher.launches", story.home, "requested", requested),
            Told("contacts.targets", target.number, "opened", story.opened()),
            turned(ControlState.PAUSED, 2, 1),
            turned(ControlState.RUNNING, 3, 2),
            turned(ControlState.PAUSED, 4, 10, "too fast"),
            turned(ControlState.RUNNING, 5, 20),
            turned(ControlState.STOPPED, 6, 40),
            Told("executor.outcomes", target.number, "started", started),
            Told("executor.outcomes", target.number, "orders", ordered),
            Told("executor.outcomes", target.number, "ended", ended),
        ],
        Random(1),
    )
    answer = await http.get("/v1/contacts/c-1/timeline", params={"launch": story.launch_id})
    assert [(entry["what"], entry["detail"], entry["event_id"]) for entry in answer.json()["items"]] == [
        ("requested", {"by": "key-1"}, "requested"),
        ("consent_overridden", {"by": "key-1", "reason": "recall"}, "requested"),
        ("approved", {"by": "bea"}, "requested"),
        ("started", {}, "started"),
        ("paused", {"by": "cem", "reason": "too fast"}, "turned-4"),
        ("resumed", {"by": "cem"}, "turned-5"),
        ("order", {"by": "dan", "kind": "advance", "result": "not_waiting"}, "orders"),
        ("removed", {"by": "eve:x"}, "orders"),
        (
            "ended",
            {"outcome": "abandon", "reason": "removed"},
            derive("outcome", story.launch_id, "c-1"),
        ),
    ]


async def test_the_timeline_tells_the_way_and_forgets_that_of_who_was_deleted(
    log: Log, http: httpx.AsyncClient, story: Story
) -> None:
    first, second = [target for target in story.targets if target.fate == "ended"][:2]
    entered = Passage(what="waiting", step="pause", until=later(60))
    taken = Passage(what="branch", step="vip", arm=2, says="otherwise", next="won")
    waiting = Way(left=Place(step="hello"), passed=(entered,), reached=Place(step="pause"))
    waited = Passage(what="waited", step="pause")
    leaving = Way(left=Place(step="pause"), passed=(waited, taken), reached=Place(step="won"))

    def told(id: str, way: Way, seconds: float, *targets: Target) -> Told:
        event = StepsPassed(
            project="acme",
            launch_id=story.launch_id,
            contact_ids=[target.contact_id for target in targets],
            way=way,
            at=later(seconds),
        )
        return Told("executor.outcomes", 1, id, event)

    async def way(target: Target) -> list[tuple[str, dict[str, Any], str]]:
        url = f"/v1/contacts/{quote(target.contact_id, safe='')}/timeline"
        items = (await http.get(url, params={"launch": story.launch_id})).raise_for_status().json()["items"]
        return [(each["what"], each["detail"], each["event_id"]) for each in items if each["event_id"] in ("w1", "w2")]

    records = [told("w1", waiting, 1, first, second), told("w2", leaving, 61, first, second)]
    await log.take("executor.outcomes", first.number, records)
    if second.number != first.number:
        await log.take("executor.outcomes", second.number, [*records, *records])
    whole = [
        ("waiting", {"step": "pause", "until": "2026-11-20T12:01:00.000Z"}, "w1"),
        ("waited", {"step": "pause"}, "w2"),
        ("branch", {"step": "vip", "arm": 2, "when": "otherwise", "next": "won"}, "w2"),
    ]
    assert await way(first) == await way(second) == whole

    for project, left in (("other", whole), ("acme", [])):
        gone = ContactsErased(project=project, contact_ids=[first.contact_id, "never seen"], at=NOON)
        erased = Told("executor.outcomes", first.number, f"erased-{project}", gone)
        await log.take("executor.outcomes", first.number, [erased])
        await log.take("executor.outcomes", first.number, records)
        assert await way(first) == left
    assert await way(second) == whole
    others = "SELECT count(*) FROM event_chunk WHERE kind <> 'way' AND $1 = ANY(contact_ids)"
    assert await log.pool.fetchval(others, first.contact_id) > 0, "what became of it is accounted for as before"


async def test_who_came_to_a_step_is_listed_as_often_as_its_figure_says(
    log: Log, http: httpx.AsyncClient, story: Story
) -> None:
    url = f"/v1/launches/{story.launch_id}/passed"
    here = [target.contact_id for target in story.targets if target.fate == "ended" and target.number == 1][:4]
    common = {"project": "acme", "launch_id": story.launch_id}
    waiting = Passage(what="waiting", step="pause", until=later(60))
    waited = Passage(what="waited", step="pause")
    forks = [Passage(what="branch", step="vip", arm=arm, says="x", next=to) for arm, to in ((1, "won"), (2, "pause"))]
    ways = [  # all wait; half of them go on from it to the end, the others back to it, and then all to the end
        (here, (waiting,), "pause", 1),
        (here[:2], (waited, forks[0]), "won", 61),
        (here[2:], (waited, forks[1], waiting), "pause", 61),
        (here[2:], (waited, forks[0]), "won", 121),
    ]
    entered = {"hello": 4, "pause": 6, "vip": 6, "won": 4}
    events = [
        StepsPassed(**common, contact_ids=ids, way=Way(passed=passed, reached=Place(step=to)), at=later(seconds))
        for ids, passed, to, seconds in ways
    ]
    counted = StepsCounted(**common, number=1, revision=1, entered=entered)
    told = [Told("executor.outcomes", 1, f"p{n}", event) for n, event in enumerate([counted, *events])]
    await log.take("executor.outcomes", 1, told)
    await log.take("executor.outcomes", 1, told)

    async def listed(step: str, **query: Any) -> list[dict[str, Any]]:
        first = (await http.get(url, params={"step": step, "limit": 3, **query})).raise_for_status().json()
        more = {"step": step, "cursor": first["next"], **query}
        rest = (await http.get(url, params=more)).json()["items"] if first["next"] else []
        return cast(list[dict[str, Any]], first["items"] + rest)

    for step in ("pause", "vip"):
        rows = await listed(step)
        assert [row["contact_id"] for row in rows] == sorted(here), "each once, in the order of contacts"
        assert sum(row["times"] for row in rows) == entered[step]
    again = next(row for row in await listed("vip") if row["contact_id"] == here[3])
    assert again == {"contact_id": here[3], "times": 2, "at": written(later(121)), "arm": 1, "next": "won"}
    assert {row["contact_id"] for row in await listed("vip", next="pause")} == set(here[2:])
    lines = (await http.get(url, params={"step": "vip"}, headers={"Accept": "text/csv"})).text.splitlines()
    assert (lines[0], len(lines)) == ("contact_id,times,at,arm,next", 5)

    for wanted, code, words in (
        ({"step": "vib"}, "unknown_step", "its steps are hello, pause, vip, won, broken, quiet"),
        ({"step": "won"}, "listed_elsewhere", "instances?step=won`"),
        ({"step": "hello"}, "listed_elsewhere", "deliveries?step=hello`"),
        ({"step": "vip", "next": "nowhere"}, "unknown_arm", "they lead to won, pause, quiet"),
        ({"step": "vip", "next": "hello"}, "unknown_arm", "they lead to won, pause, quiet"),
        ({"step": "pause", "next": "won"}, "unknown_arm", "pause is no branch or split"),
    ):
        for accept in ("*/*", "text/csv"):
            refused = await http.get(url, params=wanted, headers={"Accept": accept})
            assert (refused.status_code, refused.json()["code"]) == (422, code)
            assert words in refused.json()["remedy"]
    mistyped = await http.get(url, params={"step": "vip", "next": "wn"})
    assert "did you mean `won`?" in mistyped.json()["detail"]


async def test_before_anything_is_counted_each_step_has_an_empty_list(http: httpx.AsyncClient, story: Story) -> None:
    """A program that looks right after a launch is told the same as later: nobody, elsewhere, or that there is none."""
    url = f"/v1/launches/{story.launch_id}/passed"
    for step in ("pause", "vip"):
        assert (await http.get(url, params={"step": step})).json() == {"items": [], "next": None}
    for arm in ("won", "pause", "quiet"):
        nobody = await http.get(url, params={"step": "vip", "next": arm})
        assert nobody.json() == {"items": [], "next": None}, "an arm that nobody has taken is one of the step's"
    codes = {step: (await http.get(url, params={"step": step})).json()["code"] for step in ("won", "hello", "vib")}
    assert codes == {"won": "listed_elsewhere", "hello": "listed_elsewhere", "vib": "unknown_step"}


async def test_of_a_launch_whose_steps_were_not_kept_any_step_may_be_asked_for(
    http: httpx.AsyncClient, story: Story, log: Log
) -> None:
    await log.pool.execute("UPDATE launch SET steps = NULL, sends = '{}', arms = NULL")
    for wanted in ({"step": "vib"}, {"step": "vip", "next": "wn"}):
        answer = await http.get(f"/v1/launches/{story.launch_id}/passed", params=wanted)
        assert answer.raise_for_status().json()["items"] == []


async def test_the_figures_add_up_in_every_event_of_a_launch(log: Log, http: httpx.AsyncClient) -> None:
    story = Story.of(60, seed=5)
    records = story.records()
    await log.take_all(records[:1], Random(1))
    seen: list[dict[str, Any]] = []

    async def listen() -> None:
        async with http.stream("GET", f"/v1/launches/{story.launch_id}/events") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    seen.append(orjson.loads(line.removeprefix("data: ")))
                    if seen[-1]["ended_at"] is not None:
                        return

    async with asyncio.timeout(60), asyncio.TaskGroup() as listening:
        listening.create_task(listen())
        for start in range(1, len(records), 6):
            await log.take_all(records[start : start + 6], Random(start))
            now = (await http.get(f"/v1/launches/{story.launch_id}/progress")).json()["revision"]
            while not seen or seen[-1]["revision"] < now:
                await asyncio.sleep(0.02)
    assert len(seen) > 3
    for figures in seen:
        ended = sum(figures[outcome.value] for outcome in Outcome)
        assert figures["targeted"] == ended + figures["in_progress"] >= figures["started"] + figures["not_started"]
    assert [figures["revision"] for figures in seen] == sorted({figures["revision"] for figures in seen})
    assert seen[-1]["rate"] >= 0 and seen[-1]["estimated_end"] is None


async def test_every_figure_is_as_long_as_its_list(log: Log, http: httpx.AsyncClient, story: Story) -> None:
    path = f"/v1/launches/{story.launch_id}"
    figures = (await http.get(f"{path}/progress")).json()

    async def length(**wanted: str) -> int:
        items: list[dict[str, str]] = []
        cursor: str | None = ""
        while cursor is not None:
            query = wanted | {"limit": "7"} | ({"cursor": cursor} if cursor else {})
            page = (await http.get(f"{path}/outcomes", params=query)).raise_for_status().json()
            items, cursor = [*items, *page["items"]], page["next"]
        assert len({item["contact_id"] for item in items}) == len(items)
        exported = (await http.get(f"{path}/outcomes", params=wanted, headers={"Accept": "text/csv"})).text
        assert len(list(csv.reader(io.StringIO(exported, newline="")))) == len(items) + 1
        return len(items)

    assert await length(started="true") == figures["started"]
    assert await length(started="false") == figures["not_started"]
    for outcome in Outcome:
        assert await length(outcome=outcome.value) == figures[outcome.value]
    for reason, count in figures["by_reason"].items():
        assert await length(reason=reason) == count
    assert await length(outcome="other", started="true") <= figures["other"]


async def test_a_list_that_grows_while_it_is_read_repeats_nobody_and_loses_nobody_there_before(
    log: Log, http: httpx.AsyncClient
) -> None:
    story = Story.of(60, seed=6)
    records = story.records()
    half = len(records) // 2
    await log.take_all(records[:half], Random(1))
    path = f"/v1/launches/{story.launch_id}/outcomes"
    before = [row["contact_id"] for row in (await http.get(path, params={"limit": 1000})).json()["items"]]
    read: list[str] = []
    query: dict[str, Any] = {"limit": max(1, len(before) // 3)}
    left = records[half:]
    while True:
        page = (await http.get(path, params=query)).json()
        read += [row["contact_id"] for row in page["items"]]
        portion, left = left[:4], left[4:]
        if portion:
            await log.take_all(portion, Random(2))
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert read == sorted(set(read), key=str.encode)
    assert set(before) <= set(read)


async def test_a_message_that_went_through_two_states_in_one_record_shows_both(
    log: Log, http: httpx.AsyncClient
) -> None:
    story = Story.of(1, seed=1)
    contact = replace(story.targets[0], contact_id="twice", number=partition_of("twice", 4))
    await log.take("launcher.launches", story.home, [Told("launcher.launches", story.home, "r", story.requested())])
    both = DeliveriesRecorded(
        project="acme",
        launch_id=story.launch_id,
        step="hello",
        contact_ids=["other", "twice", "twice"],
        occurrences=[1, 1, 2],
        states=[DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.ACCEPTED],
        previous=[None, None, None],
        reasons=["no_consent", "smtp:550", None],
        at=later(1),
    )
    await log.take("messaging.deliveries", contact.number, [Told("messaging.deliveries", contact.number, "d", both)])
    answer = await http.get("/v1/contacts/twice/timeline", params={"launch": story.launch_id})
    assert [entry["detail"] for entry in answer.json()["items"]] == [
        {"by": "key-1"},
        {"step": "hello", "state": "failed", "reason": "smtp:550"},
        {"step": "hello", "occurrence": 2, "state": "accepted"},
    ]


async def test_events_come_as_the_figures_change_and_go_on_where_the_reader_was(
    log: Log, http: httpx.AsyncClient
) -> None:
    story = Story.of(20, seed=11)
    records = story.records()
    await log.take_all(records[:4], Random(1))

    async def next_event(lines: AsyncIterator[str]) -> dict[str, str]:
        event: dict[str, str] = {}
        async for line in lines:
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                event[name] = value
            if not line and "data" in event:
                break
        return event

    url = f"/v1/launches/{story.launch_id}/events"
    async with http.stream("GET", url) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        first = await next_event(lines)
        await log.take_all(records[4:], Random(1))
        last = await next_event(lines)
        while last["event"] == "launch.progressed":
            last = await next_event(lines)
    assert (first["event"], last["event"]) == ("launch.progressed", "launch.completed")
    assert int(last["id"]) == orjson.loads(last["data"])["revision"] > int(first["id"])
    async with http.stream("GET", url, headers={"Last-Event-ID": first["id"]}) as answer:
        again = await next_event(answer.aiter_lines())
    assert again["event"] == "launch.completed" and int(again["id"]) >= int(last["id"])


async def test_a_launch_requested_a_moment_ago_is_waited_for(log: Log, http: httpx.AsyncClient) -> None:
    story = Story.of(1, seed=1)
    asked = asyncio.create_task(http.get(f"/v1/launches/{story.launch_id}/progress"))
    await asyncio.sleep(0.1)
    await log.take("launcher.launches", story.home, story.records()[:1])
    answer = (await asked).raise_for_status().json()
    assert (answer["state"], answer["targeted"]) == ("requested", 0)
