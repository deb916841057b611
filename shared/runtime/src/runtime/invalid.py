"""What a model has against its input, in words."""

from collections.abc import Mapping
from typing import Any


def in_words(problem: Mapping[str, Any]) -> str:
    """One of `ValidationError.errors()`, without its place."""
    return "there is no such field" if problem["type"] == "extra_forbidden" else str(problem["msg"])
