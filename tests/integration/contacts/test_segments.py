"""A condition in SQL and the same condition in Python agree on every contact."""

from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.adapters.audience import document
from contacts.adapters.segments import compile_where
from integration.contacts.world import World
from runtime.cel import Condition

NAMES = ("a", "b", "first name", "$1", "x'; DROP TABLE contact; --", 'q"', "Zoë", "Zoe\u0308", "0")
TEXT = st.sampled_from(
    ["", "a", "ab", "A", "é", "e\u0301", "5", "true", "%", "_", "\\", "'", "Ω", "日本", "\U0001f600"]
)
NUMBERS = st.sampled_from([0, 1, -1, 5, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**64 - 1, 1e22, 1.5e19]) | st.floats(
    allow_nan=False, allow_infinity=False
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)
)
CONTACTS = st.lists(
    st.fixed_dictionaries(
        {
            "attributes": st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3),
            "consent": st.dictionaries(st.sampled_from(["a", "news"]), st.booleans(), max_size=2),
            "groups": st.lists(st.sampled_from(["vip", "a", "news"]), max_size=2, unique=True),
            "email": st.none() | TEXT,
            "zone": st.none() | st.just("Europe/Vienna"),
            "active": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)


def quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case int():
            return str(value)
        case _:
            return repr(float(value))


ORDERED = (TEXT | st.sampled_from([0, 1, -1, 5, 2**53 - 1, 1.0, 0.5, -2.25, 1e-300])).map(literal)
CONSTANTS = st.sampled_from(["null", "true", "false"]) | ORDERED
PATHS = st.one_of(
    st.sampled_from(NAMES).map(lambda name: f"contact.attributes[{quoted(name)}]"),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).map(
        lambda names: f"contact.attributes[{quoted(names[0])}][{quoted(names[1])}]"
    ),
    st.sampled_from(["contact.attributes.a", "contact.attributes.a.b", "contact.consent.a", "contact.consent['news']"]),
    st.sampled_from(["contact.id", "contact.email", "contact.zone", "contact.phone", "contact.active"]),
)
LEAVES = st.one_of(
    st.sampled_from(["true", "false", "'vip' in contact.groups", "!('a' in contact.groups)", "contact.active"]),
    st.sampled_from(["has(contact.email)", "has(contact.attributes.a)", "has(contact.attributes.a.b)"]),
    st.sampled_from(["has(contact.consent.news)", "has(contact.attributes)", "has(contact.nothing)"]),
    st.sampled_from(NAMES).map(lambda name: f"{quoted(name)} in contact.attributes"),
    PATHS,
    st.tuples(PATHS, st.sampled_from(["==", "!="]), CONSTANTS).map(" ".join),
    st.tuples(PATHS, st.sampled_from(["<", "<=", ">", ">="]), ORDERED).map(" ".join),
    st.tuples(ORDERED, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), PATHS).map(" ".join),
    st.tuples(PATHS, st.lists(CONSTANTS, max_size=3)).map(lambda pair: f"{pair[0]} in [{', '.join(pair[1])}]"),
    st.tuples(PATHS, st.sampled_from(["startsWith", "endsWith", "contains"]), TEXT).map(
        lambda three: f"{three[0]}.{three[1]}({quoted(three[2])})"
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda three: f"({' '.join(three)})"),
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner, inner).map(lambda three: f"(({three[0]}) ? ({three[1]}) : ({three[2]}))"),
    ),
    max_leaves=6,
)


async def insert(connection: Any, people: list[dict[str, Any]]) -> None:
    await connection.executemany(
        """
        INSERT INTO contact (project, contact_id, partition, revision, deleted, attributes, consent, groups, email,
            zone, active)
        VALUES ('demo', $1, 0, 1, false, $2, $3, $4, $5, $6, $7)
        """,
        [
            (f"c-{n}", one["attributes"], one["consent"], one["groups"], one["email"], one["zone"], one["active"])
            for n, one in enumerate(people)
        ],
    )


async def both_ways(connection: Any, source: str) -> tuple[dict[str, bool], dict[str, bool]]:
    """(by SQL, by Python), by contact id"""
    condition = Condition.compile(source, ("contact",))
    where = compile_where(condition, 1)
    assert where is not None, source
    query = f"SELECT contact_id, {where.sql} AS matched, {document()} AS document FROM contact"  # noqa: S608
    rows = await connection.fetch(query, *where.arguments)
    return (
        {row["contact_id"]: row["matched"] for row in rows},
        {row["contact_id"]: condition.holds({"contact": row["document"]}) for row in rows},
    )


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=CONTACTS, trees=st.lists(TREES, min_size=5, max_size=5))
async def test_sql_is_evaluation(world: World, people: list[dict[str, Any]], trees: list[str]) -> None:
    async with world.pool.acquire() as connection:
        attempt = connection.transaction()
        await attempt.start()
        try:
            await insert(connection, people)
            for source in trees:
                by_sql, by_python = await both_ways(connection, source)
                assert by_sql == by_python, source
        finally:
            await attempt.rollback()
