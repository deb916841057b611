"""Several processes of one service: numbers stay whole, one owner each, and a late one commits nothing."""

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from integration.runtime.harness import IN, MORE, SESSION_MS, Bench, Ledger, until
from integration.runtime.processes import ledger_process
from runtime import failpoints
from runtime.engine import Engine


async def test_two_members_share_the_numbers_whole_and_hand_over_at_once(bench: Bench) -> None:
    async with bench.engine(Ledger(), "a") as first:
        assert first.numbers() == [0, 1, 2, 3]
        ids = await bench.note(40)
        async with bench.engine(Ledger(), "b") as second:
            await until(lambda: running(first) == [0, 1] and running(second) == [2, 3], 15)
            ids += await bench.note(40) + await bench.note(40, MORE)
            await bench.exact(ids)
            assert first.problems() == second.problems() == []
        await until(lambda: running(first) == [0, 1, 2, 3], SESSION_MS / 2000)
        ids += await bench.note(40)
        await bench.exact(ids)


async def test_a_member_frozen_inside_a_transaction_commits_nothing_when_it_thaws(bench: Bench) -> None:
    ids = await bench.note(20) + await bench.note(20, MORE)
    async with ledger_process(bench, "a", "stream.mid_transaction:freeze=13:3") as zombie:
        await zombie.ready()
        async with bench.engine(Ledger(), "b") as engine:
            ids += await bench.note(20)
            await bench.until_noted(len(ids))
            assert len(running(engine)) == 4
            ids += await bench.note(20)
            await until(lambda: len(running(engine)) == 2, 20)
            ids += await bench.note(20)
            await bench.exact(ids)
            zombie.terminate()
            assert await zombie.ended() == 0


async def test_a_member_whose_giving_up_fails_works_on_with_one_worker_a_number(bench: Bench) -> None:
    async with bench.engine(Ledger(), "a") as first:
        ids = await bench.note(20)
        await bench.until_noted(len(ids))
        failpoints.arm("stream.revoked:raise:1", mode="local")
        async with ledger_process(bench, "b") as second:
            await second.ready()

            async def shared() -> bool:
                epochs = await _epochs(bench)
                return running(first) == [0, 1] and set(epochs.values()) == {2}

            await until(shared, 15, lambda: "each number taken once more")
            ids += await bench.note(40) + await bench.note(40, MORE)
            await bench.exact(ids)
            assert set((await _epochs(bench)).values()) == {2}, "nobody took a number from anybody"
            second.terminate()
            assert await second.ended() == 0


async def test_a_number_that_nobody_works_on_says_why(bench: Bench) -> None:
    async with bench.engine(Ledger(), "a") as first:
        await until(lambda: running(first) == [0, 1, 2, 3], 15)
        assert [row["problem"] for row in await first.partitions_of_service()] == [None] * 4
        stranger = AIOKafkaConsumer(
            *(bench.prefix + topic for topic in (IN, MORE)),
            bootstrap_servers=bench.kafka,
            group_id=f"{bench.prefix}ledger",
            client_id="stranger",
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        await stranger.start()
        try:
            await until(lambda: len(running(first)) == 2, 20)
            left = {row["number"]: row for row in await first.partitions_of_service()}
            lost = [row for number, row in left.items() if number not in running(first)]
            assert [row["problem"] for row in lost] == ["stranger has been given it and has not taken it yet"] * 2
            assert [left[number]["problem"] for number in running(first)] == [None] * 2
        finally:
            await stranger.stop()


async def test_numbers_that_nobody_ever_had_are_listed_with_their_reason(bench: Bench) -> None:
    async with bench.engine(Ledger(), "a", start=False) as engine:
        rows = await engine.partitions_of_service()
    assert [(row["number"], row["owner"]) for row in rows] == [(number, None) for number in range(4)]
    assert all("has not joined the group yet" in row["problem"] for row in rows)


async def _epochs(bench: Bench) -> dict[int, int]:
    rows = await bench.pool.fetch("SELECT partition, max(epoch) AS epoch FROM stream_cursor GROUP BY partition")
    return {row["partition"]: row["epoch"] for row in rows}


def running(engine: Engine) -> list[int]:
    return [view["number"] for view in engine.partitions_view() if view["state"] == "running"]
