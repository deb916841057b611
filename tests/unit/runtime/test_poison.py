"""Whose fault an error is decides whether a record is parked or the world is waited for."""

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError

from runtime.cursor import Stopped
from runtime.errors import Fenced, Permanent, Transient, Unsupported
from runtime.poison import Poison, judge, refused_data


def postgres(sqlstate: str) -> Exception:
    return asyncpg.PostgresError.new({"C": sqlstate, "M": "from the server"})


@pytest.mark.parametrize(
    "error",
    [
        Permanent("no"),
        ValueError("a bug"),
        KeyError("a bug"),
        RecursionError(),
        postgres("22012"),
        postgres("23505"),
        asyncpg.DataError("invalid input for query argument $1"),
    ],
)
def test_the_records_fault(error: Exception) -> None:
    verdict = judge(error, connection_open=True)
    assert isinstance(verdict, Poison)
    assert str(verdict)


@pytest.mark.parametrize(
    "error",
    [
        OSError("gone"),
        TimeoutError(),
        MemoryError(),
        KafkaConnectionError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("got result for unknown protocol state"),
        *map(postgres, ["08006", "40001", "40P01", "42P01", "53300", "57P01", "58030", "XX000", "25P03"]),
        Transient("not now"),
        Fenced("gone"),
        Unsupported("newer"),
        Stopped("look"),
    ],
)
def test_the_worlds_fault_and_our_own_signals_stay_what_they_are(error: Exception) -> None:
    assert judge(error, connection_open=True) is error


def test_nothing_is_the_records_fault_when_the_connection_died() -> None:
    error = KeyError("what a dead connection made of it")
    assert judge(error, connection_open=False) is error
    assert isinstance(judge(Permanent("but this is"), connection_open=False), Poison)


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (postgres("22021"), True),
        (asyncpg.DataError("invalid input for query argument $1"), True),
        (postgres("23505"), False),
        (postgres("57P01"), False),
        (ValueError("a bug"), False),
        (Permanent("no"), False),
    ],
)
def test_data_that_postgresql_refuses_is_known_before_and_after_it_was_judged(error: Exception, refused: bool) -> None:
    assert (refused_data(error) is error) is refused
    judged = judge(error, connection_open=True)
    judged.__cause__ = error if judged is not error else None
    assert (refused_data(judged) is error) is refused
