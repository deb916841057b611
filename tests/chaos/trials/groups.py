"""Consumer groups are deleted, offsets and all: the cursors in the databases decide, not the broker."""

import asyncio
import os
import signal

from chaos.case import Case, Ground
from chaos.groups import delete_group
from chaos.tables import SERVICES
from chaos.trial import trial

CONTACTS = 3_000
STARTED_AGAIN_SECONDS = 120.0


@trial(
    fault="each service in turn is stopped in the middle of a launch, its group deleted, and it is started again",
    holds="base, nothing unknown: nobody begins anew or at the end",
)
def groups_deleted_while_stopped(case: Case) -> None:
    with case.platform(contacts=CONTACTS) as ground:
        ground.launch()
        for service in case.chance.sample(SERVICES, len(SERVICES)):
            ground.until_mails(ground.mails() + 1, 30) if not case.finding.hits else None
            with case.fault():
                _scale(ground, service, 0)
                _delete(case, ground, service)
                _scale(ground, service, 1)
            ground.launch()
        case.rest(ground)
        case.claim(case.finding.unknown == 0, f"{case.finding.unknown} are unknown")


@trial(
    fault="a process of executor and one of messaging are frozen until their sessions end, their groups are deleted, "
    "then they are thawed",
    holds="base; they join again",
)
def groups_deleted_under_frozen_members(case: Case) -> None:
    with case.platform(contacts=CONTACTS) as ground:
        ground.launch()
        ground.until_mails(case.chance.randint(1, CONTACTS))
        with case.fault():
            frozen = [*ground.pids("executor").values(), *ground.pids("messaging").values()]
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            for group in ("executor", "messaging"):
                _delete(case, ground, group)
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        case.rest(ground)


def _delete(case: Case, ground: Ground, group: str) -> None:
    """The broker has it empty after the last session ended."""
    was_there = asyncio.run(delete_group(ground.made.place.kafka, group))
    case.claim(was_there, f"there was no group {group} to delete")


def _scale(ground: Ground, service: str, count: int) -> None:
    ground.made.slipway("scale", f"{service}={count}", timeout=STARTED_AGAIN_SECONDS)
