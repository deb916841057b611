"""Whatever is wrong is answered with what, where and what to do, and leaves nothing half made behind."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e.described import operations
from e2e.slipway import SCENARIOS, Slipway

NO, USAGE = 1, 2
PLAIN = (SCENARIOS / "plain.yaml").read_text()


@pytest.fixture(scope="module")
def here(slipway: Slipway) -> Slipway:
    """One contact, the scenarios `plain` and `course`; who does everything wrong may do everything."""
    slipway.until_ready()
    here = slipway.with_contacts(f"b{uuid.uuid4().hex[:10]}", "plain", ["c-1"])
    with here.http() as http:
        course, kind = (SCENARIOS / "course.yaml").read_text(), {"Content-Type": "application/yaml"}
        http.post("/v1/scenarios", content=course, headers=kind).raise_for_status()
        http.post("/v1/scenarios/course/activate", json={}).raise_for_status()
    return here


@pytest.fixture(scope="module")
def http(here: Slipway) -> Iterator[httpx.Client]:
    with here.http() as client:
        yield client


@pytest.fixture(autouse=True)
def _nothing_half_made(http: httpx.Client) -> Iterator[None]:
    """Each launch that there is was rejected, and says why; nobody is in process, nobody was written to."""
    yield
    for row in http.get("/v1/launches?limit=500").raise_for_status().json()["items"]:
        assert (row["state"], row["requested_at"], bool(row["points"])) == ("rejected", None, True), row
        assert all(point[part] for point in row["points"] for part in ("code", "severity", "place", "remedy"))
    for key in ("plain", "course"):
        assert http.get(f"/v1/scenarios/{key}/instances").raise_for_status().json()["items"] == []


LAUNCHES = [
    # options, exit code, what is said of it
    (("nothing", "--all"), NO, ("unknown_scenario", "push it first")),
    (("plain", "--group", "nobody"), NO, ("unknown_group", "participants.groups[0]")),
    (("plain", "--contact", "nobody"), NO, ("empty_selection", "import them")),
    (("plain", "--segment", "contact.attributes.score >"), NO, ("broken_condition", "participants.where")),
    (("plain", "--segment", "contact.emial == 'a'"), NO, ("unknown_variable", "did you mean `email`?")),
    (("course", "--all"), NO, ("context_missing", "context.voucher", "give a string")),
    (("course", "--all", "--context", "vouchre=x"), NO, ("context_unknown", "did you mean `voucher`?")),
    (("course", "--all", "--context", "voucher=7"), NO, ("context_type", "context.voucher")),
    (("course", "--all", "--context", "voucher"), USAGE, ("NAME=VALUE",)),
    (("plain",), USAGE, ("who is targeted?", "--all")),
    (("plain", "--all", "--group", "vip"), USAGE, ("exactly one",)),
    (("plain", "--all", "--include-all"), USAGE, ("--reason",)),
]


@pytest.mark.behaviour(9)
def test_a_launch_that_cannot_be_names_each_point_and_its_remedy(here: Slipway) -> None:
    for options, code, said in LAUNCHES:
        done = here("launch", *options, "--yes", check=False)
        assert done.returncode == code, (options, done.stdout, done.stderr)
        assert [words for words in said if words not in done.stderr] == [], (options, done.stderr)
    unasked = here("launch", "plain", "--all", check=False)
    assert (unasked.returncode, "--yes" in unasked.stderr) == (USAGE, True), "nobody is there to ask"


FILES = [
    # what is changed in `plain`, what is said of it
    (("start: hello", "start: hallo"), ("dead_reference", "did you mean `hello`?")),
    (("next: won", "next: wonn"), ("dead_reference", "steps.hello.next")),
    (("first_name }}", "first_name"), ("broken_template", "steps.hello.send.text")),
    (("contact.attributes.first_name", "customer.name"), ("unknown_variable", "`customer.name`")),
    (("{{ unsubscribe_url }}", ""), ("unsubscribe_missing", "steps.hello.send.text")),
    (("news@acme.example", "news"), ("sender_invalid", "sender.address")),
    (("channel: email", "channel: pigeon"), ("steps.hello",)),
    (("won: {end: success}", "won: {end: success}\n  lost: {end: failure}"), ("unreachable_step", "steps.lost")),
    (("{end: success}", "{end: success"), ("line",)),
    (("recurrence: once", "recurrence: once\ncolour: blue"), ("colour",)),
]


@pytest.mark.behaviour(9)
def test_a_scenario_that_cannot_run_is_not_kept(here: Slipway, http: httpx.Client) -> None:
    before = http.get("/v1/scenarios/plain").json()["newest_version"]
    for (old, new), said in FILES:
        assert old in PLAIN
        answer = http.post(
            "/v1/scenarios", content=PLAIN.replace(old, new), headers={"Content-Type": "application/yaml"}
        )
        assert answer.status_code == 422, (new, answer.text)
        assert_problem(answer)
        assert [words for words in said if words not in answer.text] == [], answer.text
    assert http.get("/v1/scenarios/plain").json()["newest_version"] == before


EVERYBODY = {"scenario": "plain", "participants": {"kind": "all"}}
TOO_MANY = {"kind": "contacts", "contacts": [f"c-{number}" for number in range(10_001)]}
REQUESTS: list[tuple[str, str, Any, int, str]] = [
    # method, path, body, status, code
    ("POST", "/v1/launches", b"{not json", 422, "invalid"),
    ("POST", "/v1/launches", b"[]", 422, "invalid"),
    ("POST", "/v1/launches", json.dumps(EVERYBODY).encode()[:-1] + b', "scenario": "course"}', 422, "duplicate_key"),
    ("POST", "/v1/groups", b'{"group": "a", "group": "b"}', 422, "duplicate_key"),
    ("POST", "/v1/launches", {**EVERYBODY, "participant": {}}, 422, "invalid"),
    ("POST", "/v1/launches", {**EVERYBODY, "participants": {"kind": "everyone"}}, 422, "invalid"),
    ("POST", "/v1/launches", {**EVERYBODY, "participants": {"kind": "groups", "groups": ["A B"]}}, 422, "invalid"),
    ("POST", "/v1/launches", {**EVERYBODY, "participants": TOO_MANY}, 422, "invalid"),
    ("POST", "/v1/launches", {**EVERYBODY, "project": "another"}, 422, "project_mismatch"),
    ("POST", "/v1/launches", {**EVERYBODY, "context": {"a": "\ud800"}}, 422, "invalid"),
    ("POST", "/v1/counts", {**EVERYBODY, "launch_id": "x"}, 422, "invalid"),
    ("POST", "/v1/launches/nothing/approve", {}, 404, "unknown_launch"),
    ("POST", "/v1/launches/nothing/stop", {}, 404, "unknown_launch"),
    ("POST", "/v1/launches/nothing/remove", {"contact_id": "c-1"}, 404, "unknown_launch"),
    ("POST", "/v1/users", {"user": "zoe", "grants": ["everything"]}, 422, "invalid"),
    ("POST", "/v1/users", {"user": "Zoë"}, 422, "invalid"),
    ("POST", "/v1/projects", {"key": "x1", "zone": "Europe/Nowhere"}, 422, "invalid"),
    ("GET", "/v1/launches?since=yesterday", None, 422, "invalid"),
    ("GET", "/v1/audit?since=2026", None, 422, "invalid"),
    ("GET", "/v1/launches?state=happy", None, 422, "invalid"),
    ("GET", "/v1/launches?limit=0", None, 422, "invalid"),
    ("GET", "/v1/contacts/nobody", None, 404, "unknown_contact"),
    ("GET", "/v1/contacts/a%00b", None, 422, "invalid"),
    ("GET", "/v1/contacts?cursor=%00", None, 422, "invalid"),
    ("GET", "/v1/nothing", None, 404, "not_found"),
    ("PUT", "/v1/launches", {}, 405, "method_not_allowed"),
]


def test_a_request_that_is_wrong_is_a_problem_with_a_remedy(http: httpx.Client) -> None:
    for method, path, body, status, code in REQUESTS:
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        answer = http.request(method, path, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (method, path, answer.text)
        assert_problem(answer)
    unnamed = http.post("/v1/launches", json=EVERYBODY)
    assert (unnamed.status_code, "Idempotency-Key" in unnamed.json()["detail"]) == (422, True)


def test_a_cursor_that_is_none_is_refused_by_every_list(http: httpx.Client) -> None:
    launch = http.post("/v1/launches", json={**EVERYBODY, "scenario": "x"}, headers={"Idempotency-Key": "c"}).json()
    ids = {"launch_id": launch["launch_id"], "contact_id": "c-1", "key": "plain", "group": "x", "segment": "x"}
    tried = 0
    for each in operations():
        asked = [parameter for parameter in each.described.get("parameters", ()) if parameter["in"] == "query"]
        query = {parameter["name"] for parameter in asked}
        needed = {parameter["name"]: "x" for parameter in asked if parameter.get("required")}
        if each.method != "GET" or "cursor" not in query:
            continue
        for cursor in ("$$$", "W10", "bnVsbA", "AA"):
            answer = http.get(each.path.format_map(ids), params={**needed, "cursor": cursor})
            if answer.status_code != 404:  # the launch has come to none of the others
                assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor"), (each.path, cursor)
                tried += 1
    assert tried >= 40


CONTACTS = """{"id": "good-1", "email": "good-1@example.com"}
{"id": "bad-1", "email": "no address"}
not json
{"id": "bad-2", "colour": "blue"}
{"id": "good-2", "groups": ["vip"]}
{"email": "nobody@example.com"}
"""


def test_bad_lines_are_named_with_their_numbers_and_good_ones_taken(here: Slipway) -> None:
    file = Path(here.home) / f"{here.project}-bad.ndjson"
    file.write_text(CONTACTS)
    done = here("contacts", "import", str(file), "--json", check=False)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["imported"]) == (NO, 2)
    assert [bad["line"] for bad in answer["rejected"]] == [2, 3, 4, 6]
    assert all(bad["reason"] for bad in answer["rejected"])
    assert here.json("contacts", "show", "good-2")["groups"] == ["vip"]


def assert_problem(answer: httpx.Response) -> None:
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["type"] == f"urn:slipway:problem:{problem['code']}"
    assert problem["status"] == answer.status_code
    assert problem["detail"] and problem["remedy"]
