"""Files as people write them: what is wrong with them, and where."""

import json

import pytest

from contracts.checks import Point
from contracts.scenario import Scenario
from launcher.adapters.scenario_files import read_file
from launcher.adapters.yaml_files import read_yaml
from launcher.domain.mending import KINDS, Unshaped
from launcher.domain.validation import validate
from runtime.documents import Unreadable
from runtime.nesting import DEEPEST
from unit.launcher.builders import LANGUAGE, document

RIGHT = """\
key: hello
name: Hello
start: greet
steps:
  greet: {send: {channel: discard, message_type: promotional}, next: won}
  won: {end: success}
"""


def judge(scenario: Scenario) -> list[Point]:
    return validate(scenario, LANGUAGE)


def wrong(raw: str | bytes, *, json: bool = False) -> list[tuple[str, str, str]]:
    read = read_file(raw.encode() if isinstance(raw, str) else raw, judge, json=json)
    assert isinstance(read, Unshaped)
    return [(point.code, point.place, point.remedy) for point in read.points]


def test_yaml_and_json_say_the_same() -> None:
    again = json.dumps(read_yaml(RIGHT.encode())).encode()
    assert read_file(RIGHT.encode(), judge, json=False) == read_file(again, judge, json=True)


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert isinstance(read_file(b"\xef\xbb\xbf" + RIGHT.encode(), judge, json=False), Scenario)


def test_times_and_words_stay_text() -> None:
    assert read_yaml(
        b"from: 09:00\nanswer: no\nuntil: 2026-12-24T09:00\nleave: '1'\nnumber: 1\nhalf: .5\nyes: true"
    ) == {
        "from": "09:00",
        "answer": "no",
        "until": "2026-12-24T09:00",
        "leave": "1",
        "number": 1,
        "half": 0.5,
        "yes": True,
    }


@pytest.mark.parametrize(
    ("raw", "code", "place", "says"),
    [
        (RIGHT + "  bad: [", "syntax", "line 8, column 1", "a value is missing before this"),
        (RIGHT + "  bad: [1", "syntax", "line 8, column 1", "`,` or `]` is missing"),
        (RIGHT + "\tbad: 1", "syntax", "line 7, column 1", "indent with spaces"),
        ("key: hello\n\tname: x", "syntax", "line 2, column 1", "not with tabs"),
        (RIGHT + "key: again\n", "duplicate_key", "line 7, column 1", "`key` stands twice"),
        (RIGHT + "---\na: 1\n", "syntax", "line 7, column 1", "one file holds one scenario"),
        ("a: &x 1\nb: *x\n", "syntax", "line 1, column 4", "anchors and aliases"),
        ("a: !!python/object:os.system x\n", "syntax", "line 1, column 4", "tags"),
        ("a: " + "[" * 100, "too_deep", "line 1, column 67", "nested deeper"),
    ],
)
def test_yaml_that_cannot_be_read_is_refused_with_line_and_column(raw: str, code: str, place: str, says: str) -> None:
    [(found, at, remedy)] = wrong(raw)
    assert (found, at) == (code, place)
    assert says in remedy


@pytest.mark.parametrize(
    ("raw", "code", "says"),
    [
        ('{"key": "a", "key": "b"}', "duplicate_key", "`key` stands twice"),
        ('{"key": }', "syntax", "not JSON"),
        ('{"name": NaN}', "number", "NaN is not JSON"),
        ('{"name": 1e999}', "number", "too large"),
        ('{"name": "\\ud800"}', "character", "surrogate"),
        ('{"name": "a\\u0000b"}', "character", "NUL"),
        ("[" * 100, "too_deep", "nested deeper"),
    ],
)
def test_json_that_cannot_be_read_is_refused(raw: str, code: str, says: str) -> None:
    [(found, _, remedy)] = wrong(raw, json=True)
    assert found == code
    assert says in remedy


def test_a_file_in_another_encoding_is_refused() -> None:
    [(code, _, remedy)] = wrong("name: Grüße".encode("latin-1"))
    assert code == "encoding"
    assert "UTF-8" in remedy


def test_a_file_of_more_than_192_kib_is_refused() -> None:
    [(code, _, remedy)] = wrong(RIGHT + "# " + "x" * 192 * 1024)
    assert code == "too_large"
    assert "196608" in remedy


def test_an_empty_file_is_no_scenario() -> None:
    [(code, place, _)] = wrong("")
    assert (code, place) == ("invalid_value", "")


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "says"),
    [
        ("name: Hello", "nmae: Hello", "unknown_field", "nmae", "did you mean `name`?"),
        ("name: Hello", "name: Hello\nrecurence: once", "unknown_field", "recurence", "did you mean `recurrence`?"),
        ("name: Hello", "name: Hello\nzzz: 1", "unknown_field", "zzz", "remove it"),
        ("start: greet", "", "missing_field", "start", "`start` is needed"),
        (", next: won", "", "missing_field", "steps.greet.next", "`next` is needed"),
        ("key: hello", "key: Hello", "invalid_value", "key", "lower-case letters"),
        ("  won:", "  Won:", "invalid_value", "steps.Won", "lower-case letters"),
        ("end: success", "end: sucess", "invalid_value", "steps.won.end", "'success'"),
        ("channel: discard", "channel: pigeon", "invalid_value", "steps.greet.send.channel", "'email'"),
        ("{end: success}", "{edn: success}", "step_kind", "steps.won", "did you mean `end`?"),
        ("{end: success}", "{end: success, wait: {for: 1d}, next: won}", "step_kind", "steps.won", "exactly one of"),
        ("{end: success}", "7", "step_kind", "steps.won", "exactly one of"),
        ("{end: success}", "{wait: {for: tomorrow}, next: won}", "invalid_value", "steps.won.wait.for", "30m"),
        ("{end: success}", "{branch: [{when: 'true'}]}", "missing_field", "steps.won.branch[0].next", "`next`"),
        (
            "{end: success}",
            "{branch: [{otherwise: 7}]}",
            "invalid_value",
            "steps.won.branch[0].otherwise",
            "write a text",
        ),
        ("{end: success}", "{split: [{weight: -1, next: won}]}", "invalid_value", "steps.won.split[0].weight", "0"),
    ],
)
def test_a_file_of_another_shape_is_refused_at_its_place(old: str, new: str, code: str, place: str, says: str) -> None:
    assert old in RIGHT
    found = wrong(RIGHT.replace(old, new, 1))
    assert (code, place) in [(code, place) for code, place, _ in found]
    assert any(says in remedy for _, at, remedy in found if at == place)


def test_every_kind_of_step_is_known_to_the_shape() -> None:
    schema = json.dumps(Scenario.model_json_schema())
    assert all(f'"{kind}"' in schema for kind in KINDS)


@pytest.mark.parametrize("raw", ["[" * 150_000, "{a: " * 40_000, "? " * 90_000, "- " * 90_000, "&a " * 60_000])
def test_a_hostile_file_is_refused_and_not_worked_on(raw: str) -> None:
    assert isinstance(read_yaml(raw.encode()), Unreadable)


def test_the_builders_document_is_a_file() -> None:
    assert isinstance(read_file(json.dumps(document()).encode(), judge, json=True), Scenario)


@pytest.mark.parametrize("json", [True, False])
@pytest.mark.parametrize(("levels", "refused"), [(DEEPEST, False), (DEEPEST + 1, True)])
def test_both_forms_may_be_nested_as_deep_as_any_body(levels: int, refused: bool, json: bool) -> None:
    codes = [code for code, _, _ in wrong("[" * levels + "1" + "]" * levels, json=json)]
    assert ("too_deep" in codes) is refused
