"""What happens by chance in a run: drawn from a seed and written down, so that it can be repeated and made shorter."""

from collections.abc import Sequence
from random import Random


class Violation(AssertionError):
    """An invariant does not hold. The message names it."""


class Chance:
    """Every choice is a small number, and 0 is the harmless one. Where a given list ends, everything is harmless."""

    def __init__(self, seed: int | None = None, given: Sequence[int] = ()) -> None:
        self._random = None if seed is None else Random(seed).random
        self._given = given
        self.made: list[int] = []

    def pick(self, options: int) -> int:
        """One of 0 to `options` - 1."""
        if self._random is not None:
            choice = int(self._random() * options)
        elif len(self.made) < len(self._given):
            choice = self._given[len(self.made)] % options
        else:
            choice = 0
        self.made.append(choice)
        return choice

    def one_in(self, many: int) -> bool:
        return self.pick(many) == many - 1
