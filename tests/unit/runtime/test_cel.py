"""Conditions over contact and context: what they mean, what they read, and that they stay cheap."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.cel import Condition, ConditionError
from runtime.cel_tree import Call, Const, Ident, Select

ANN = {
    "contact": {
        "id": "c-1",
        "email": None,
        "groups": ["vip", "vienna"],
        "consent": {"promotional": True},
        "attributes": {"score": 71, "ratio": 0.5, "first name": "Ann", "churned": False},
    },
    "context": {"voucher": "SPRING"},
}


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("true", True),
        ("contact.attributes.score > 50", True),
        ("contact.attributes.score > 70.5", True),
        ("contact.attributes.score == 71.0", True),
        ("contact.attributes.ratio < 1", True),
        ("contact.attributes['first name'] == 'Ann'", True),
        ("'vip' in contact.groups && context.voucher == 'SPRING'", True),
        ("contact.groups.exists(g, g.startsWith('v'))", True),
        ("contact.groups.filter(g, g.startsWith('v')).size() == 2", True),
        ("contact.consent.promotional", True),
        ("contact.email == null", True),
        ("has(contact.attributes.score)", True),
        ("contact.id.matches('^c-[0-9]+$')", True),
        ("contact.attributes.churned", False),
        ("contact.attributes.score", False),
        ("contact.attributes.score > 'a'", False),
        ("contact.attributes.score / (1 - 1) == 1", False),
    ],
)
def test_a_condition_is_true_or_false(source: str, holds: bool) -> None:
    assert Condition.compile(source).holds(ANN) is holds


@pytest.mark.parametrize(
    "source",
    [
        "contact.attributes.missing > 50",
        "contact.attributes.missing != 50",
        "!contact.attributes.missing",
        "!(contact.attributes.missing > 50)",
        "contact.attributes.missing.deeper == 1",
        "context.missing == 'a'",
    ],
)
def test_a_missing_attribute_makes_a_condition_false(source: str) -> None:
    assert Condition.compile(source).holds(ANN) is False


def test_what_is_not_needed_may_be_missing() -> None:
    assert Condition.compile("contact.attributes.missing > 50 || contact.attributes.score > 50").holds(ANN)
    assert Condition.compile("!has(contact.attributes.missing)").holds(ANN)


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("true", set()),
        ("contact.attributes.score > 50 && context.voucher != ''", {"contact.attributes.score", "context.voucher"}),
        ("has(contact.attributes.score)", {"contact.attributes.score"}),
        ("contact.attributes['first name'] == 'x'", {"contact.attributes.first name"}),
        ("contact.attributes[context.name] == 1", {"contact.attributes", "context.name"}),
        ("contact.groups.exists(g, g == context.group)", {"contact.groups", "context.group"}),
        ("contact.groups.exists(contact, contact.size() > 1)", {"contact.groups"}),
        ("{'a': contact.id}.a == 'c-1'", {"contact.id"}),
    ],
)
def test_a_condition_says_what_it_reads(source: str, reads: set[str]) -> None:
    assert Condition.compile(source).reads == reads


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "column 1: something is missing at the end"),
        ("contact.attributes.score >", "column 27: something is missing at the end"),
        ("contact.é == 1", "column 9"),
        ("user.name == 'a'", "`user.name` is not known"),
        ("contact.id.shout() == 'a'", "`shout` is not known"),
        ("1 + 'a' == 2", "+ cannot be applied to a number and a text"),
        ("(contact.active", "column 16: `)` is missing"),
        ("contact.active and true", "column 16: `and` cannot stand here: write && for and"),
        ("contact.attributes.a = 3", "column 22: write == to compare"),
        ("contact.attributes.a > 'x", "column 24: the text that begins here with ' has no end"),
        ("contact.", "column 9: a name is missing after `.`"),
        ("[1, 2", "column 6: `]` or `,` is missing at the end"),
        ("99999999999999999999 > 1", "column 1: this number is too large"),
        ("1", "must be true or false, but is of type int"),
        ("contact.id + 'a'", "must be true or false, but is of type string"),
        ("true" + " " * 4096, "longer than 4096"),
        ("(" * 300 + "true" + ")" * 300, "nested deeper than 32 levels"),
        ("'' in [" + ", ".join(["contact.id + contact.id"] * 65) + "]", "more than 64 times"),
        ("contact.groups.exists(g, g + g == 'a')", "not available inside"),
        ("contact.groups.exists(g, contact.groups.filter(h, true).size() > 1)", "not available inside"),
        ("contact.groups.map(g, contact.id).size() > 1", "`map` is not available"),
        ("1/0 == 1", "column 2: `/ 0` has no result: nothing can be divided by zero"),
        ("contact.attributes.score / 0 > 1", "column 26: `/ 0`"),
        ("contact.id == 'é' ||\n  contact.attributes.score % -0 == 1", "column 28: `% 0`"),
        ("contact.attributes.ratio / 0.0 > 1.0", "column 26: `/ 0.0`"),
        ("contact.groups.exists(g, size(g) / 0 == 1)", "column 34: `/ 0`"),
        (
            'contact.attributes.s.matches("[")',
            'column 22: "[" is no pattern: missing ]: [ (RE2 has no',
        ),
        ("true ||\n matches(contact.id, '(?=a)')", "column 2: "),
        ('duration("1d") > duration("1h")', 'column 1: `duration("1d")` has no result: write "24h"'),
        ("duration(contact.id) > duration('soon')", 'column 24: `duration("soon")` has no result: write hours'),
        ('timestamp("yesterday") > timestamp(0)', 'column 1: `timestamp("yesterday")` has no result: write date'),
        ("timestamp(99999999999999) > timestamp(0)", "column 1: `timestamp(99999999999999)` has no result"),
        ('timestamp(contact.attributes.at).getHours("Mars/X") == 1', 'column 34: "Mars/X" is no time zone: write'),
        ("contact.attributes.n == int('x')", 'column 25: `int("x")` has no result: it is no whole number'),
        ("contact.groups.exists(g, int(1e99) == 1)", "column 26: `int(1e+99)`"),
        ("double('x') > 1.0 || uint('-1') == 1u || bool('x')", 'column 1: `double("x")`'),
        ("contact.attributes.n > 1e99999", "column 24: this number is too large"),
        ("contact.attributes.n in [1, -1e99999]", "this number is too large"),
        (r'contact.attributes["\u0000"] == 1', "U+0000"),
        (r"contact.attributes.x['\000'] == 1", "U+0000"),
        (r"contact.attributes['\x00a'] > 1", r'the text "\u0000a" has U+0000'),
        (r"contact.attributes.x in ['a', '\x00']", "U+0000"),
        (r"{'\U00000000': 1} == contact.attributes.x", "U+0000"),
        ("contact.attributes.x == '\0'", "U+0000"),
        (r"contact.attributes['\ud800'] == 1", "invalid"),
    ],
)
def test_what_is_no_condition_is_refused_with_place_and_reason(source: str, said: str) -> None:
    with pytest.raises(ConditionError) as refused:
        Condition.compile(source)
    assert said in str(refused.value)
    assert "INVALID_ARGUMENT" not in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        r"contact.id.matches('^(?i)[a-z]\\pL{2,100}$')",
        "contact.id.matches(contact.attributes.pattern)",
        "duration('24h') > duration('-1h30m0.5s')",
        "timestamp('2026-12-24T09:00:00+01:00') > timestamp(0)",
        "timestamp(contact.attributes.at).getHours('Europe/Vienna') == timestamp(0).getHours('-02:00')",
        "timestamp(contact.attributes.at).getDayOfWeek() == 1",
        "int('12') == 12 && int(1.5) == 1 && uint('1') == 1u && double('1e3') > 1.0 && bool('true')",
        "duration(contact.attributes.x) > duration(contact.attributes['1d'])",
        "contact.attributes.n < 1.7976931348623157e308",
    ],
)
def test_a_constant_that_has_a_result_is_no_ground_to_refuse(source: str) -> None:
    assert Condition.compile(source).source == source


def test_nested_loops_end_at_the_budget() -> None:
    source = "contact.n.all(a, contact.n.all(b, contact.n.all(c, true)))"
    assert Condition.compile(source).holds({"contact": {"n": list(range(500))}, "context": {}}) is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_evaluation_never_raises(score: Any) -> None:
    for source in ("contact.attributes.score > 50", "contact.attributes.score.a[0] == contact.attributes.score"):
        assert Condition.compile(source).holds({"contact": {"attributes": {"score": score}}}) in (True, False)


@pytest.mark.parametrize(
    "values", [{}, {"contact": object()}, {"contact": {"id": "\ud800"}}, {"contact": {"id": {1, 2}}}]
)
def test_values_that_are_not_data_make_it_false(values: dict[str, Any]) -> None:
    assert Condition.compile("contact.id == 'c-1'").holds(values) is False


def test_the_same_source_is_compiled_once() -> None:
    assert Condition.compile("contact.id == 'c-1'") is Condition.compile("contact.id == 'c-1'")


def test_the_tree_is_plain_data() -> None:
    score = Select(Select(Ident("contact"), "attributes", False), "score", False)
    assert Condition.compile("contact.attributes.score > -50").tree == Call("_>_", None, (score, Const(-50)))
