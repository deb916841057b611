"""Times as the public topics write them."""

from datetime import UTC, datetime


def written(at: datetime) -> str:
    """RFC 3339, UTC, milliseconds, `Z`.

    >>> written(datetime(2026, 11, 20, 12, tzinfo=UTC))
    '2026-11-20T12:00:00.000Z'
    """
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
