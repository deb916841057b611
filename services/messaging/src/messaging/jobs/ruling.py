"""What one transaction decides: which answers it records, which mails it puts at the `dot`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from messaging.domain.deliveries import Act, Stay
from messaging.domain.handover import Drop, Go, at_the_dot, settle
from messaging.domain.launches import Launch
from messaging.domain.retries import Backoff
from messaging.domain.sends import Change, Move, SendKey, StoredSend
from messaging.jobs.parcel import Parcel


@dataclass(eq=False, slots=True)
class Ruling:
    """Of one try at it. Each parcel is ruled on as it is remembered; if it is not so, once more as it is stored."""

    now: datetime
    epoch: int
    known: Mapping[str, Launch]
    backoff: Backoff
    behind: bool
    """What is known of contacts is old: no marketing goes."""
    moves: list[tuple[Parcel, Move]] = field(default_factory=list)
    """To be written."""
    doubtful: list[Parcel] = field(default_factory=list)
    """Not as they were remembered: to be looked up."""
    changes: list[Change] = field(default_factory=list)
    """Written."""
    go: set[SendKey] = field(default_factory=set)
    """What may be handed over once this is committed."""
    bugs: list[tuple[SendKey, Act]] = field(default_factory=list)

    def settle(self, parcel: Parcel, stored: StoredSend | None, *, sure: bool) -> None:
        """What its answer makes of it; `sure`: it is stored just so."""
        assert parcel.answer is not None
        change = settle(parcel.attempt, parcel.answer, stored, self.now, self.backoff)
        if isinstance(change, Change):
            assert stored is not None
            self.moves.append((parcel, Move(stored, change)))
        elif not sure:
            self.doubtful.append(parcel)
        elif change is Stay.REFUSE:
            self.bugs.append((parcel.key, parcel.answer.act))

    def judge(self, parcel: Parcel, stored: StoredSend | None, *, sure: bool) -> None:
        """Whether it may be handed over."""
        launch = self.known.get(parcel.key.launch_id)
        verdict = at_the_dot(parcel.attempt, stored, launch, self.now, self.epoch, self.behind)
        match verdict:
            case Go(change) | Drop(change):
                if change is not None:
                    assert stored is not None
                    self.moves.append((parcel, Move(stored, change)))
                if isinstance(verdict, Go):
                    self.go.add(parcel.key)
            case Stay() if sure:
                self.bugs.append((parcel.key, Act.HAND_OVER))
            case Stay():
                self.doubtful.append(parcel)

    def written(self, moved: set[SendKey]) -> None:
        """The moves were tried; these were made. The others are doubtful."""
        for parcel, move in self.moves:
            if move.change.key in moved:
                self.changes.append(move.change)
            else:
                self.go.discard(parcel.key)
                self.doubtful.append(parcel)
        self.moves = []
