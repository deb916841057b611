"""A condition that takes something for another kind of value than it is says so."""

import pytest

from contacts.domain.kinds import kind_points

SCORE = ("contact", "attributes", "score")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("contact", "active"), "string"),
        (("contact", "email"), "number"),
        (("contact", "groups"), "string"),
        (("contact", "consent", "news"), "string"),
    ],
)
def test_a_field_of_the_contact_has_one_kind_whatever_contacts_there_are(path: tuple[str, ...], kind: str) -> None:
    [point] = kind_points({path: frozenset({kind})}, {}, "where")
    assert (point.code, point.severity, point.place) == ("condition_type", "error", "where")
    assert f"`{'.'.join(path)}` is " in point.remedy and len(point.remedy) < 120


def test_where_few_contacts_have_another_kind_they_are_to_be_corrected_and_not_the_condition() -> None:
    [point] = kind_points({SCORE: frozenset({"number"})}, {SCORE: {"number": 299, "string": 3}}, "where")
    assert point.remedy.endswith(
        "is a text in 3 of 302 contacts with it, which never matches a number: correct those contacts."
    )


def test_an_attribute_is_compared_with_what_contacts_have() -> None:
    [point] = kind_points({SCORE: frozenset({"string", "null"})}, {SCORE: {"number": 1200, "string": 3}}, "where")
    assert (point.code, point.severity) == ("condition_type", "warning")
    found, advice = "`score` is a number in 1,200 of 1,203 contacts with it", "write it without quotes (50)."
    assert point.remedy == f"{found}, which never matches a text: {advice}"


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        ({SCORE: frozenset({"number"})}, {SCORE: {"number": 5}}),
        ({SCORE: frozenset({"number", "string"})}, {SCORE: {"number": 5, "string": 1}}),
        ({SCORE: frozenset({"number"})}, {}),
        ({("contact", "active"): frozenset({"boolean"}), ("contact", "nothing"): frozenset({"string"})}, {}),
    ],
)
def test_what_is_of_the_kind_it_is_taken_for_is_not_mentioned(
    taken: dict[tuple[str, ...], frozenset[str]], seen: dict[tuple[str, ...], dict[str, int]]
) -> None:
    assert list(kind_points(taken, seen, "where")) == []
