"""Contacts in files: good lines are taken, bad ones told with number and reason."""

import csv
import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.files import MAX_LINE_BYTES, BadFile, Line, read_csv, read_ndjson


def ndjson(*lines: Any, first_line: int = 1) -> list[Line]:
    return list(
        read_ndjson(b"\n".join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines), first_line)
    )


def fields(line: Line) -> dict[str, Any]:
    assert line.given is not None, line.reason
    return line.given.model_dump(exclude_unset=True)


def only(text: str | bytes) -> dict[str, Any]:
    [line] = read_csv(text if isinstance(text, bytes) else text.encode())
    return fields(line)


def test_ndjson_lines_keep_their_numbers() -> None:
    lines = ndjson({"id": "a"}, b"", b"nonsense", b"  \r", {"id": "b"}, first_line=1001)
    assert [(line.number, line.given is not None) for line in lines] == [(1001, True), (1003, False), (1005, True)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"17", "not a JSON object"),
        (b'{"id":"a","x":NaN}', "not JSON"),
        (b'{"id":"\xfc"}', "not UTF-8 (byte 0xfc at position 8): save the file as UTF-8"),
        ('{"id":"ä"}'.encode("latin-1"), "not UTF-8"),
        (b"[" * 5000, "not JSON"),
        ({"id": "a", "attributes": {"x": "y" * MAX_LINE_BYTES}}, "at most"),
        ({"id": "a" * 1_000_000}, "at most"),
        ({}, "id: it is missing"),
        ({"id": ""}, "id is empty"),
        ({"id": 17}, "id:"),
        ({"id": "a\tb"}, "id holds a control character"),
        ({"id": "a\x85b"}, "id holds a control character"),
        ({"id": "ü" * 65}, "id is 130 bytes long"),
        ({"id": "a", "emial": "x"}, "emial: there is no such field"),
        ({"id": "a", "email": "nobody"}, "email:"),
        ({"id": "a", "email": "a@b.example\r\nBcc: c@d.example"}, "email:"),
        ({"id": "a", "email": "a@b.example\n"}, "email:"),
        ({"id": "a", "email": ""}, "email:"),
        ({"id": "a", "active": "true"}, "active:"),
        ({"id": "a", "zone": "Vienna"}, "zone:"),
        ({"id": "a", "zone": "../etc/passwd"}, "zone:"),
        ({"id": "a", "phone": "1\n2"}, "phone:"),
        ({"id": "a", "groups": ["VIP"]}, "groups.0:"),
        ({"id": "a", "groups": [f"g{n}" for n in range(1001)]}, "groups:"),
        ({"id": "a", "consent": {"news": 1}}, "consent.news:"),
        ({"id": "a", "consent": {"No": True}}, "consent.No"),
        ({"id": "a", "attributes": {"": 1}}, "attributes:"),
        (b'{"id":"a","email":"a@x.example","email":"b@x.example"}', "the key `email` stands twice in one object: keep"),
        (b'{"id":"a","attributes":{"at":"09:30","x":{"y":1,"y":2}}}', "the key `y` stands twice"),
        (b'{"id":"a","zone":"x","zone":"\\u003a"}', "the key `zone` stands twice"),
        ({"id": "a", "attributes": {"x": {"y": ["\0"]}}}, "attributes.x: U+0000"),
    ],
)
def test_bad_line_says_what_is_wrong(line: Any, reason: str) -> None:
    [bad] = ndjson(line)
    assert bad.given is None and bad.reason is not None
    assert bad.reason.startswith(reason) or reason in bad.reason
    assert len(bad.reason) < 500


@pytest.mark.parametrize(
    "contact_id", [" ", "a/b", "a b", "日本", "\u2028", "'; DROP TABLE contact; --", "=1+1", "ü" * 64]
)
def test_odd_ids_are_ids(contact_id: str) -> None:
    [line] = ndjson({"id": contact_id})
    assert fields(line) == {"id": contact_id}


def test_address_is_taken_as_a_mail_server_takes_it() -> None:
    lines = ndjson({"id": "a", "email": "Ann.B@EXAMPLE.Com"}, {"id": "b", "email": "a@bücher.example"})
    assert [fields(line)["email"] for line in lines] == ["Ann.B@example.com", "a@xn--bcher-kva.example"]


def test_mark_at_the_beginning_is_passed_over_and_other_encodings_are_told() -> None:
    assert fields(ndjson(b'\xef\xbb\xbf{"id":"a"}')[0]) == {"id": "a"}
    assert only(b"\xef\xbb\xbfid\na") == {"id": "a"}
    for read in (read_csv, read_ndjson):
        with pytest.raises(BadFile, match="UTF-16"):
            list(read('id\n{"id":"a"}'.encode("utf-16")))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("71", 71), ("7.5", 7.5), ("true", True), ('"71"', "71"), ("[1,2]", [1, 2]), ('{"a":1}', {"a": 1}),
        ("null", None), ("007", "007"), ("Ann", "Ann"), (" Ann ", " Ann "), (" 71 ", 71), ("NaN", "NaN"),
        ("nope", "nope"), ("+4366", "+4366"), ("-", "-"), ("{x", "{x"), ("TRUE", "TRUE"),
    ],
)  # fmt: skip
def test_csv_values_are_json_where_they_parse(cell: str, value: Any) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["id", "x", "y:text"], ["a", cell, cell]])
    assert only(out.getvalue()) == {"id": "a", "attributes": {"x": value, "y": cell}}


def test_csv_columns_say_what_they_are() -> None:
    header = "email,id,phone,zone,active,groups,consent.news,consent.promo,score"
    row = "a@b.example,c-1,+43 1,Europe/Vienna,False,vip; new ;;x,TRUE,null,"
    assert only(f"{header}\r\n{row}\r\n") == {
        "id": "c-1",
        "email": "a@b.example",
        "phone": "+43 1",
        "zone": "Europe/Vienna",
        "active": False,
        "groups": ["vip", "new", "x"],
        "consent": {"news": True, "promo": None},
    }


def test_csv_empty_cell_leaves_and_null_removes() -> None:
    assert only("id,email,groups,active,x\na,null,null,null,null") == {
        "id": "a",
        "email": None,
        "groups": None,
        "active": None,
        "attributes": {"x": None},
    }
    assert only("id,email,groups,active,consent.a,x,y:text\na,,,,,,") == {"id": "a"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "no column `id`"),
        ("id;email", "separated by commas"),
        ("name,email", "no column `id`.*it has `name`, `email`"),
        ("id,x,x", "`x` is there twice"),
        ("id,x,x:text", "`x` is there twice"),
        ("id,,x", "column 2 has no name"),
        ("id,consent.News", "message type"),
        ("id,Email", "write `email`"),
        ("id,consent", "write `consent.promotional`"),
        ("id,Consent.news", "write `consent.news`"),
        ("id,attributes.first_name", "write `first_name`"),
        ('id,"x', "header"),
    ],
)
def test_csv_header_that_is_none_is_refused(header: str, message: str) -> None:
    with pytest.raises(BadFile, match=message):
        list(read_csv(f"{header}\na,b,c".encode() if '"' not in header else header.encode()))


def test_csv_bad_rows_do_not_touch_the_others() -> None:
    rows = [
        b"id,active,x",
        b"a,true,1",
        b"b,true",
        b"c,true,1,2",
        b"d,maybe,1",
        b"",
        b"e,true,M\xfcnchen",
        b'f,true,"two\nlines"',
        b'g,true,"a"b',
        b"h,true," + b"x" * 200_000,
        b"i,true,1",
        b'j,true,"never closed',
        b"k,true,1",
    ]
    lines = list(read_csv(b"\n".join(rows)))
    assert [(line.number, line.given.id) for line in lines if line.given] == [(2, "a"), (8, "f"), (12, "i")]
    reasons = {line.number: line.reason for line in lines if line.reason}
    assert [(number, reason[:20]) for number, reason in reasons.items()] == [
        (3, "2 cells, but the hea"),
        (4, "4 cells, but the hea"),
        (5, "active: write true, "),
        (7, "not UTF-8 (byte 0xfc"),
        (10, "not CSV: ',' expecte"),
        (11, "a cell is longer tha"),
        (13, 'a quote (") is opene'),
    ]
    assert "up to line 14" in reasons[13]


def test_csv_portion_counts_from_its_first_line() -> None:
    lines = list(read_csv(b"id\na\n\nb\n,\n", first_line=500))
    assert [line.number for line in lines] == [500, 502, 503]


text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=8)
plain = st.one_of(st.integers(-(2**53), 2**53), st.booleans(), st.floats(-1e9, 1e9), text)
contact = st.fixed_dictionaries(
    {"id": text.filter(lambda each: 1 <= len(each.encode()) <= 128)},
    optional={
        "active": st.booleans(),
        "groups": st.lists(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True), min_size=1, max_size=3),
        "consent": st.dictionaries(st.sampled_from(["news", "promo"]), st.booleans(), min_size=1),
        "attributes": st.dictionaries(st.sampled_from(["first name", "größe", "b.c"]), plain, min_size=1),
    },
)


@given(st.lists(contact, max_size=5))
def test_what_was_written_is_read_from_ndjson(contacts: list[dict[str, Any]]) -> None:
    assert [fields(line) for line in ndjson(*contacts)] == contacts


@given(st.lists(contact, min_size=1, max_size=5))
def test_what_was_written_is_read_from_csv(contacts: list[dict[str, Any]]) -> None:
    def cell(each: dict[str, Any], column: str) -> str:
        if column in ("id", "groups", "active"):
            value = each.get(column, "")
            return ";".join(value) if isinstance(value, list) else str(value)
        part, _, name = column.partition(".")
        value = each.get(part, {}).get(name)
        return "" if value is None else orjson.dumps(value).decode()

    named = ["id", "active", "groups", "consent.news", "consent.promo"]
    attributes = ["first name", "größe", "b.c"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*named, *attributes])
    for each in contacts:
        writer.writerow([cell(each, column) for column in named] + [cell(each, f"attributes.{n}") for n in attributes])
    assert [fields(line) for line in read_csv(out.getvalue().encode())] == contacts


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(body: bytes) -> None:
    for read, prefix in ((read_ndjson, b""), (read_csv, b"id,x\n"), (read_csv, b"")):
        try:
            lines = list(read(prefix + body))
        except BadFile:
            continue
        assert all((line.given is None) != (line.reason is None) for line in lines)
        assert [line.number for line in lines] == sorted({line.number for line in lines})
