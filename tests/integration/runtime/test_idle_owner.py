"""An idle owner notices a late zombie that took its number over, worked and died (found by `tests/unit/model`)."""

import pytest

from integration.runtime.harness import OUT, Answered, Bench, Ledger, headers, until
from runtime import worker
from runtime.ids import derive


async def test_what_a_late_zombie_left_behind_is_published_without_new_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "OWNED_SECONDS", 0.5)
    async with bench.engine(Ledger()) as engine:
        await bench.until_noted(len(await bench.note(4)))
        assert engine.stream is not None
        await until(lambda: all(each.lease is not None for each in engine.stream.workers.values()), 10)
        id_ = derive("of a zombie")
        flat = [text for name, value in headers(Answered.TYPE, id_) for text in (name, value.decode())]
        async with bench.pool.acquire() as connection, connection.transaction():
            epoch = await connection.fetchval(
                "UPDATE stream_cursor SET epoch = epoch + 1, owner = 'zombie' WHERE partition = 0 RETURNING epoch"
            )
            await connection.execute(
                "INSERT INTO outbox (consumer, lease_partition, seq, topic, partition, key, headers, packed, at)"
                " VALUES ('ledger', 0, $1, $2, 0, 'z', $3, '{\"name\": \"z\"}', now())",
                epoch << 32 | 1,
                OUT,
                flat,
            )

        async def published() -> bool:
            return any(dict(record.headers).get("ce_id") == id_.encode() for record in await bench.answers())

        await until(published, 20)
