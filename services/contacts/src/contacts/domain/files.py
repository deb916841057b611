"""Contacts in a file: NDJSON or CSV, read line by line; a bad line is told with its number, the others are taken.

An import comes in portions (`first_line` says where one begins; a CSV portion repeats the header), so that nothing
here depends on the whole file. An id that comes twice is not an error: lines are applied in order, the later wins.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from contacts.domain.given import read_contact
from contracts.crm import ContactGiven
from contracts.words import Name
from runtime.unique_keys import RepeatedKey, demand_unique

MAX_LINE_BYTES = 256 * 1024
_FIXED = ("id", "email", "phone", "zone", "active", "groups")
_WORDS = {"true": True, "1": True, "false": False, "0": False, "null": None}
_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True, slots=True)
class Line:
    """One contact of a file, or why it is none. Exactly one of `given` and `reason` is set."""

    number: int
    """In the file, from 1."""
    given: ContactGiven | None = None
    reason: str | None = None


class BadFile(Exception):
    """Nothing of it can be read; the message says why and what to do."""


def read_ndjson(body: bytes, first_line: int = 1) -> Iterator[Line]:
    """One JSON object per line. Empty lines are passed over."""
    for number, raw in enumerate(_without_mark(body).split(b"\n"), first_line):
        if raw.strip():
            yield _line(number, _read_json(raw))


def read_csv(body: bytes, first_line: int = 2) -> Iterator[Line]:
    """A header and rows, separated by commas (RFC 4180). `first_line` is the number of the first row.

    An empty cell leaves the field as it is, `null` removes it.
    """
    text = _without_mark(body).decode(errors="surrogateescape")  # bytes that are not UTF-8 are told line by line
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(reader, []))
    except csv.Error as error:
        raise BadFile(f"the header cannot be read: {error}") from None
    return _rows(reader, columns, first_line - reader.line_num - 1)


def _rows(reader: Any, columns: list[str], shift: int) -> Iterator[Line]:
    """`shift`: from lines of this portion to lines of the file."""
    while True:
        number = reader.line_num + 1 + shift
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(number, reason=_told(error, reader.line_num + shift))
            continue
        if cells:
            yield _line(number, _read_row(columns, cells))


def _told(error: csv.Error, last: int) -> str:
    if "unexpected end" in str(error):
        return f'a quote (") is opened here and not closed up to line {last}, which were not read'
    if "field limit" in str(error):
        return f"a cell is longer than {csv.field_size_limit()} characters: shorten it"
    return f"not CSV: {error}"


def _line(number: int, data: Any) -> Line:
    given = data if isinstance(data, str) else read_contact(data)
    return Line(number, reason=given) if isinstance(given, str) else Line(number, given)


def _read_json(raw: bytes) -> Any:
    """The decoded line, or (a str) what is wrong with it."""
    if len(raw) > MAX_LINE_BYTES:
        return _too_long(len(raw))
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return _not_utf8(raw[error.start], error.start)
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}"
    if not isinstance(data, dict):
        return 'not a JSON object: a line looks like {"id": "c-1", "email": "…"}'
    return _repeated(raw, data) or data


def _read_row(columns: list[str], cells: list[str]) -> Any:
    """The row as the same object that NDJSON has, or (a str) what is wrong with it."""
    if len(cells) != len(columns):
        return f"{len(cells)} cells, but the header has {len(columns)} columns (a comma in a value needs quotes)"
    row = ",".join(cells).encode(errors="surrogateescape")
    if len(row) > MAX_LINE_BYTES:
        return _too_long(len(row))
    for cell in cells:
        if bad := next((character for character in cell if "\ud800" <= character <= "\udfff"), None):
            return _not_utf8(ord(bad) - 0xDC00, cell.index(bad))
    return _as_object(columns, cells)


def _as_object(columns: list[str], cells: list[str]) -> dict[str, Any] | str:
    contact: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        kind, _, name = column.partition(".")
        text = cell.strip()
        if column == "id":
            contact["id"] = cell
        elif not text:
            continue
        elif column == "groups":
            contact["groups"] = None if text == "null" else [part for part in map(str.strip, text.split(";")) if part]
        elif column == "active" or (kind == "consent" and name):
            if text.lower() not in _WORDS:
                return f"{column}: write true, false or null"
            where = contact if column == "active" else contact.setdefault("consent", {})
            where[name or column] = _WORDS[text.lower()]
        elif column in _FIXED:
            contact[column] = None if text == "null" else text
        else:
            name, value = (column[:-5], cell) if column.endswith(":text") else (column, _value(cell))
            if isinstance(value, dict | list) and (wrong := _repeated(text.encode(), value)):
                return f"{column}: {wrong}"
            contact.setdefault("attributes", {})[name] = value
    return contact


def _repeated(raw: bytes, value: Any) -> str | None:
    """What is wrong with an object that says one thing twice; None: nothing."""
    try:
        demand_unique(raw, value)
    except RepeatedKey as error:
        return f"{error}: keep one of the two"
    return None


def _value(cell: str) -> Any:
    """JSON where it parses, else the text."""
    text = cell.strip()
    if text[0] not in '-0123456789"[{tfn':
        return cell
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return cell


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip() for name in header]
    if any("\ud800" <= character <= "\udfff" for name in columns for character in name):
        raise BadFile("the header is not UTF-8: save the file as UTF-8")
    if "id" not in columns:
        seen = ", ".join(f"`{name}`" for name in columns[:10]) or "nothing"
        raise BadFile(f"there is no column `id`: the first line names the columns, separated by commas; it has {seen}")
    if "" in columns:
        raise BadFile(f"column {columns.index('') + 1} has no name")
    names = [name.removesuffix(":text") for name in columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadFile(f"column `{twice}` is there twice")
    for name in columns:
        kind, _, message_type = name.partition(".")
        if kind == "consent" and message_type and not _is_name(message_type):
            raise BadFile(f"`{name}`: a message type is written in a-z, 0-9, _ and -")
        if meant := _meant(name):
            raise BadFile(f"column `{name}` would become an attribute of that name: write `{meant}`")
    return columns


def _meant(column: str) -> str | None:
    """What somebody wanted who wrote this; None: it is what it says."""
    kind, _, name = column.partition(".")
    if kind == "attributes" and name:
        return name
    if kind.lower() == "consent" and not (kind == "consent" and name):
        return f"consent.{name or 'promotional'}"
    return column.lower() if column not in _FIXED and column.lower() in _FIXED else None


def _is_name(text: str) -> bool:
    try:
        return bool(_NAME.validate_python(text))
    except ValidationError:
        return False


def _without_mark(body: bytes) -> bytes:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadFile("the file is UTF-16: save it as UTF-8")
    return body.removeprefix(codecs.BOM_UTF8)


def _too_long(size: int) -> str:
    return f"{size} bytes long; a line has at most {MAX_LINE_BYTES}: give the contact fewer or shorter attributes"


def _not_utf8(byte: int, at: int) -> str:
    return f"not UTF-8 (byte 0x{byte:02x} at position {at + 1}): save the file as UTF-8"
