"""A key that stands twice in one object is found, however the text is written, and nothing else is taken for one."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.unique_keys import RepeatedKey, demand_unique, unique


class Pairs(list[tuple[str, Any]]):
    """An object as it is written, keys that stand twice and all."""


def written(value: Any, ascii_only: bool) -> str:
    match value:
        case Pairs():
            inner = (f"{json.dumps(key, ensure_ascii=ascii_only)}: {written(one, ascii_only)}" for key, one in value)
            return "{" + ",".join(inner) + "}"
        case list():
            return "[" + ",".join(written(one, ascii_only) for one in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=ascii_only)


TEXT = st.text(alphabet='a:"{\\é\u2028', max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(st.tuples(st.sampled_from("ab:"), inner), max_size=3).map(Pairs)
    ),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.booleans())
def test_it_agrees_with_who_looks_at_each_object(value: Any, ascii_only: bool, colons_escaped: bool) -> None:
    text = written(value, ascii_only)
    if colons_escaped:
        text = text.replace('":"', r'"\u003A"')
    try:
        json.loads(text, object_pairs_hook=unique)
        told = None
    except RepeatedKey as error:
        told = str(error)
    if told is None:
        demand_unique(text.encode(), orjson.loads(text))
    else:
        with pytest.raises(RepeatedKey) as found:
            demand_unique(text.encode(), orjson.loads(text))
        assert str(found.value) == told


def test_what_is_nested_too_deep_is_not_its_business() -> None:
    text = b'{"a":' * 900 + b"1" + b"}" * 900
    demand_unique(text, orjson.loads(text))
