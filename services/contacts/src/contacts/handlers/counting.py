"""Counts: how many a launch would target and start, and why not the others, by the launch's own judgement."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from contacts.domain.checks import ADMINISTRATOR, Facts, KnownGroups, Member, Unknown, points
from contacts.domain.counting import GONE, Behind, Counted, Listed, Rules, figures
from contacts.domain.segments import SegmentFacts
from contacts.handlers.reach import CONTACT, reach
from contacts.handlers.reading import plan_of
from contacts.ports import Directory, Examine, LaunchStore
from contacts.ports.counting import Asked, CountStore, Snapshot
from contracts.checks import Point
from contracts.launches import Contacts, Groups, Options, Participants, ScenarioVersion, Segment
from contracts.words import Figure, Recurrence, Severity, Why
from runtime.cel import Condition, ConditionError
from runtime.templates import TemplateError
from runtime.transaction import Connection


@dataclass(frozen=True, slots=True)
class Wanted:
    """A launch as it would be asked for."""

    project: str
    version: ScenarioVersion
    participants: Participants
    options: Options
    launched_by: str
    launch_id: str | None = None
    """Contacts named one by one are those of this launch, if none are named here."""
    retry: bool = False
    """Of targets that had a place in the scenario before: `once` counts as `if_not_running`."""
    approves: bool = False
    """An approval waits for it: it does not stand in line with those who only want to know."""


class Counting:
    def __init__(
        self,
        snapshot: Snapshot,
        counts: Callable[[Connection], CountStore],
        launches: Callable[[Connection], LaunchStore],
        directory: Callable[[Connection], Directory],
        examine: Examine,
    ) -> None:
        self._snapshot = snapshot
        self._counts = counts
        self._launches = launches
        self._directory = directory
        self._examine = examine

    async def count(self, wanted: Wanted) -> Counted:
        """Selected contacts have figures whatever stands against them: they may be a part of more. Raises Busy."""
        async with self._snapshot(wanted.project, approves=wanted.approves) as connection:
            facts = await self._facts(connection, wanted)
            found_against = [] if isinstance(wanted.participants, Contacts) else points(facts)
            if _against(found_against):
                return Counted(points=found_against)
            asked, rules = await self._asked(connection, wanted)
            counts = self._counts(connection)
            found = await counts.histogram(asked)
            gone = sum(contacts for code, contacts in found.items() if code & GONE)
            unknown = await counts.unknown(asked) if gone else Unknown()
        selected = sum(found.values())
        found_against = points(replace(facts, selected=selected, existing=selected - gone, unknown=unknown))
        return replace(figures(found, rules), points=found_against)

    async def listed(self, wanted: Wanted, behind: Behind) -> Listed:
        """A page of the contacts behind a figure. Raises Busy."""
        async with self._snapshot(wanted.project, approves=wanted.approves) as connection:
            facts = await self._facts(connection, wanted)
            # selected contacts may be a part of more: which of them there are, the list itself says
            named = isinstance(wanted.participants, Contacts)
            found_against = points(replace(facts, selected=1) if named else facts)
            if _against(found_against):
                return Listed(behind.figure or Figure.EXCLUDED, [], None, found_against)
            asked, rules = await self._asked(connection, wanted)
            counts = self._counts(connection)
            found = await counts.histogram(asked)
            codes = rules.codes(found, behind)
            ids = await counts.listed(asked, codes, behind.cursor, behind.limit + 1) if codes else []
        more = len(ids) > behind.limit
        return Listed(rules.figure(found, behind), ids[: behind.limit], ids[behind.limit - 1] if more else None)

    async def _facts(self, connection: Connection, wanted: Wanted) -> Facts:
        creator, participants = wanted.version.creator, wanted.participants
        groups = tuple(participants.groups) if isinstance(participants, Groups) else ()
        known = await self._launches(connection).known_groups(wanted.project, groups) if groups else KnownGroups()
        return Facts(
            kind=participants.kind,
            creator=creator,
            member=Member(disabled=False)
            if creator == ADMINISTRATOR
            else await self._directory(connection).member(wanted.project, creator),
            groups=groups,
            known_groups=known,
            segment=await self._segment(connection, wanted),
        )

    async def _segment(self, connection: Connection, wanted: Wanted) -> SegmentFacts:
        if not isinstance(wanted.participants, Segment):
            return SegmentFacts()
        return await self._examine(connection, wanted.project, wanted.participants.where)

    async def _asked(self, connection: Connection, wanted: Wanted) -> tuple[Asked, Rules]:
        version, participants, options = wanted.version, wanted.participants, wanted.options
        place = _place(version.body.recurrence, wanted.retry)
        refusal = {None: None, "once": Why.RECURRENCE_ONCE, "running": Why.RECURRENCE_RUNNING}[place]
        rules = Rules(plan_of(version), options.consent_override, refusal)
        names = [version.creator, *([wanted.launched_by] if options.intersect_with_launcher else [])]
        asked = Asked(
            project=wanted.project,
            kind=participants.kind,
            groups=tuple(participants.groups) if isinstance(participants, Groups) else (),
            contact_ids=tuple(participants.contacts) if isinstance(participants, Contacts) else (),
            launch_id=wanted.launch_id,
            where=Condition.compile(participants.where, CONTACT) if isinstance(participants, Segment) else None,
            reach=await reach(self._directory(connection), wanted.project, names),
            types=rules.types,
            scenario=version.key,
            place=place,
        )
        return asked, rules


UNREADABLE = (ConditionError, TemplateError)
"""What `count` raises for a scenario version that cannot be carried out."""


def _place(recurrence: Recurrence, retry: bool) -> str | None:
    match recurrence:
        case Recurrence.ALWAYS:
            return None
        case Recurrence.ONCE if not retry:
            return "once"
        case _:
            return "running"


def _against(found: list[Point]) -> bool:
    return any(point.severity is Severity.ERROR for point in found)
