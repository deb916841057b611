"""JSON of strangers: what could be read in two ways is not read, and what says the same is the same."""

import pytest

from runtime.documents import Unreadable, canonical, digest, read_json


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": [1, 2]}', '{ "b":[1,2],"a":1.0 }'),
        ('"\\u00fc"', '"ü"'),
        ('{"n": 100}', '{"n": 1e2}'),
    ],
)
def test_data_written_in_another_way_is_the_same_data(one: str, other: str) -> None:
    assert digest(read_json(one.encode())) == digest(read_json(other.encode()))


@pytest.mark.parametrize(
    ("one", "other"), [("1", "true"), ('"1"', "1"), ("[1, 2]", "[2, 1]"), ("null", "{}"), ("1.5", "1")]
)
def test_other_data_is_other_data(one: str, other: str) -> None:
    assert digest(read_json(one.encode())) != digest(read_json(other.encode()))


def test_canonical_json_is_sorted_and_without_spaces() -> None:
    assert canonical({"b": [1.0, 0.5], "a": {"ü": None}}) == '{"a":{"ü":null},"b":[1,0.5]}'.encode()


@pytest.mark.parametrize(
    "raw",
    [b"[" * 65 + b"]" * 65, b"[" * 10_000, b'{"a":1,"a":1}', b"NaN", b"-Infinity", b"1e999", b'"\\ud800"', b'"\\u0000"',
     b"\xff", b"", b"9" * 5000, b"18446744073709551616", b'"unended', b"{} {}"],
)  # fmt: skip
def test_json_that_could_be_read_in_two_ways_or_not_be_kept_is_unreadable(raw: bytes) -> None:
    assert isinstance(read_json(raw), Unreadable)


def test_brackets_inside_text_are_no_nesting() -> None:
    assert read_json(b'"' + b"[" * 1000 + b'\\"' + b"{" * 1000 + b'"') is not None
    assert isinstance(read_json(b'"' + b"[" * 1000 + b'"'), str)
