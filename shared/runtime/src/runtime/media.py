"""What long answers are written in, and how a route says so in the API's description."""

import re
from typing import Any, Final

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
EVENTS: Final = "text/event-stream"
JSON: Final = "application/json"
_WEIGHT: Final = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)


def wants_csv(accept: str) -> bool:
    """Whether who sends this `Accept` would have CSV rather than JSON (RFC 9110, 12.5.1); with the same weight for
    both only who names it."""
    weights = dict(_weighed(each) for each in accept.split(","))
    csv, json = _weight(CSV, weights), _weight(JSON, weights)
    return csv > json or (csv == json > 0 and CSV in weights)


def _weighed(media_range: str) -> tuple[str, float]:
    """`text/csv; q=0.1` as both; a weight that is none counts as if it were not there."""
    named, *parameters = (part.strip() for part in media_range.split(";"))
    weights = (float(found[1]) for part in parameters if (found := _WEIGHT.fullmatch(part)))
    return named.lower(), next(weights, 1.0)


def _weight(media_type: str, weights: dict[str, float]) -> float:
    """Of the narrowest range that has it; 0: none has."""
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((weights[each] for each in ranges if each in weights), 0.0)


def streamed(media_type: str) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that answers in this media type, only or as well."""
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}}}
