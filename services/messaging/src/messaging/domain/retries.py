"""When something that was put off is tried again."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubles from `first` up to `longest` seconds; after `attempts` it is over."""

    first: float
    longest: float
    attempts: int

    def after(self, attempt: int) -> timedelta | None:
        """How long to wait after the `attempt`-th try (from 1); None: no more."""
        if attempt >= self.attempts:
            return None
        return timedelta(seconds=min(self.longest, self.first * 2 ** min(attempt - 1, 32)))
