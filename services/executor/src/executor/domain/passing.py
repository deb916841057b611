"""Which way instances went through waits, forks and updates: said once of all who went the same way."""

from collections.abc import Sequence

from contracts.outcomes import Place, Way
from executor.domain.cohort import Cohort

Went = tuple[Cohort | None, Cohort]
"""Where instances stood, and where some or all of them came to rest; None: they have just started."""


def ways(went: Sequence[Went], part: int) -> dict[Way, list[int]]:
    """Members by their way; without those who came past no wait, no fork and no update. `part` as in `Way`."""
    found: dict[Way, list[int]] = {}
    for before, after in went:
        if after.passed:
            left = None if before is None else _place(before)
            way = Way(left=left, passed=after.passed, reached=_place(after), part=part)
            found.setdefault(way, []).extend(after.members)
    return found


def _place(cohort: Cohort) -> Place:
    return Place(step=cohort.step, occurrence=cohort.occurrence)
