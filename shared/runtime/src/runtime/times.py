"""Times that a request gives."""

import re
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticKnownError

_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
"""RFC 3339; that its zone is missing is said by itself."""


def _written(given: Any) -> Any:
    """pydantic would take a number, such as a year, for seconds since 1970."""
    if not isinstance(given, str) or not _WRITTEN.fullmatch(given):
        raise PydanticKnownError("datetime_parsing", {"error": "not RFC 3339"})
    return given


GivenTime = Annotated[AwareDatetime, BeforeValidator(_written)]
"""RFC 3339 with its zone, and nothing else."""
