"""The idle jobs of one partition number: which are due, which failed, when to look again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from runtime.lease import OwnedNumber
from runtime.metrics import StreamMetrics
from runtime.poison import Poison, judge
from runtime.service import Job

BACK_OFF_MOST = 30.0
UNASKED_SECONDS = 5.0
"""A job that is looked out for runs so often all the same: the look may have failed, or an earlier owner was here."""
log = structlog.get_logger()


@dataclass(slots=True)
class Due:
    """A job and when it runs next (monotonic seconds)."""

    job: Job
    at: float = 0.0
    woken: bool = False
    """Woken since it last began: what it was woken for may have come after it looked."""
    failures: int = 0
    problem: str | None = None


class Jobs:
    def __init__(self, jobs: Sequence[Job], metrics: StreamMetrics) -> None:
        self._due = [Due(job) for job in jobs]
        self._metrics = metrics

    async def run(self, lease: OwnedNumber) -> bool:
        """Each that is due, once; True if one has more to do now. Raises the world's errors and Fenced; a job's own
        bug only makes that job wait."""
        more = False
        for due in self._due:
            began = time.monotonic()
            if began < due.at:
                continue
            due.woken = False
            try:
                again = await due.job.run(lease)
            except Exception as error:
                verdict = judge(error, connection_open=True)
                if not isinstance(verdict, Poison):
                    raise
                self._failed(due, lease.number, str(verdict), began)
                continue
            due.failures, due.problem = 0, None
            due.at = 0.0 if again or due.woken else began + (due.job.every if due.job.look is None else UNASKED_SECONDS)
            more = more or again
            self._metrics.job(due.job.name, time.monotonic() - began)
        return more

    async def release(self, lease: OwnedNumber) -> None:
        """The number is given up on purpose: bring to an end what is under way elsewhere."""
        for due in self._due:
            if due.job.release is not None:
                try:
                    await due.job.release(lease)
                except Exception as error:
                    log.warning("release failed", job=due.job.name, number=lease.number, error=repr(error))

    def wake(self, *names: str) -> None:
        """Those of these names, without any all, are due now, except those that failed."""
        for due in self._due:
            if not due.failures and (not names or due.job.name in names):
                due.at, due.woken = 0.0, True

    def nearest(self) -> float:
        """Seconds until one is due; infinite without jobs."""
        return max(0.0, min((due.at for due in self._due), default=float("inf")) - time.monotonic())

    def problems(self, number: int) -> list[str]:
        """Of jobs that failed, and of what jobs say themselves."""
        said = ((due.job.name, filter(None, (due.problem, *due.job.problems(number)))) for due in self._due)
        return [f"job {name}: {problem}" for name, problems in said for problem in problems]

    def _failed(self, due: Due, number: int, problem: str, now: float) -> None:
        due.failures += 1
        due.problem = problem
        due.at = now + min(2.0**due.failures * 0.25, BACK_OFF_MOST)
        log.error("job failed", job=due.job.name, number=number, error=problem, exc_info=True)
