"""What somebody says about a contact (CRM record or line of a file), checked at the edge."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contacts.domain.address import read_address
from contacts.domain.plain import unstorable
from contracts.crm import ContactGiven
from runtime.invalid import in_words

MAX_ID_BYTES = 128
MAX_ENTRIES = 1000
"""Most groups, consents and attributes of one contact in one go."""

_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")


def read_contact(data: Any) -> ContactGiven | str:
    """The contact that was given, its address normalised; a str says what is wrong and what to do."""
    if isinstance(data, Mapping) and isinstance(data.get("id"), str) and (wrong := wrong_id(data["id"])):
        return f"id {wrong}"
    try:
        return checked(ContactGiven.model_validate(data, strict=True))
    except ValidationError as error:
        return explain(error)


def checked(given: ContactGiven) -> ContactGiven | str:
    """What the model's shape does not say: ids in bytes, addresses, zones, values that can be stored."""
    if wrong := next(_wrongs(given), None):
        return wrong
    if given.email is None:
        return given
    address, wrong = read_address(given.email)
    return given.model_copy(update={"email": address}) if wrong is None else f"email: {wrong}"


def wrong_id(contact_id: str) -> str | None:
    """What is wrong with a contact id; None: nothing."""
    if not contact_id:
        return "is empty: every contact needs one"
    if _PRINTABLE.fullmatch(contact_id) is None:
        return "holds a control character: remove it"
    try:
        size = len(contact_id.encode())
    except UnicodeEncodeError:
        return "is not valid UTF-8: save the file as UTF-8"
    return None if size <= MAX_ID_BYTES else f"is {size} bytes long; at most {MAX_ID_BYTES} are possible"


def explain(error: ValidationError) -> str:
    """What a model refused, in words and without the values."""
    problems = error.errors(include_input=False, include_url=False)
    lines = [": ".join(filter(None, (".".join(map(str, each["loc"])), in_words(each)))) for each in problems[:3]]
    return "; ".join(lines) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")


def _wrongs(given: ContactGiven) -> Iterator[str]:
    if wrong := wrong_id(given.id):
        yield f"id {wrong}"
    for name, entries in (("groups", given.groups), ("consent", given.consent), ("attributes", given.attributes)):
        if entries is not None and len(entries) > MAX_ENTRIES:
            yield f"{name}: {len(entries)} entries; at most {MAX_ENTRIES} are possible"
    if given.phone is not None and (_PRINTABLE.fullmatch(given.phone) is None or len(given.phone) > 64):
        yield "phone: 1 to 64 characters without control characters"
    if given.zone is not None and not _is_zone(given.zone):
        yield "zone: not a time zone; write it like Europe/Vienna"
    for name, value in (given.attributes or {}).items():
        if not 1 <= len(name) <= 128 or _PRINTABLE.fullmatch(name) is None:
            yield "attributes: a name has 1 to 128 characters without control characters"
        if wrong := unstorable(value):
            yield f"attributes.{name}: {wrong}"


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        return ZoneInfo(name).key == name
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return False
    except KeyError:
        return not _knows_zones() and re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}", name) is not None


@lru_cache(maxsize=1)
def _knows_zones() -> bool:
    """Whether this machine has a time zone database at all."""
    try:
        return ZoneInfo("Europe/Vienna") is not None
    except KeyError:
        return False
