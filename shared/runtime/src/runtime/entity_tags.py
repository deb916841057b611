"""`ETag` and `If-Match`: who changes a thing may demand that it still is what they have seen."""

import re
from collections.abc import Container
from typing import Annotated, Final

from fastapi import Header, Response

Seen = Container[int] | None
"""Revisions of a thing that somebody has seen, one of which it must still have to be changed; None: it need not."""
ANY: Final = range(10**18)
"""Whichever it has, as long as there is such a thing."""
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=400, description="Of what was seen: refused (412) if changed since."),
]
_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def tag(response: Response, revision: int) -> None:
    response.headers["ETag"] = f'"{revision}"'


def seen(if_match: str | None) -> Seen:
    """The revisions that are meant; None: nothing is demanded. What is no tag of ours was never seen here."""
    if if_match is None:
        return None
    if if_match.strip() == "*":
        return ANY
    return frozenset(int(found[1]) for part in if_match.split(",") if (found := _TAG.fullmatch(part.strip())))
