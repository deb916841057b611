"""May this launch be asked for? What launcher itself can judge; contacts judges the selection."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.checks import Point
from contracts.crm import ContactsGiven, GroupsGiven, LaunchRequest, OptionsGiven, ResultsGiven
from contracts.launches import ScenarioVersion
from contracts.scenario import LaunchType, Scenario
from contracts.words import LaunchMode, LaunchState, Permission
from launcher.domain.counting import Basis, What, mismatch, options_digest, selection_digest
from launcher.domain.launch import PLAIN, Collected, Flow, Kind, Launch, Origin, Rejected, Way, flow
from launcher.domain.parties import Asker, Grants
from launcher.domain.points import blocks, error
from launcher.domain.records import Selection, select
from launcher.domain.refusals import Denied
from launcher.domain.results import closed, unclear
from launcher.domain.scenarios import ScenarioState
from runtime.did_you_mean import did_you_mean
from runtime.documents import canonical

MOST_CONTEXT_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Candidate:
    """The scenario that a request names, as it is now. `points` are those of its active version's graph."""

    state: ScenarioState | None
    """None: there is no such scenario."""
    version: ScenarioVersion | None
    points: tuple[Point, ...] = ()
    known: tuple[str, ...] = ()
    """Where there is none: keys of those that there are."""


def judge(
    request: LaunchRequest,
    grants: Grants,
    candidate: Candidate | None,
    kind: Kind = Kind.LAUNCH,
    counted: Basis | Denied | None = None,
    earlier: Launch | None = None,
) -> list[Point]:
    """Nothing blocking in the answer: contacts may judge next. `counted`: what the request's count token is;
    `earlier`: the launch that a result set is of."""
    return [
        *_permission(grants),
        *_scenario(request.scenario, candidate, kind),
        *_lifting(request, grants),
        *amiss(request, candidate, counted, earlier),
    ]


def amiss(
    request: LaunchRequest,
    candidate: Candidate | None,
    counted: Basis | Denied | None = None,
    earlier: Launch | None = None,
) -> list[Point]:
    """What is wrong with the request itself. Whatever becomes of scenario, contacts and permissions, a launch of it
    would never run: what was asked for does not change any more."""
    return [
        *_participants(request, earlier),
        *_unbuilt(request),
        *(_context(request, candidate.version.body) if candidate and candidate.version else ()),
        *(_counted(request, candidate, counted) if counted else ()),
    ]


def turned_down(points: Sequence[Point], wrong: Sequence[Point]) -> Denied:
    """Of a request in which `wrong` is: nothing is kept of it. `points`: all that stands against it."""
    what = wrong[0].remedy if len(points) == 1 else "this can never be launched as it was asked for"
    return Denied(wrong[0].code, what, "mend that, and ask anew: nothing was kept of it", tuple(points))


def draft(
    request: LaunchRequest,
    asker: Asker,
    launch_id: str,
    origin: Origin | None,
    candidate: Candidate | None,
    points: Sequence[Point],
    now: datetime,
    way: Way = PLAIN,
) -> tuple[Launch, Selection]:
    """The launch as it begins: `validating`; if a point blocks, a `draft` that a person can mend, or `rejected`.

    One for a result set is a `draft` as well, until that is collected.
    """
    waits = flow(asker.subject, asker.grants, way.kind)
    collects = isinstance(request.participants, ResultsGiven) and not blocks(points)
    state = LaunchState.DRAFT if collects else _first_state(blocks(points), waits)
    rejected = state is LaunchState.REJECTED
    version = candidate.version if candidate else None
    selection = Selection(None) if rejected or _empty(request) else select(request)
    launch = Launch(
        launch_id=launch_id,
        project=asker.project,
        scenario=request.scenario,
        version=version.version if version else None,
        creator=version.creator if version else None,
        zone=version.zone if version else "UTC",
        state=state,
        revision=0,
        participants=_kept_participants(request, selection),
        participants_chunks=len(selection.chunks),
        selected=selection.selected,
        options=_kept(request.options, way),
        context={} if rejected else request.context,
        requested_by=asker.subject,
        origin=origin,
        points=tuple(points),
        targeted_expected=None,
        drafted_at=now,
        ended_at=now if rejected else None,
        mode=way.mode,
        kind=way.kind,
        flow=waits,
        retry_of=way.retry_of,
        relaunch_of=way.relaunch_of,
        rejected=Rejected.POINTS if rejected else None,
        collected=Collected() if collects else None,
    )
    return launch, selection


def _kept_participants(request: LaunchRequest, selection: Selection) -> dict[str, Any]:
    """As they are shown: those of a launch that was refused by their kind alone."""
    if isinstance(request.participants, ResultsGiven):
        return request.participants.model_dump(mode="json", exclude_none=True)
    return selection.participants.model_dump() if selection.participants else {"kind": request.participants.kind}


def _kept(options: OptionsGiven, way: Way) -> dict[str, Any]:
    """Options as they travel with the launch."""
    override = options.consent_override
    lifted = {"consent_override": True, "override_reason": override.reason} if override else {"consent_override": False}
    narrowed = {"intersect_with_launcher": True} if options.intersect_with_launcher else {}
    tried = {} if way.mode is LaunchMode.LIVE else {"mode": way.mode.value}
    return lifted | narrowed | tried | ({} if way.to is None else {"to": way.to})


def mismatched(counted: Basis, request: LaunchRequest, version: int) -> What | None:
    """What was counted otherwise than this request of that version asks for."""
    selection = selection_digest(request.participants, request.context)
    return mismatch(counted, request.scenario, version, selection, options_digest(request.options))


def _first_state(blocked: bool, waits: Flow) -> LaunchState:
    if not blocked:
        return LaunchState.VALIDATING
    return LaunchState.DRAFT if waits is Flow.PERSON else LaunchState.REJECTED


def _permission(grants: Grants) -> Iterator[Point]:
    if Permission.PROCESS_START not in grants:
        remedy = f"Who asks for a launch needs {Permission.PROCESS_START}: have it granted, or let somebody else ask."
        yield error("forbidden", "launch", remedy)


def _scenario(key: str, candidate: Candidate | None, kind: Kind) -> Iterator[Point]:
    if candidate is None or candidate.state is None:
        close = did_you_mean(key, candidate.known if candidate else ())
        remedy = close or ": look at `GET /v1/scenarios`, or push it first."
        yield error("unknown_scenario", "scenario", f"There is no scenario `{key}` in this project{remedy}")
    elif candidate.version is None:
        archived = candidate.state is ScenarioState.ARCHIVED
        remedy = "it is archived: push it under a new key." if archived else "activate a version of it first."
        yield error("scenario_inactive", "scenario", f"`{key}` cannot be launched: {remedy}")
    elif not startable(candidate.version.body, kind):
        yield _wrong_type(key, candidate.version.body)
    else:
        yield from candidate.points


def startable(scenario: Scenario, kind: Kind) -> bool:
    """Whether it may be asked for: a triggered one only for a single contact, where its author allows that, or as a
    test."""
    if scenario.launch is LaunchType.MANUAL or kind is Kind.TEST:
        return True
    return scenario.launch is LaunchType.TRIGGERED and scenario.manual_start_allowed and kind is Kind.SINGLE


def _wrong_type(key: str, scenario: Scenario) -> Point:
    if scenario.launch is LaunchType.TRIGGERED and scenario.manual_start_allowed:
        remedy = (
            f"`{key}` is triggered: by hand it is started for one contact, with `POST /v1/scenarios/{key}/instances`."
        )
    elif scenario.launch is LaunchType.TRIGGERED:
        remedy = f"`{key}` is started by its trigger only, unless its author writes `manual_start_allowed: true`."
    else:
        remedy = f"`{key}` is started by its schedule only."
    return error("wrong_launch_type", "scenario", remedy)


def _empty(request: LaunchRequest) -> bool:
    """Nobody is named."""
    match request.participants:
        case GroupsGiven(groups=[]) | ContactsGiven(contacts=[]):
            return True
        case _:
            return False


def _participants(request: LaunchRequest, earlier: Launch | None) -> Iterator[Point]:
    match request.participants:
        case GroupsGiven() | ContactsGiven() if _empty(request):
            kind = request.participants.kind
            remedy = f'Name at least one; everybody is meant by {{"kind": "all"}}, never by an empty list of {kind}.'
            yield error("empty_selection", f"participants.{kind}", remedy)
        case ResultsGiven(launch_id=launch_id) as wanted:
            if wrong := unclear(wanted):
                yield error(*wrong)
            if earlier is None:
                remedy = f"There is no launch {launch_id} in this project: `GET /v1/launches` lists them."
                yield error("unknown_launch", "participants.launch_id", remedy)
            elif against := closed(earlier):
                yield error(against.code, "participants.launch_id", f"{against.detail}: {against.remedy}")
        case _:
            pass


def _lifting(request: LaunchRequest, grants: Grants) -> Iterator[Point]:
    if request.options.consent_override and Permission.CONSENT_OVERRIDE not in grants:
        remedy = f"Lifting consent needs the permission {Permission.CONSENT_OVERRIDE}: leave it out, or ask for it."
        yield error("forbidden", "options.consent_override", remedy)


def _unbuilt(request: LaunchRequest) -> Iterator[Point]:
    if request.options.pacing is not None:
        yield error("unsupported", "options.pacing", "This is not available yet: leave it out.")


def _context(request: LaunchRequest, scenario: Scenario) -> Iterator[Point]:
    given, declared = request.context, scenario.context
    if len(canonical(given)) > MOST_CONTEXT_BYTES:
        yield error("context_too_large", "context", f"More than {MOST_CONTEXT_BYTES // 1024} KiB: send less.")
        return
    for name in given.keys() - declared.keys():
        remedy = did_you_mean(name, declared) or ": leave it out, or declare it in the scenario."
        yield error("context_unknown", f"context.{name}", f"The scenario does not declare `{name}`{remedy}")
    for name, kind in declared.items():
        if name not in given:
            yield error("context_missing", f"context.{name}", f"The scenario needs it: give a {kind}.")
        elif not _is(kind, given[name]):
            quoted = f""" in quotes, such as `"{name}": "2024"`""" if kind == "string" else ""
            yield error("context_type", f"context.{name}", f"Give a {kind}{quoted}.")


def _is(kind: str, value: object) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _counted(request: LaunchRequest, candidate: Candidate | None, counted: Basis | Denied) -> Iterator[Point]:
    if isinstance(counted, Denied):
        yield error(counted.code, "count_token", f"{counted.detail}: {counted.remedy}")
    elif candidate and candidate.version:
        what = mismatched(counted, request, candidate.version.version)
        if what:
            yield error("count_token_mismatch", "count_token", f"Another {what} was counted: count what you launch.")
