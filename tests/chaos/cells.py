"""The failpoint grid as data: every failpoint of every service, times what may happen there."""

import random
from dataclasses import dataclass
from enum import StrEnum

from chaos.faults import FROZEN_SECONDS
from chaos.tables import SERVICES


class Action(StrEnum):
    KILL = "kill"
    FREEZE = f"freeze={FROZEN_SECONDS}"
    RAISE = "raise"
    CUT = "cut"


class Provoked(StrEnum):
    """What makes a process come to the failpoint."""

    LAUNCH = "launch"
    RESTART = "restart"
    """A launch, in which the first process of the service is asked to end (SIGTERM); the supervisor starts it again."""
    LEFT = "left"
    """The same, but only the process that stays is armed: it is struck while it takes over what the other gave up."""
    HTTP = "http"
    """A launch, or an import, over HTTP."""
    RETRY = "retry"
    """A launch over HTTP, and when it has ended another on those who succeeded."""


@dataclass(frozen=True, slots=True)
class Point:
    failpoint: str
    services: tuple[str, ...]
    provoked: Provoked = Provoked.LAUNCH
    most: int = 1
    """The fault happens at the first to `most`-th time."""


POINTS = (
    Point("stream.fetched", SERVICES, most=3),
    Point("stream.mid_transaction", SERVICES, most=3),
    Point("stream.before_commit", SERVICES, most=3),
    Point("stream.committed", SERVICES, most=3),
    Point("stream.before_publish", SERVICES, most=3),
    Point("stream.published", SERVICES, most=3),
    Point("stream.revoked", SERVICES, Provoked.RESTART),
    Point("stream.revoked", SERVICES, Provoked.LEFT),
    Point("lease.releasing", SERVICES, Provoked.RESTART),
    Point("lease.releasing", SERVICES, Provoked.LEFT),
    Point("lease.acquired", SERVICES, Provoked.RESTART),
    Point("lease.before_seek", SERVICES, Provoked.RESTART),
    Point("http.committed", ("launcher", "contacts"), Provoked.HTTP),
    Point("http.relayed", ("launcher", "contacts"), Provoked.HTTP),
    Point("launcher.page_collected", ("launcher",), Provoked.RETRY),
    Point("contacts.page_read", ("contacts",)),
    Point("contacts.chunk_committed", ("contacts",)),
    Point("contacts.before_finished", ("contacts",)),
    Point("messaging.claimed", ("messaging",), most=3),
    Point("messaging.offered", ("messaging",), most=10),
    Point("messaging.dot_committed", ("messaging",), most=10),
    Point("messaging.message_written", ("messaging",), most=10),
    Point("messaging.answered", ("messaging",), most=10),
    Point("messaging.before_record", ("messaging",), most=3),
    Point("log.before_snapshot", ("log",)),
    Point("log.snapshot_sent", ("log",)),
    Point("log.end_saved", ("log",)),
)


@dataclass(frozen=True, slots=True)
class Cell:
    service: str
    point: Point
    action: Action
    nth: int

    @property
    def armed(self) -> str:
        """As the processes are told."""
        return f"{self.point.failpoint}:{self.action}:{self.nth}"

    def __str__(self) -> str:
        stays = ", in who stays" if self.point.provoked is Provoked.LEFT else ""
        return f"{self.service} {self.point.failpoint} {self.action.partition('=')[0]} ({self.nth}{stays})"


def grid(chance: random.Random, count: int | None = None, only: str = "") -> list[Cell]:
    """All cells in an order drawn by `chance`, or the first `count` of them; `only` is a part of their names."""
    cells = [
        Cell(service, point, action, chance.randint(1, point.most))
        for point in POINTS
        for service in point.services
        for action in Action
    ]
    chance.shuffle(cells)
    return [cell for cell in cells if only in str(cell)][:count]
