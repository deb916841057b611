"""When the idle jobs of a number run again."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from fakes.transaction import FakeLease
from runtime.jobs import Jobs
from runtime.lease import OwnedNumber
from runtime.service import Job
from runtime.transaction import Lease

METRICS: Any = SimpleNamespace(job=lambda name, seconds: None)


class Count:
    """A job that does nothing but count; `then` is done while it runs for the first time."""

    def __init__(self, name: str, then: Callable[[], None] = lambda: None) -> None:
        self.job = Job(name, self.run, every=3600)
        self.ran = 0
        self._then = then

    async def run(self, lease: Lease) -> bool:
        self.ran += 1
        if self.ran == 1:
            self._then()
        return False


async def run(jobs: Jobs) -> bool:
    return await jobs.run(cast(OwnedNumber, FakeLease()))


async def test_who_is_woken_while_it_runs_runs_again() -> None:
    """What it was woken for may have come after it looked."""
    count = Count("count", lambda: jobs.wake("count"))
    jobs = Jobs([count.job], METRICS)
    await run(jobs)

    assert jobs.nearest() == 0.0
    await run(jobs)
    assert count.ran == 2
    assert jobs.nearest() > 3000
    await run(jobs)
    assert count.ran == 2


async def test_only_those_that_are_named_are_woken() -> None:
    counts = [Count(name) for name in ("one", "two", "three")]
    jobs = Jobs([count.job for count in counts], METRICS)
    await run(jobs)
    jobs.wake("one", "three")
    await run(jobs)
    assert [count.ran for count in counts] == [2, 1, 2]
    jobs.wake()
    await run(jobs)
    assert [count.ran for count in counts] == [3, 2, 3]


async def test_what_a_job_says_of_a_number_is_told_beside_that_it_failed() -> None:
    def fail() -> None:
        raise ValueError("no")

    said = Count("says").job
    said = replace(said, problems=lambda number: [f"launch l-{number} rests"])
    jobs = Jobs([said, Count("fails", fail).job], METRICS)
    await run(jobs)
    assert jobs.problems(3) == ["job says: launch l-3 rests", "job fails: ValueError: no"]
