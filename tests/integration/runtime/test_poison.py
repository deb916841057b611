"""Records that cannot be handled: parked alone, with the reason, while everything else goes on."""

from typing import Any

import pytest

from integration.runtime.harness import IN, OUT, Answered, Bench, Ledger, Noted, headers, until
from runtime.audit import Audit, Wanted
from runtime.engine import Engine
from runtime.ids import derive
from runtime.records import Outgoing
from runtime.transaction import Transaction


@pytest.mark.parametrize("fails", ["permanent", "bug", "data"])
async def test_a_record_that_fails_is_parked_and_replayed_when_the_cause_is_mended(bench: Bench, fails: str) -> None:
    ledger = Ledger()
    good = await bench.note(10, partition=1)
    bad = await bench.note(1, partition=1, fails=fails)
    good += await bench.note(10, partition=1)
    async with bench.engine(ledger) as engine:
        await bench.until_noted(20)
        [parked] = await until_parked(engine, 1)
        assert parked["offset"] == 10
        assert {"permanent": "never", "bug": "KeyError", "data": "22012"}[fails] in parked["reason"]
        assert engine.problems() == []
        ledger.mended = True
        assert await engine.replay(parked["id"], "admin")
        await bench.exact(good + bad)
        await until_parked(engine, 0)
        assert not await engine.replay(parked["id"], "admin")
        async with engine.pool.acquire() as connection:
            [entry] = await Audit().listed(connection, None, Wanted(thing="parked"))
        assert (entry.subject, entry.action, entry.thing) == ("admin", "parked.replayed", f"parked/{parked['id']}")
        assert (entry.details["topic"], entry.details["offset"]) == (IN, 10)


async def test_what_is_not_an_event_of_ours_is_parked(bench: Bench) -> None:
    whole = Noted(name="x").model_dump_json().encode()
    deep = b'{"name":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    await bench.send(b"\xff\x00\x81", [("\x00odd", b"\xff\x00")])
    await bench.send(whole, headers("com.stranger.thing", "a"))
    await bench.send(whole[:-3], headers(Noted.TYPE, "b"))
    ids = await bench.note(1, partition=0)
    await bench.send(deep, headers(Noted.TYPE, "c"))
    await bench.send(None, headers(Noted.TYPE, "d"))
    ids += await bench.note(1, partition=0)
    async with bench.engine(Ledger()) as engine:
        await until_parked(engine, 5)
        await bench.exact(ids)


async def test_an_answer_too_large_for_its_topic_is_poison_and_blocks_nobody(bench: Bench) -> None:
    async def oversize(tx: Transaction, events: object) -> None:
        if bench.sent == 1:
            event = Answered(name="big", padding="x" * 3 * 1024 * 1024)
            tx.emit(Outgoing(topic=OUT, partition=0, key="k", event=event, id=derive("big")))

    ledger = Ledger(before=oversize)
    async with bench.engine(ledger) as engine:
        await bench.note(1, partition=0)
        [parked] = await until_parked(engine, 1)
        assert "too large" in parked["reason"]
        await bench.exact(await bench.note(5, partition=0))


@pytest.mark.parametrize("wrong", [{"topic": "not.ours"}, {"partition": 4}, {"expand": "unknown"}])
async def test_what_cannot_be_published_is_refused_before_it_is_stored(bench: Bench, wrong: dict[str, Any]) -> None:
    async def emit(tx: Transaction, events: object) -> None:
        given: dict[str, Any] = {"topic": OUT, "partition": 0, "key": "k", "event": Answered(name="x"), "id": "i"}
        tx.emit(Outgoing(**(given | wrong)))

    async with bench.engine(Ledger(before=emit)) as engine:
        await bench.note(1)
        [parked] = await until_parked(engine, 1)
        assert "ValueError" in parked["reason"]


async def test_many_parked_in_a_row_stop_that_partition_only(bench: Bench) -> None:
    await bench.note(4, partition=2, fails="bug")
    async with bench.engine(Ledger(), settings={"breaker": 3}) as engine:
        await until(lambda: any("in a row" in problem for problem in engine.problems()), 10)
        assert len(await engine.parked()) == 3
        await bench.exact(await bench.note(10, partition=1))


async def test_an_event_newer_than_this_code_stops_its_partition_and_is_never_parked(bench: Bench) -> None:
    ids = await bench.note(3, partition=0)
    await bench.send(b"{}", headers("com.ledger.noted.v2", "newer"))
    async with bench.engine(Ledger()) as engine:
        ids += await bench.note(5, partition=3)
        await bench.exact(ids)
        await until(lambda: len(engine.problems()) == 1, 5)
        assert "com.ledger.noted.v2 is newer" in engine.problems()[0]
        assert await engine.parked() == []


async def test_a_missing_table_is_not_the_records_fault(bench: Bench) -> None:
    ledger = Ledger()
    ids = await bench.note(5, IN, fails="schema")
    async with bench.engine(ledger) as engine:
        await until(lambda: any("not_there" in problem for problem in engine.problems()), 10)
        assert await engine.parked() == []
        ledger.mended = True
        await bench.exact(ids)
        assert engine.problems() == []


async def until_parked(engine: Engine, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def check() -> bool:
        found[:] = await engine.parked()
        return len(found) == count

    await until(check, 15, lambda: f"{count} records parked: {found}")
    return found
