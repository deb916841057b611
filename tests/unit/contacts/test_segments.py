"""What of a condition becomes SQL, what does not, and that nothing a person wrote becomes part of the SQL."""

import re
from itertools import pairwise

import pytest

from contacts.adapters.segments import Where, compile_where
from runtime.cel import Condition


def where(source: str, first: int = 1) -> Where | None:
    return compile_where(Condition.compile(source, ("contact",)), first)


@pytest.mark.parametrize(
    "source",
    [
        "contact.attributes.score > 50",
        "50 < contact.attributes.score && contact.attributes.name == 'Ann'",
        "contact.attributes['first name'] != 'Ann' || !contact.active",
        "has(contact.attributes.a.b) ? 'vip' in contact.groups : contact.consent.news",
        "contact.email.endsWith('@example.com')",
        "contact.zone in ['Europe/Vienna', null, 5, true]",
        "'score' in contact.attributes",
    ],
)
def test_what_sql_can_say_is_said_in_sql(source: str) -> None:
    assert where(source) is not None


@pytest.mark.parametrize(
    "source",
    [
        "contact.attributes.a + 1 > 5",
        "1 / contact.attributes.a > 5",
        "contact.attributes.a == contact.attributes.b",
        "contact.groups.exists(g, g == 'vip')",
        "size(contact.groups) > 1",
        "contact.email.matches('^a')",
        "contact.attributes.a > true",
        "contact.attributes.a == 9007199254740992",
        "contact.attributes.a == [1]",
        "contact.attributes.a == b'a'",
        "contact.nothing == 1",
        "contact.attributes.a && contact.attributes[contact.id] == 1",
        "contact.attributes.a > 5 && contact.attributes.b.matches('x')",
    ],
)
def test_what_means_something_else_in_sql_is_left_to_python(source: str) -> None:
    assert where(source) is None


@pytest.mark.parametrize(
    "level",
    [
        "({} ? contact.attributes.a == 1 : contact.active)",
        "(contact.active ? {} : contact.attributes.a == 1)",
        "!({} && contact.attributes.a == 1)",
    ],
)
def test_what_is_nested_is_written_once(level: str) -> None:
    """Twice, and as deep as the parser of conditions goes (32) it would be gigabytes of SQL."""
    source, sizes = "contact.active", []
    for _ in range(12):
        source = level.format(source)
        found = where(source)
        assert found is not None
        sizes.append(len(found.sql))
    assert max(after - before for before, after in pairwise(sizes)) < 200, "each level adds its own"


@pytest.mark.parametrize("text", ["'; DROP TABLE contact; --", "$1", "x) OR (true", "}", "{0}", "\\", "Ω", "ſ", "а"])
def test_names_and_constants_are_only_ever_parameters(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    source = (
        f"contact.attributes['{quoted}'] == '{quoted}' || '{quoted}' in contact.groups || contact.id in ['{quoted}']"
    )
    plain, odd = where(source.replace(quoted, "a"), 7), where(source, 7)
    assert plain is not None and odd is not None
    assert odd.sql == plain.sql
    assert all(given in (text, [text]) for given in odd.arguments)
    assert sorted(map(int, re.findall(r"\$(\d+)", odd.sql))) == [7, 8, 9, 10]
