"""Files of contacts: sent in portions, bad lines told, nothing long ever held."""

import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli import lines, repeated, uploads
from cli.lines import Line, csv_records, read_lines
from cli.repeated import Repeated
from unit.cli.answering import Slipway, slipway


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Slipway:
    monkeypatch.setattr(lines, "LONGEST", 30)
    return slipway(monkeypatch, Contacts())


class Contacts(dict[str, tuple[int, Any]]):
    """Takes every line."""

    def get(self, asked: str, default: Any = None) -> Any:
        return (200, {"imported": 1, "rejected": []}) if asked.startswith("POST /v1/contacts?first_line=") else default


def sent(told: Slipway) -> list[tuple[int, bytes]]:
    """First line and body of each portion."""
    return [(int(request.url.params["first_line"]), request.content) for request in told.seen]


def bad(answer: Any) -> dict[int, str]:
    return {line["line"]: line["reason"] for line in orjson.loads(answer.stdout)["rejected"]}


def test_a_line_too_long_is_told_and_the_others_of_its_portion_are_sent(told: Slipway, tmp_path: Path) -> None:
    file = tmp_path / "people.ndjson"
    file.write_bytes(b'{"id":1}\n{"id":2}\r\n' + b"x" * 1000 + b'\n{"id":4}')
    answer = told("contacts", "import", str(file), "--json")
    assert sent(told) == [(1, b'{"id":1}\n{"id":2}\n'), (4, b'{"id":4}\n')]
    assert bad(answer)[3].startswith("1001 bytes long")
    assert (answer.exit_code, orjson.loads(answer.stdout)["imported"]) == (1, 2)


def test_rows_keep_their_line_numbers_behind_cells_of_several_lines(
    told: Slipway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LINES", 1)
    file = tmp_path / "people.csv"
    file.write_bytes(b'\xef\xbb\xbfid,note\r\n1,"a\r\nb"\r\n2,c\r\n')
    assert told("contacts", "import", str(file)).exit_code == 0
    assert sent(told) == [(2, b'id,note\n1,"a\r\nb"\n'), (4, b"id,note\n2,c\n")]


def test_a_quote_that_is_not_closed_gives_up_a_bounded_number_of_lines(told: Slipway, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b'id,note\n1,"\n' + b"2,some text\n" * 3 + b"3,c\n")
    answer = told("contacts", "import", str(file), "--json")
    assert sent(told) == [(6, b"id,note\n3,c\n")]
    assert bad(answer) == {2: 'a quote (") is opened here and not closed for 1 MiB; nothing was read up to line 5'}


def test_a_file_without_a_header_is_refused(told: Slipway, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b"")
    answer = told("contacts", "import", str(file))
    assert (answer.exit_code, "has no header" in answer.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.ndjson", b""), ("a.ndjson", b"\n \n"), ("a.csv", b"\xff\xfe\x00"), ("a.csv", b"id\n\n")],
)
def test_a_file_without_a_contact_is_refused(told: Slipway, tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    answer = told("contacts", "import", str(file))
    assert (answer.exit_code, "has no contact in it" in answer.stderr, told.seen) == (2, True, [])


def test_blank_lines_between_contacts_are_passed_over(
    told: Slipway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LINES", 1)
    file = tmp_path / "people.ndjson"
    file.write_bytes(b'\n\n{"id":3}\n\n')
    assert told("contacts", "import", str(file)).exit_code == 0
    assert sent(told) == [(3, b'{"id":3}\n')]


def test_never_more_than_the_longest_line_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class File(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            assert size == 30
            return super().readline(size)

    monkeypatch.setattr(lines, "LONGEST", 30)
    found = list(read_lines(File(b"x" * 30 + b"\n" + b"y" * 29 + b"\n" + b"z" * 30)))
    assert [(line.number, line.size, line.bad is None) for line in found] == [
        (1, 31, False),
        (2, 30, True),
        (3, 30, True),
    ]


def test_a_long_row_with_all_its_quotes_is_just_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 30)
    rows = list(csv_records(read_lines(io.BytesIO(b'1,"' + b"x" * 20 + b"\n" + b"y" * 20 + b'"\n2,b\n'))))
    assert [(row.number, row.bad and row.bad[:13]) for row in rows] == [(1, "46 bytes long"), (3, None)]


class Noticing(Contacts):
    """Finds in every portion an attribute that is mostly a number."""

    def get(self, asked: str, default: Any = None) -> Any:
        if not asked.startswith("POST /v1/contacts?first_line="):
            return default
        first = int(asked.rpartition("=")[2])
        score = {"attribute": "score", "kind": "number", "lines": 1, "first": [first]}
        odd = {"attribute": "score", "kind": "string", "lines": 2, "first": [first + 1, first + 2]}
        city = {"attribute": "city", "kind": "string", "lines": 2, "first": [first]}
        return 200, {"imported": 3, "rejected": [], "attributes": [city, score, *([odd] if first == 5 else [])]}


def test_what_may_be_meant_otherwise_is_named_with_its_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(uploads, "LINES", 3)
    run = slipway(monkeypatch, Noticing())
    file = tmp_path / "people.csv"
    file.write_bytes(b"id,score,city\n" + b"".join(b"c%d,1,x\n" % n for n in range(9)))
    answer = run("contacts", "import", str(file))
    told = " ".join(answer.stderr.split())
    assert answer.exit_code == 0 and "columns taken as attributes: city, score" in told
    assert "attribute score: a number in 3 lines, a text in 2 lines (first: 6, 7); all are taken" in told
    assert "attribute city" not in told
    listed = orjson.loads(run("contacts", "import", str(file), "--json").stdout)["attributes"]
    assert [(each["attribute"], list(each["kinds"])) for each in listed] == [
        ("city", ["string"]),
        ("score", ["number", "string"]),
    ]
    assert listed[0]["kinds"]["string"] == {"lines": 6, "first": [2, 5, 8]}
    lines = tmp_path / "people.ndjson"
    lines.write_bytes(b'{"id":"a"}\n' * 3)
    assert "columns" not in run("contacts", "import", str(lines)).stderr


@pytest.mark.parametrize(
    ("name", "content", "first"),
    [
        ("people.ndjson", b'\xef\xbb\xbf{"id":"a"}\n\n{"id":"b"}\n{"id":"a"}\n{"id":"c"}\n{"id":"a"}\n', [4, 6]),
        ("people.csv", b'\xef\xbb\xbfnote, id\r\n"x\r\ny",a\r\n,b\r\nz,a\r\n,c\r\n,a\r\n', [5, 7]),
    ],
)
def test_ids_that_come_more_than_once_are_told_wherever_they_are(
    told: Slipway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, first: list[int]
) -> None:
    monkeypatch.setattr(uploads, "LINES", 2)
    file = tmp_path / name
    file.write_bytes(content)
    answer = told("contacts", "import", str(file), "--json")
    assert orjson.loads(answer.stdout)["repeated"] == [{"line": line, "id": "a"} for line in first]
    said = told("contacts", "import", str(file))
    assert said.exit_code == 0
    assert "1 id comes more than once, and where both say something the later line wins: " in said.stderr
    assert f"line {first[0]} (a), line {first[1]} (a)\n" in said.stderr


def test_only_lines_that_are_taken_are_compared_and_the_first_are_shown() -> None:
    found = Repeated(None)
    lines = [Line(number, b'{"id":"c-%d"}' % (number // 2), 10) for number in range(2, 12)]
    found.add([*lines, Line(12, b"no json", 7)], rejected={3, 12})
    assert [line["line"] for line in found.lines] == [5, 7, 9, 11]
    [said] = found.told()
    assert said.startswith("4 ids come more than once") and "line 9 (c-4) …; --json lists them all" in said
    assert list(Repeated(None).told()) == []


def test_however_long_a_file_is_ids_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated, "REMEMBERED", 2)
    found = Repeated(None)
    found.add(
        [Line(number, b'{"id":"%s"}' % name, 10) for number, name in enumerate([b"a", b"b", b"c", b"c", b"a"])], ()
    )
    assert [line["id"] for line in found.lines] == ["a"]
    assert "with the first 2 of the file only" in list(found.told())[-1]
