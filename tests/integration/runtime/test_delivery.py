"""The plain way through: records in, state and answers out, exactly."""

from aiokafka import AIOKafkaProducer

from integration.runtime.harness import IN, MORE, Bench, Ledger, Noted, headers, until
from runtime.ids import derive
from runtime.records import Record
from runtime.service import Subscription


async def test_every_event_is_noted_once_and_answered(bench: Bench) -> None:
    ledger = Ledger()
    async with bench.engine(ledger) as engine:
        ids = await bench.note(100) + await bench.note(100, MORE)
        await bench.exact(ids)
        assert engine.problems() == []
        assert max(ledger.batches) <= 8


async def test_a_record_that_another_is_to_follow_waits_for_it_a_moment_and_holds_nobody_up(bench: Bench) -> None:
    ledger = Ledger()
    async with bench.engine(ledger):
        pair = [*await bench.note(1, partition=0, followed=True), *await bench.note(1, partition=0)]
        await bench.exact(pair)
        assert ledger.batches == [2]
        alone = await bench.note(1, partition=0, followed=True)
        other = await bench.note(1, MORE, partition=0)
        await bench.exact([*pair, *alone, *other])
        assert ledger.names[2:] == ["n4", "n3"], (
            "what nothing follows is handled once it has waited, all else meanwhile"
        )
        left = await bench.note(1, partition=0, followed=True)
    async with bench.engine(ledger):
        await bench.exact([*pair, *alone, *other, *left])


async def test_markers_of_other_peoples_transactions_are_no_lag(bench: Bench) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bench.kafka, transactional_id=bench.prefix)
    await producer.start()
    ids = [derive("transactional", nth) for nth in range(6)]
    for nth, id_ in enumerate(ids):
        async with producer.transaction():
            event = Noted(name=f"t{nth}").model_dump_json().encode()
            await producer.send(bench.prefix + IN, event, partition=nth % 2, headers=headers(Noted.TYPE, id_))
    await producer.begin_transaction()
    await producer.send_and_wait(bench.prefix + IN, b"never", partition=0, headers=headers(Noted.TYPE, "aborted"))
    await producer.abort_transaction()
    await producer.stop()
    async with bench.engine(Ledger()) as engine:
        await bench.exact(ids)
        stream = engine.stream
        assert stream is not None
        await until(lambda: bool(stream.lags()) and all(lag == 0 for _, _, lag in stream.lags()), 10)
        assert await engine.parked() == []


async def test_what_is_nothing_to_a_service_costs_it_no_transaction_and_the_cursor_follows(bench: Bench) -> None:
    ledger, events = Ledger(), {Noted.TYPE: Noted}
    ours: set[str] = set()

    def is_ours(record: Record) -> bool:
        return record.header("ce_id") in ours

    some = [Subscription(IN, events, ledger.on_noted, is_ours), Subscription(MORE, events, ledger.on_noted)]
    async with bench.engine(ledger, subscriptions=some) as engine:
        stream = engine.stream
        assert stream is not None
        await bench.note(40, partition=0)
        await until(lambda: stream.lags() != [] and all(lag == 0 for _, _, lag in stream.lags()), 20)
        assert ledger.batches == []
        assert await bench.noted() == 0
        ours.add(derive("note", f"n{bench.sent + 1}"))
        assert {*await bench.note(1, partition=0)} == ours
        await bench.exact(sorted(ours))
    async with bench.engine(ledger, subscriptions=some):
        await bench.exact([*ours, *await bench.note(1, MORE)])
    assert ledger.batches == [1, 1]
