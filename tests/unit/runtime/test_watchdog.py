"""The watchdog ends what hangs, and only that."""

from types import SimpleNamespace
from typing import Any

from runtime.watchdog import Watchdog
from runtime.worker import State


class FakeStream:
    def __init__(self) -> None:
        self.lag = 10
        self.outbox = SimpleNamespace(waiting=False)
        lease = SimpleNamespace(epoch=1, next={"a": 5, "clock": 1}, outbox=self.outbox)
        self.worker = SimpleNamespace(state=State.RUNNING, turned=0.0, lease=lease)
        self.workers = {3: self.worker}
        self.database_answers = True

    def lags(self) -> list[tuple[str, int, int]]:
        return [("a", 3, self.lag)]


def watched() -> tuple[FakeStream, Watchdog, list[str]]:
    stream, ended = FakeStream(), list[str]()
    untyped: Any = stream

    async def answers() -> bool:
        return stream.database_answers

    return stream, Watchdog(untyped, ended.append, answers, patience=60), ended


def look(stream: FakeStream, dog: Watchdog, now: float, *, turning: bool = True) -> None:
    if turning:
        stream.worker.turned = now
    dog.look(now)


def test_a_partition_with_lag_that_does_not_move_for_a_minute_ends_the_process() -> None:
    stream, dog, ended = watched()
    for now in range(0, 60, 5):
        look(stream, dog, now)
    assert not ended
    look(stream, dog, 61)
    assert ended == ["partition 3 has records and has not moved for 61 s"]


def test_moving_without_lag_or_waiting_on_purpose_is_fine() -> None:
    stream, dog, ended = watched()
    for now in range(0, 200, 5):
        stream.worker.lease.next["a"] = now
        look(stream, dog, now)
    stream.lag = 0
    for now in range(200, 400, 5):
        look(stream, dog, now)
    stream.lag, stream.worker.state = 10, State.WAITING
    for now in range(400, 600, 5):
        look(stream, dog, now)
    assert not ended


def test_a_task_that_never_comes_round_is_stuck_even_without_lag() -> None:
    stream, dog, ended = watched()
    stream.lag = 0
    for now in range(0, 130, 5):
        look(stream, dog, now, turning=False)
    assert ended


def test_waiting_for_kafka_is_given_more_time() -> None:
    stream, dog, ended = watched()
    stream.outbox.waiting = True
    for now in range(0, 290, 5):
        look(stream, dog, now, turning=False)
    assert not ended
    look(stream, dog, 310, turning=False)
    assert ended


async def test_a_database_that_gives_no_answer_is_waited_for_and_the_time_does_not_count() -> None:
    stream, dog, ended = watched()
    for now in range(0, 300, 5):
        stream.database_answers = not 20 <= now <= 200
        await dog.watch(now)
        if now == 255:
            assert not ended, "it had no minute since the database answers again"
    assert ended[0] == "partition 3 has records and has not moved for 65 s"
