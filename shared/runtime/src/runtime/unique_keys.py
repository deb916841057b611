"""A key that stands twice in one JSON object: one of its values would be taken and the other lost, in silence."""

import json
from collections import Counter
from typing import Any


class RepeatedKey(ValueError):
    def __init__(self, name: str) -> None:
        shown = json.dumps(name[:64], ensure_ascii=not name.isprintable())[1:-1]  # it may be half a surrogate pair
        super().__init__(f"the key `{shown}` stands twice in one object")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """`object_pairs_hook` of `json.loads`. Raises RepeatedKey."""
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise RepeatedKey(Counter(name for name, _ in pairs).most_common(1)[0][0])
    return mapping
