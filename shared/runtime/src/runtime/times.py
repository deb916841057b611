"""Times that a request gives."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticKnownError

_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
"""RFC 3339; that its zone is missing is said by itself."""


def _written(given: Any) -> Any:
    """pydantic would take a number, such as a year, for seconds since 1970."""
    if not isinstance(given, str) or not _WRITTEN.fullmatch(given):
        raise PydanticKnownError("datetime_parsing", {"error": "not RFC 3339"})
    return given


def _in_utc(given: datetime) -> datetime:
    """0001-01-01T00:00:00+23:00 is of the year 0 there: no database takes it."""
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise PydanticKnownError("datetime_parsing", {"error": "not of the years 1 to 9999 in UTC"}) from None


GivenTime = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
"""RFC 3339 with its zone, and nothing else; in UTC."""
