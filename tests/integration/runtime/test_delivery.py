"""The plain way through: records in, state and answers out, exactly."""

from integration.runtime.harness import MORE, Bench, Ledger


async def test_every_event_is_noted_once_and_answered(bench: Bench) -> None:
    ledger = Ledger()
    async with bench.engine(ledger) as engine:
        ids = await bench.note(100) + await bench.note(100, MORE)
        await bench.exact(ids)
        assert engine.problems() == []
        assert max(ledger.batches) <= 8
