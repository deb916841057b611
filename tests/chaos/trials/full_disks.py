"""The disk of a server is full in the middle of a launch, for a while."""

import time

from chaos.case import Case
from chaos.disks import small_disk
from chaos.faults import until_ready
from chaos.trial import trial

CONTACTS = 3_000
POSTGRES_MEGABYTES = 600
KAFKA_MEGABYTES = 300
FULL_SECONDS = 25.0


@trial(
    fault="PostgreSQL's disk is full to the last byte for 25 s, then there is room again",
    holds="base; its log names the cause, and who needs it says that it is not ready",
)
def postgres_disk_full(case: Case) -> None:
    _full(case, "postgres", POSTGRES_MEGABYTES)


@trial(
    fault="Kafka's disk is full to the last byte for 25 s, then there is room again",
    holds="base; its log names the cause, and who needs it says that it is not ready",
)
def kafka_disk_full(case: Case) -> None:
    _full(case, "kafka", KAFKA_MEGABYTES)


def _full(case: Case, server: str, megabytes: int) -> None:
    with (
        small_disk(megabytes) as disk,
        case.platform(contacts=CONTACTS, prepare=lambda home: disk.put_in_place_of(home / server)) as ground,
    ):
        ground.launch()
        ground.until_mails(case.chance.randint(1, CONTACTS // 2))
        with case.fault():
            disk.fill()
            until, waiting = time.monotonic() + FULL_SECONDS, set[str]()
            while time.monotonic() < until:
                waiting.update(until_ready(ground.home, 0))
                time.sleep(0.5)
            disk.free()
        case.claim(waiting, "every process said all the time that it is ready")
        case.claim("No space left on device" in ground.log(server), f"the log of {server} does not name the cause")
        case.figure("processes not ready", len(waiting))
        case.rest(ground)
