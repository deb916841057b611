"""What kind of value a condition takes what it reads for."""

import pytest

from runtime.cel import Condition
from runtime.cel_kinds import kinds_taken

A = ("contact", "attributes", "a")


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("contact.attributes.a > '50'", {"string"}),
        ("50 <= contact.attributes.a", {"number"}),
        ("contact.attributes['a'] != 0.5", {"number"}),
        ("!(contact.active && contact.attributes.a == true)", {"boolean"}),
        ("contact.attributes.a in ['x', 3]", {"string", "number"}),
        ("'x' in contact.attributes.a", {"array", "object"}),
        ("contact.attributes.a.exists(each, each == 3)", {"array", "object"}),
        ("contact.attributes.a.startsWith('x')", {"string"}),
        ("contact.attributes.a.matches('x')", {"string"}),
        ("contact.attributes.a * 2 > 100", {"number"}),
        ("contact.attributes.a == 3 || contact.attributes.a == '3'", {"string", "number"}),
        ("contact.attributes.a == null || contact.attributes.a == '3'", {"string", "null"}),
        ("contact.attributes.a", {"boolean"}),
        ("contact.attributes.a ? contact.active : false", {"boolean"}),
        ("contact.attributes.a == ['x']", {"array"}),
    ],
)
def test_what_stands_beside_a_constant_is_taken_for_its_kind(source: str, kinds: set[str]) -> None:
    assert kinds_taken(Condition.compile(source).tree)[A] == kinds


@pytest.mark.parametrize(
    "source",
    [
        "has(contact.attributes.a)",
        "contact.attributes.a == null",
        "contact.attributes.a == contact.attributes.b",
        "size(contact.attributes.a) > 3",
        "contact.groups.exists(a, a == 'x')",
        "'a' in contact.attributes",
        "true",
    ],
)
def test_what_stands_beside_no_constant_may_be_of_any_kind(source: str) -> None:
    assert A not in kinds_taken(Condition.compile(source).tree)
