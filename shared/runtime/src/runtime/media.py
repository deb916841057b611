"""What long answers are written in, and how a route says so in the API's description."""

from typing import Any, Final

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
EVENTS: Final = "text/event-stream"


def streamed(media_type: str) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that answers in this media type, only or as well."""
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}}}
