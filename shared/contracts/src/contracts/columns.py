"""Columns of a chunk in which all entries are mostly equal: told once then, for all of the chunk's contacts."""

from collections.abc import Sequence
from itertools import repeat
from typing import TypeVar

T = TypeVar("T")


def folded(column: Sequence[T]) -> list[T]:
    """A single entry if all are equal, else the column as it is."""
    return [column[0]] if column and column.count(column[0]) == len(column) else list(column)


def unfolded(column: Sequence[T], contacts: int) -> Sequence[T]:
    """One entry per contact again. Raises ValueError if there are neither so many entries nor a single one."""
    if len(column) == contacts:
        return column
    if len(column) != 1:
        raise ValueError(f"{len(column)} entries for {contacts} contacts")
    return list(repeat(column[0], contacts))
