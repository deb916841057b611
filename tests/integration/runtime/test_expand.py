"""One outbox row, many records: expanded at publication, in batches, always to the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integration.runtime.harness import OUT, Answered, Bench, Ledger, Noted, until
from runtime.ids import derive
from runtime.records import Outgoing, Received
from runtime.service import Expanded
from runtime.transaction import Transaction

MANY = 3_000


def one_by_one(value: bytes, headers: Mapping[str, str], partitions: int) -> Iterable[Expanded]:
    chunk = Answered.model_validate_json(value)
    for nth in range(MANY):
        id_ = derive(headers["ce_id"], nth)
        yield Expanded(b"%d" % nth, chunk.padding.encode(), [("ce_id", id_.encode()), ("nth", b"%d" % nth)])


async def test_a_chunk_becomes_single_records_in_order_and_the_same_ones_when_repeated(bench: Bench) -> None:
    async def emit(tx: Transaction, events: Sequence[Received[Noted]]) -> None:
        for received in events:
            event = Answered(name="chunk", padding="x" * 700)
            id_ = derive(received.id, "chunk")
            tx.emit(Outgoing(topic=OUT, partition=0, key="c", event=event, id=id_, expand="one-by-one"))
        await tx.connection.execute("CREATE TABLE kept AS TABLE outbox WITH NO DATA")
        await tx.connection.execute("CREATE RULE keep AS ON INSERT TO outbox DO ALSO INSERT INTO kept VALUES (NEW.*)")

    async with bench.engine(Ledger(before=emit), expanders={"one-by-one": one_by_one}):
        [id_] = await bench.note(1, partition=0)
        await bench.until_noted(1)
    await bench.pool.execute("INSERT INTO outbox SELECT * FROM kept ORDER BY seq; DROP RULE keep ON outbox")
    async with bench.engine(Ledger(), expanders={"one-by-one": one_by_one}):
        await until(bench.outbox_empty, 10)
    records = [record for record in await bench.answers() if record.value == b"x" * 700]
    first, second = records[:MANY], records[MANY:]
    assert [record.key for record in first] == [b"%d" % nth for nth in range(MANY)]
    assert {derive(derive(id_, "chunk"), nth).encode() for nth in range(MANY)} == {
        dict(record.headers)["ce_id"] for record in first
    }
    assert [same(record) for record in first] == [same(record) for record in second]


def same(record: Any) -> tuple[Any, ...]:
    return record.key, record.value, record.headers, record.timestamp
