"""Idle jobs: in their number's own task, also while records keep coming, at once when woken or when there is more."""

import asyncio
import time
from collections.abc import Sequence

from integration.runtime.harness import OUT, Answered, Bench, Ledger, counting_job, until
from runtime.records import Outgoing
from runtime.service import Job, Where
from runtime.transaction import Lease


async def test_a_job_runs_with_and_without_records(bench: Bench) -> None:
    async def slowly(tx: object, events: object) -> None:
        await asyncio.sleep(0.05)

    ticks: list[int] = []
    working = asyncio.Event()

    async def run(lease: Lease) -> bool:
        ticks.append(lease.number)
        working.set()
        return False

    async with bench.engine(Ledger(before=slowly), jobs=[Job("tick", run, 0.1)]):
        ids = await bench.note(200, partition=2)
        await until(lambda: ticks.count(2) >= 3, 10)
        assert await bench.noted() < 200
        await until(lambda: set(ticks) == {0, 1, 2, 3}, 10)
        await bench.exact(ids)


async def test_a_job_that_has_more_is_run_again_at_once(bench: Bench) -> None:
    left = dict.fromkeys(range(4), 100)

    async def run(lease: Lease) -> bool:
        left[lease.number] -= 1
        return left[lease.number] > 0

    began = time.monotonic()
    async with bench.engine(Ledger(), jobs=[Job("portion", run, 1.0)]):
        await until(lambda: all(count <= 0 for count in left.values()), 10)
        assert time.monotonic() - began < 8


async def test_waking_a_number_runs_its_jobs_now(bench: Bench) -> None:
    seen: asyncio.Queue[int] = asyncio.Queue()

    async def run(lease: Lease) -> bool:
        seen.put_nowait(lease.number)
        return False

    async with bench.engine(Ledger(), jobs=[Job("rare", run, 3600)]) as engine:
        assert {await asyncio.wait_for(seen.get(), 10) for _ in range(4)} == {0, 1, 2, 3}
        began = time.monotonic()
        engine.wake(3)
        assert await asyncio.wait_for(seen.get(), 5) == 3
        assert time.monotonic() - began < 0.15


async def test_a_job_that_is_looked_out_for_runs_where_there_is_work(bench: Bench) -> None:
    seen: asyncio.Queue[int] = asyncio.Queue()
    asked: list[list[int]] = []
    work: set[int] = set()

    async def run(lease: Lease) -> bool:
        seen.put_nowait(lease.number)
        work.discard(lease.number)
        return False

    def look(numbers: Sequence[int]) -> set[int]:
        asked.append(sorted(numbers))
        if len(asked) == 1:
            raise OSError("away")
        return work & set(numbers)

    async with bench.engine(Ledger(), jobs=[Job("looked for", run, 0.05, look=look)]):
        assert {await asyncio.wait_for(seen.get(), 10) for _ in range(4)} == {0, 1, 2, 3}, "each once at first"
        work.add(2)
        assert await asyncio.wait_for(seen.get(), 2) == 2
        await until(lambda: len(asked) >= 10, 5)
        assert seen.empty()
        assert asked[-1] == [0, 1, 2, 3]


async def test_jobs_of_one_pace_are_looked_out_for_together(bench: Bench) -> None:
    ran: dict[str, list[int]] = {"one": [], "three": []}

    def job(name: str, number: int) -> Job:
        async def run(lease: Lease) -> bool:
            ran[name].append(lease.number)
            return False

        return Job(name, run, 0.05, look=Where(f"SELECT WHERE n = {number}"))

    async with bench.engine(Ledger(), jobs=[job("one", 1), job("three", 3)]):
        await until(lambda: all(len(numbers) >= 12 for numbers in ran.values()), 10)
    for name, number in (("one", 1), ("three", 3)):
        assert sorted({*ran[name]} - {number}) == [each for each in range(4) if each != number], "each once at first"
        assert len([each for each in ran[name] if each != number]) == 3


async def test_jobs_of_a_number_and_its_records_never_run_at_once(bench: Bench) -> None:
    inside: set[int] = set()

    async def alone(number: int | None) -> None:
        assert number is not None
        assert number not in inside
        inside.add(number)
        await asyncio.sleep(0.01)
        inside.discard(number)

    async def run(lease: Lease) -> bool:
        async with lease.transaction() as tx:
            await alone(tx.number)
        return False

    async def before(tx: object, events: object) -> None:
        await alone(tx.number)  # type: ignore[attr-defined]

    async with bench.engine(Ledger(before=before), jobs=[Job("alone", run, 0.0)]) as engine:
        await bench.exact(await bench.note(100))
        assert engine.problems() == []


async def test_a_job_with_a_bug_says_so_and_stops_nothing_else(bench: Bench) -> None:
    async def bug(lease: Lease) -> bool:
        raise KeyError("oops")

    async with bench.engine(Ledger(), jobs=[Job("bug", bug, 0.1), counting_job(0.1)]) as engine:
        await bench.exact(await bench.note(20))
        assert any("job bug: KeyError: 'oops'" in problem for problem in engine.problems())
        assert await bench.pool.fetchval("SELECT count(*) FROM ticks") > 0


async def test_a_job_is_asked_to_release_when_its_number_goes(bench: Bench) -> None:
    released: list[int] = []

    async def run(lease: Lease) -> bool:
        return False

    async def release(lease: Lease) -> None:
        async with lease.transaction():
            released.append(lease.number)

    async with bench.engine(Ledger(), jobs=[Job("holding", run, 0.2, release)]) as engine:
        await until(lambda: all(view["state"] == "running" for view in engine.partitions_view()), 10)
    assert sorted(released) == [0, 1, 2, 3]


async def test_what_a_job_has_committed_goes_out_though_its_publication_failed(bench: Bench) -> None:
    """That is no bug of the job, for which only the job would wait, and what it stored for ever."""
    told: set[int] = set()

    async def run(lease: Lease) -> bool:
        if lease.number not in told:
            told.add(lease.number)
            async with lease.transaction() as tx:
                name = f"job of {lease.number}"
                tx.emit(Outgoing(topic=OUT, partition=lease.number, key="k", event=Answered(name=name), id=name))
        return False

    settings = {"failpoint": "stream.before_publish:raise:2"}
    async with bench.engine(Ledger(), jobs=[Job("telling", run, 0.1)], settings=settings) as engine:
        await until(lambda: told == {0, 1, 2, 3}, 10)
        await bench.exact([], others=[f"job of {number}" for number in told])
        await until(lambda: engine.problems() == [], 5)
