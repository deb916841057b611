"""A launch told from its end: every record that log would read of it, and what the figures must be then.

The expectation is worked out from the targets themselves, not from the records.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from contracts.deliveries import DeliveriesRecorded
from contracts.event import Event
from contracts.launches import All, LaunchControlled, LaunchRequested, Options, ScenarioVersion
from contracts.outcomes import TargetsEnded, TargetsRefused, TargetsStarted
from contracts.scenario import Scenario
from contracts.targets import LaunchOpened, Snapshot, TargetingFinished, TargetsAdmitted, TargetsExcluded
from contracts.words import ControlState, DeliveryState, LaunchMode, Outcome
from fakes.transaction import NOON
from runtime.ids import derive
from runtime.partitions import partition_of

PROJECT = "acme"
CHUNK = 7
ENDS = [
    (Outcome.SUCCESS, "end:won"),
    (Outcome.FAILURE, "error:send"),
    (Outcome.FAILURE, "end:broken"),
    (Outcome.ABANDON, "deleted"),
    (Outcome.OTHER, "end:quiet"),
    (Outcome.OTHER, "skipped:no_consent"),
]
STEPS = {
    "hello": {"send": {"channel": "discard", "message_type": "promotional", "text": "t"}, "next": "pause"},
    "pause": {"wait": {"for": "2d"}, "next": "vip"},
    "vip": {
        "branch": [
            {"when": "contact.attributes.score > 50", "next": "won"},
            {"when": "contact.attributes.score > 20", "next": "pause"},
            {"otherwise": "quiet"},
        ]
    },
    "won": {"end": "success"},
    "broken": {"end": "failure"},
    "quiet": {"end": "neutral"},
}
EXCLUDED = ["inactive", "no_consent", "suppressed"]
REFUSED = ["recurrence_once", "deleted"]


@dataclass(frozen=True)
class Told:
    """One record: where it lies, its id and what it says."""

    topic: str
    number: int
    id: str
    event: Event


@dataclass(frozen=True)
class Target:
    contact_id: str
    number: int
    fate: str
    """`excluded`, `refused` or `ended`."""
    outcome: Outcome
    reason: str
    delivery: DeliveryState | None


@dataclass
class Story:
    launch_id: str = "launch-1"
    partitions: int = 4
    targets: list[Target] = field(default_factory=list)
    stopped: bool = False
    mode: LaunchMode = LaunchMode.LIVE
    failed: str | None = None

    @classmethod
    def of(cls, count: int, seed: int, *, launch_id: str = "launch-1", partitions: int = 4) -> "Story":
        random = Random(seed)
        targets = []
        for index in range(count):
            contact_id = f"c-{seed}-{index}"
            fate = random.choice(["excluded", "refused", "ended", "ended", "ended"])
            outcome, reason = Outcome.OTHER, ""
            if fate == "ended":
                outcome, reason = random.choice(ENDS)
            else:
                reason = "not_started:" + random.choice(EXCLUDED if fate == "excluded" else REFUSED)
            delivery = random.choice([None, *DeliveryState]) if fate == "ended" else None
            targets.append(Target(contact_id, partition_of(contact_id, partitions), fate, outcome, reason, delivery))
        return cls(launch_id, partitions, targets)

    @property
    def home(self) -> int:
        return partition_of(self.launch_id, self.partitions)

    def records(self) -> list[Told]:
        """In an order in which they may come; each topic and partition is in the order of its log."""
        told = [self._told("launcher.launches", self.home, "requested", self.requested())]
        used = sorted({self.home, *(target.number for target in self.targets)})
        told += [self._told("contacts.targets", number, "opened", self.opened()) for number in used]
        chunks = list(self._chunks())
        for index, chunk in enumerate(chunks):
            told += self._of_chunk(chunk, index)
        for number in used:
            told.append(self._told("contacts.targets", number, "finished", self.finished()))
        if self.stopped:
            stop = LaunchControlled(
                project=PROJECT, launch_id=self.launch_id, revision=2, state=ControlState.STOPPED, by="ann", at=NOON
            )
            told.append(self._told("launcher.launches", self.home, "stop", stop))
        return told

    def version(self) -> ScenarioVersion:
        body = Scenario.model_validate({"key": "spring", "name": "Spring", "start": "hello", "steps": STEPS})
        return ScenarioVersion(project=PROJECT, version=3, creator="ann", body=body)

    def requested(self) -> LaunchRequested:
        return LaunchRequested(
            project=PROJECT,
            launch_id=self.launch_id,
            revision=1,
            state=ControlState.RUNNING,
            version=self.version(),
            participants=All(),
            options=Options(mode=self.mode),
            context={},
            launched_by="key-1",
            command_id="cmd-1",
            command_source="/crm",
            requested_at=NOON,
        )

    def opened(self) -> LaunchOpened:
        return LaunchOpened(
            project=PROJECT,
            launch_id=self.launch_id,
            version=self.version(),
            options=Options(mode=self.mode),
            context={},
            requested_at=NOON,
        )

    def finished(self) -> TargetingFinished:
        return TargetingFinished(
            project=PROJECT, launch_id=self.launch_id, total=len(self.targets), failed=self.failed, at=NOON
        )

    def expected(self) -> dict[str, object]:
        """The figures at the end, as `launch.*` names them."""
        reasons = Counter(target.reason for target in self.targets)
        outcomes = Counter(target.outcome for target in self.targets)
        return {
            "targeted": len(self.targets),
            "started": sum(target.fate == "ended" for target in self.targets),
            "not_started": sum(target.fate != "ended" for target in self.targets),
            "in_progress": 0,
            **{outcome.value: outcomes[outcome] for outcome in Outcome},
            "by_reason": dict(reasons),
            "deliveries": dict(Counter(target.delivery.value for target in self.targets if target.delivery)),
            "targeting": "finished",
        }

    def _chunks(self) -> list[list[Target]]:
        """Of one fate (excluded apart from the rest) and partition, at most CHUNK each."""

        def place(target: Target) -> tuple[int, bool]:
            return target.number, target.fate == "excluded"

        chunks = []
        for _, group in groupby(sorted(self.targets, key=place), key=place):
            members = list(group)
            chunks += [members[start : start + CHUNK] for start in range(0, len(members), CHUNK)]
        return chunks

    def _of_chunk(self, chunk: list[Target], index: int) -> list[Told]:
        number = chunk[0].number
        if chunk[0].fate == "excluded":
            excluded = TargetsExcluded(
                project=PROJECT,
                launch_id=self.launch_id,
                contact_ids=[target.contact_id for target in chunk],
                reasons=[target.reason.removeprefix("not_started:") for target in chunk],
                at=NOON,
            )
            return [self._told("contacts.targets", number, f"excluded-{index}", excluded)]
        admitted = TargetsAdmitted(project=PROJECT, launch_id=self.launch_id, targets=snapshot(chunk))
        told = [self._told("contacts.targets", number, f"admitted-{index}", admitted)]
        told += self._refused([target for target in chunk if target.fate == "refused"], index)
        started = [target for target in chunk if target.fate == "ended"]
        if started:
            told.append(self._started(started, index))
            told += self._deliveries([target for target in started if target.delivery], index)
            told.append(self._ended(started, index))
        return told

    def _refused(self, targets: list[Target], index: int) -> list[Told]:
        if not targets:
            return []
        refused = TargetsRefused(
            project=PROJECT,
            launch_id=self.launch_id,
            contact_ids=[target.contact_id for target in targets],
            reasons=[target.reason.removeprefix("not_started:") for target in targets],
            at=NOON,
        )
        return [self._told("executor.outcomes", targets[0].number, f"refused-{index}", refused)]

    def _started(self, targets: list[Target], index: int) -> Told:
        started = TargetsStarted(
            project=PROJECT, launch_id=self.launch_id, contact_ids=[each.contact_id for each in targets], at=NOON
        )
        return self._told("executor.outcomes", targets[0].number, f"started-{index}", started)

    def _ended(self, targets: list[Target], index: int) -> Told:
        ended = TargetsEnded(
            project=PROJECT,
            launch_id=self.launch_id,
            contact_ids=[target.contact_id for target in targets],
            outcomes=[target.outcome for target in targets],
            reasons=[target.reason for target in targets],
            started_at=[NOON + timedelta(seconds=place % 2) for place in range(len(targets))],
            at=NOON + timedelta(seconds=5, milliseconds=index),
        )
        return self._told("executor.outcomes", targets[0].number, f"ended-{index}", ended)

    def _deliveries(self, targets: list[Target], index: int) -> list[Told]:
        """First planned, then as it went."""
        if not targets:
            return []
        planned = [DeliveryState.PLANNED] * len(targets)
        latest = [target.delivery or DeliveryState.PLANNED for target in targets]
        number = targets[0].number
        first = delivery(self, targets, planned, [None] * len(targets))
        return [
            self._told("messaging.deliveries", number, f"planned-{index}", first),
            self._told("messaging.deliveries", number, f"latest-{index}", delivery(self, targets, latest, planned)),
        ]

    def _told(self, topic: str, number: int, what: str, event: Event) -> Told:
        return Told(topic, number, derive(self.launch_id, what, number), event)


def delivery(
    story: Story,
    targets: Sequence[Target],
    states: Sequence[DeliveryState],
    previous: Sequence[DeliveryState | None],
) -> DeliveriesRecorded:
    return DeliveriesRecorded(
        project=PROJECT,
        launch_id=story.launch_id,
        step="hello",
        contact_ids=[target.contact_id for target in targets],
        occurrences=[1] * len(targets),
        states=list(states),
        previous=list(previous),
        reasons=["no_consent" if state is DeliveryState.SKIPPED else None for state in states],
        at=NOON + timedelta(seconds=1),
    )


def snapshot(targets: list[Target]) -> Snapshot:
    count = len(targets)
    return Snapshot(
        contact_ids=[target.contact_id for target in targets],
        revisions=[1] * count,
        emails=[None] * count,
        zones=[None] * count,
        attributes={},
        consents={},
        suppressed=[False] * count,
        permitted=[True] * count,
    )


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
