"""Why a message failed, as it is kept: a class, and perhaps what was wrong (`render: text: … is missing`)."""

from typing import Final

MOST: Final = 200
"""Characters of a detail."""
_BETWEEN: Final = ": "


def with_detail(reason: str, detail: str) -> str:
    """`detail`: the same for all that failed for the same, and nothing that a contact's data say."""
    return f"{reason}{_BETWEEN}{detail[:MOST]}"


def without_detail(kept: str | None) -> tuple[str | None, str | None]:
    """The class and the detail; None: there is none."""
    reason, _, detail = (kept or "").partition(_BETWEEN)
    return reason or None, detail or None
