"""What lies on the topics: everything several times, a partition that is slow or has poison on it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from aiokafka import AIOKafkaProducer

from chaos.case import Case, Ground
from chaos.direct import Direct
from chaos.echo import Echo
from chaos.oracle.plain import Poison
from chaos.trial import trial

HELD_SECONDS = 40.0
CONTACTS = 4_000
POISON = {
    "contacts.targets": ("targets-admitted", b"\x00\xff\xfe"),
    "executor.sends": ("sends-requested", b'{"launch_id": "l'),
    "messaging.deliveries": ("deliveries-recorded", b"[1, 2, 3]"),
    "executor.outcomes": ("", b"{}"),
}
"""By topic: as which event, and what. Log reads all of them: fewer in a row than stop a partition."""
ENDED = """
SELECT count(*) FROM outcome JOIN launch ON launch.number = outcome.launch
WHERE launch.launch_id = $1 AND contact_id = ANY($2)
"""
OTHERS = "SELECT contact_id FROM contact WHERE partition <> $1 AND project = $2"


@trial(
    fault="every record of every internal topic delivered one to three times, mixed across keys",
    holds="base; nobody has a mail twice",
)
def records_again(case: Case) -> None:
    with case.platform(contacts=3_000, processes=2, scenario="two") as ground, Direct(ground) as direct:
        with case.fault(), Echo(ground.made.place, case.chance) as echo:
            direct.until_ended(ground.launch())
        case.figure("copies", echo.written)
        case.claim(echo.written > 1_000, f"only {echo.written} records were written again")
        case.rest(ground)


@trial(
    fault=f"one partition number of executor, messaging and log is held (a row lock) for {HELD_SECONDS:g} s each",
    holds="base; what lies on the other numbers ends meanwhile",
)
def one_number_is_slow(case: Case) -> None:
    with case.platform(contacts=CONTACTS) as ground, Direct(ground) as direct:
        for service in ("executor", "messaging", "log"):
            launch = ground.launch()
            ground.until_mails(ground.mails() + 1)
            number = case.chance.randrange(4)
            others = _contacts(ground, number)
            with case.fault(), _held(ground, service, number):
                began = time.monotonic()
                count = 0
                while count < len(others) and time.monotonic() < began + HELD_SECONDS:
                    count = _count(ground, launch, others)
                    time.sleep(0.5)
                took = time.monotonic() - began
            case.figure(f"the others ended, {service} {number} held, s", took)
            case.claim(count == len(others), f"{service} {number} held: {count} of {len(others)} others ended")
            direct.until_ended(launch)
        case.rest(ground)


@trial(
    fault=f"poison on one partition of {', '.join(POISON)} in the middle of a launch",
    holds="base; each is parked within 10 s, the launch goes on",
)
def one_number_has_poison(case: Case) -> None:
    with case.platform(contacts=CONTACTS) as ground:
        ground.launch()
        ground.until_mails(1)
        with case.fault():
            number = case.chance.randrange(4)
            poison = asyncio.run(_write(ground.made.place.kafka, number))
        case.rest(ground, poison=poison)


async def _write(kafka: str, number: int) -> list[Poison]:
    written = []
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for topic, (kind, value) in POISON.items():
            named = {"ce_specversion": "1.0", "ce_id": f"poison-{topic}", "ce_source": "/chaos"}
            named |= {"ce_type": f"com.slipway.{kind}.v1"} if kind else {}
            headers = [(name, text.encode()) for name, text in named.items()]
            at = await producer.send_and_wait(topic, value, partition=number, headers=headers)
            written.append(Poison(topic, number, at.offset))
    return written


@contextmanager
def _held(ground: Ground, service: str, number: int) -> Iterator[None]:
    """Whoever owns the number waits for its own row of the cursor."""
    with asyncio.Runner() as runner:
        connection = runner.run(ground.made.place.connect(service))
        try:
            runner.run(_hold(connection, number))
            yield
        finally:
            runner.run(connection.close())


async def _hold(connection: "asyncpg.Connection[asyncpg.Record]", number: int) -> None:
    await connection.execute("BEGIN")
    await connection.execute("SELECT FROM stream_cursor WHERE partition = $1 FOR UPDATE", number)


def _contacts(ground: Ground, number: int) -> list[str]:
    """Those that do not lie on that number."""

    async def ask() -> list[str]:
        connection = await ground.made.place.connect("contacts")
        try:
            rows = await connection.fetch(OTHERS, number, ground.project.project)
            return [row["contact_id"] for row in rows]
        finally:
            await connection.close()

    return asyncio.run(ask())


def _count(ground: Ground, launch: str, contacts: list[str]) -> int:
    async def ask() -> int:
        connection = await ground.made.place.connect("log")
        try:
            return int(await connection.fetchval(ENDED, launch, contacts))
        finally:
            await connection.close()

    return asyncio.run(ask())
