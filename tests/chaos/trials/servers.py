"""Kafka and PostgreSQL: frozen, dead."""

import signal
import time

import psutil

from chaos.case import Case
from chaos.trial import trial

CONTACTS = 3_000
KAFKA_FROZEN_SECONDS = 90
POSTGRES_FROZEN_SECONDS = 60


@trial(fault="Kafka is frozen (SIGSTOP) for 90 s and thawed", holds="base; no process of ours dies, nothing unknown")
def kafka_frozen(case: Case) -> None:
    _frozen(case, "java", KAFKA_FROZEN_SECONDS)


@trial(
    fault="PostgreSQL is frozen (SIGSTOP, all of its processes) for 60 s and thawed",
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
