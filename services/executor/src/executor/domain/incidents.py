"""What a person decides about an instance that cannot go on."""

from enum import StrEnum
from typing import Final

from executor.domain.cohort import Event, GivenUp, Retried


class Decision(StrEnum):
    RETRY = "retry"
    """Try the step again, by the rules of now: a newer version of the code may know it."""
    FAIL = "fail"
    """End as failure, `error:internal`."""


MEETS: Final[dict[Decision, Event]] = {Decision.RETRY: Retried(), Decision.FAIL: GivenUp()}
"""The event that the instance meets."""
