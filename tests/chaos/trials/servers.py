"""Kafka and PostgreSQL: frozen, dead."""

import asyncio
import signal
import time

import asyncpg
import psutil
from aiokafka.errors import KafkaError

from chaos.case import Case, Ground
from chaos.collect import ends_of, reading
from chaos.trial import trial

CONTACTS = 3_000
KAFKA_FROZEN_SECONDS = 90
POSTGRES_FROZEN_SECONDS = 70
"""Longer than a command may take, and than the watchdog's patience."""
KILLS = 3
READY_SECONDS = 10.0


@trial(fault="Kafka is frozen (SIGSTOP) for 90 s and thawed", holds="base; no process of ours dies, nothing unknown")
def kafka_frozen(case: Case) -> None:
    _frozen(case, "kafka", KAFKA_FROZEN_SECONDS)


@trial(
    fault="PostgreSQL is frozen (SIGSTOP, all of its processes) for 70 s and thawed",
    holds="base; no process of ours dies, nothing unknown",
)
def postgres_frozen(case: Case) -> None:
    _frozen(case, "postgres", POSTGRES_FROZEN_SECONDS)


def _frozen(case: Case, name: str, seconds: float) -> None:
    with case.platform(contacts=CONTACTS) as ground:
        server, before = ground.made.slipway.server(name), ground.pids()
        ground.launch()
        ground.until_mails(case.chance.randint(1, CONTACTS))
        with case.fault():
            frozen = _all_of(server)
            for process in frozen:
                process.send_signal(signal.SIGSTOP)
            sent = ground.mails()
            time.sleep(seconds)
            for process in frozen:
                process.send_signal(signal.SIGCONT)
        case.claim(sent < 2 * CONTACTS, "it was not in the middle of the launch")
        case.rest(ground)
        case.claim(ground.pids() == before, f"processes ended: {before} are {ground.pids()}")
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


def _all_of(server: psutil.Process) -> list[psutil.Process]:
    """The server first: it starts no other processes meanwhile."""
    server.send_signal(signal.SIGSTOP)
    return [server, *server.children(recursive=True)]


@trial(
    fault="Kafka is killed (kill -9) three times in launches, and started again by the supervisor each time",
    holds="base; no process of ours dies, nothing unknown; all are ready at most 10 s after Kafka answers again",
)
def kafka_killed(case: Case) -> None:
    _killed(case, "kafka")


@trial(
    fault="PostgreSQL is killed (kill -9) three times in launches, and started again by the supervisor each time",
    holds="base; no process of ours dies, nothing unknown; all are ready at most 10 s after PostgreSQL answers again",
)
def postgres_killed(case: Case) -> None:
    _killed(case, "postgres")


def _killed(case: Case, name: str) -> None:
    with case.platform(contacts=CONTACTS) as ground:
        before, back, ready = ground.pids(), list[float](), list[float]()
        for _ in range(KILLS):
            mails = ground.mails()
            ground.launch()
            ground.until_mails(mails + case.chance.randint(1, CONTACTS))
            with case.fault():
                ground.made.slipway.server(name).kill()
                killed = time.monotonic()
                ground.until(lambda: asyncio.run(_answers(ground, name)), f"{name} answers again")
                answered = time.monotonic()
                ground.until_ready()
            back.append(answered - killed)
            ready.append(time.monotonic() - answered)
        case.figure("server back, s", max(back))
        case.figure("then all ready, s", max(ready))
        case.claim(max(ready) <= READY_SECONDS, f"not all were ready until {max(ready):.1f} s after {name} answered")
        case.rest(ground)
        case.claim(ground.pids() == before, f"processes ended: {before} are {ground.pids()}")
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


async def _answers(ground: Ground, name: str) -> bool:
    try:
        if name == "postgres":
            await (await ground.made.place.connect("log")).close()
        else:
            async with asyncio.timeout(5), reading(ground.made.place.kafka) as consumer:
                await ends_of(consumer)
    except (OSError, TimeoutError, asyncpg.PostgresError, KafkaError):
        return False
    return True
