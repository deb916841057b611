"""Conditions that take a value for another kind than it is, and attributes that nobody has: told where branches,
messages and restrictions are written."""

from typing import Any

from contracts.checks import Point
from contracts.words import Severity
from fakes.counting import figures as counted
from integration.launcher.desk import CONDITIONS, COUNTING, SAMPLES, SETTINGS, Desk
from launcher.adapters.contacts_http import ContactsHttp
from launcher.adapters.services_http import ServiceHttp
from launcher.domain.expressions import Written
from launcher.domain.parties import Asker

OFFER = (SAMPLES / "spring-offer.yaml").read_bytes()
BRANCH = "steps.vip.branch[0].when"
WARNED = Point(code="condition_type", severity=Severity.WARNING, place=BRANCH, remedy="`score` is a number in 3")
WRONG = WARNED.model_copy(update={"severity": Severity.ERROR, "place": "where"})


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(point["code"], point["severity"]) for point in answer["points"]]


async def test_branches_are_looked_over_when_a_scenario_is_validated_and_pushed(desk: Desk) -> None:
    with CONDITIONS.saying(WARNED):
        judged = await desk.done("POST", "/v1/scenarios/validate", OFFER)
        pushed = await desk.done("POST", "/v1/scenarios", OFFER)
    reads = {f"steps.hello.send.{field}": ["first_name"] for field in ("subject", "text")}
    asked = Written({BRANCH: "contact.attributes.score > 50"}, reads, ["last_offer"])
    assert CONDITIONS.asked == [asked] * 2
    assert judged["valid"] and codes(judged) == codes(pushed) == [("condition_type", "warning")]


async def test_of_a_file_that_is_no_scenario_the_rest_is_looked_over_all_the_same(desk: Desk) -> None:
    misspelt = OFFER.replace(b"recurrence:", b"recurence:")
    with CONDITIONS.saying(WARNED):
        judged = await desk.done("POST", "/v1/scenarios/validate", misspelt)
        assert await desk.refused("POST", "/v1/scenarios", misspelt) == (422, "scenario_invalid")
    assert len(CONDITIONS.asked) == 2
    assert codes(judged) == [("unknown_field", "error"), ("condition_type", "warning")] and not judged["valid"]


async def test_a_template_that_is_broken_keeps_nothing_else_from_being_told(desk: Desk) -> None:
    broken = OFFER.replace(b"text:", b"text: '{% if x %}'\n      html:", 1)
    with CONDITIONS.saying():
        judged = await desk.done("POST", "/v1/scenarios/validate", broken)
    assert ("broken_template", "error") in codes(judged)
    assert [*CONDITIONS.asked[0].templates.values()].count(["first_name"]) == 2, "of the subject and the other body"


async def test_a_branch_that_can_never_be_taken_is_not_pushed_and_once_it_is_only_warned_of(desk: Desk) -> None:
    with CONDITIONS.saying(WRONG):
        assert not (await desk.done("POST", "/v1/scenarios/validate", OFFER))["valid"]
        assert await desk.refused("POST", "/v1/scenarios", OFFER) == (422, "scenario_invalid")
    await desk.done("POST", "/v1/scenarios", OFFER)
    await desk.done("POST", "/v1/scenarios/spring-offer/activate", {})
    COUNTING.now(counted(100))
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["process:start", "view"]})
    with CONDITIONS.saying(WRONG):
        asked = {"scenario": "spring-offer", "participants": {"kind": "all"}}
        told = await desk.done("POST", "/v1/counts", asked, as_user="ann")
    assert codes(told) == [("condition_type", "warning")] and told["targeted"] == 100 and told["token"]


async def test_a_restriction_is_looked_over_when_it_is_set(desk: Desk) -> None:
    where = {"where": "contact.attributes.score > 50"}
    await desk.done("POST", "/v1/users", {"user": "ann"})
    with CONDITIONS.saying(WARNED):
        restricted = await desk.done("POST", "/v1/users/ann/restrict", where)
        made = await desk.done("POST", "/v1/users", {"user": "bob", "restriction": where["where"]})
        assert (await desk.done("POST", "/v1/users/bob/restrict", {"where": None}))["restriction"] is None
    assert CONDITIONS.asked == [Written(where), Written(where), Written({})]
    assert codes(restricted) == codes(made) == [("condition_type", "warning")]
    with CONDITIONS.saying(WRONG):
        assert await desk.refused("POST", "/v1/users/ann/restrict", {"where": "contact.active == 'x'"}) == (
            422,
            "invalid",
        )
    assert (await desk.done("GET", "/v1/users/ann"))["restriction"] == where["where"]


async def test_where_contacts_cannot_be_asked_nobody_is_warned() -> None:
    for url in ("", "http://127.0.0.1:9"):
        http = ContactsHttp(ServiceHttp("contacts", url, SETTINGS.token_key))
        assert await http.mistaken(Asker("demo", "ann", frozenset()), Written({BRANCH: "contact.id == 1"})) == []
