"""Result sets: targets of an earlier launch, read page by page, as the participants of a new one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from contracts.checks import Point
from contracts.crm import LaunchRequest, ResultsGiven
from contracts.words import REASON, REASONS, DeliveryState, LaunchMode, LaunchState
from launcher.domain.launch import PLAIN, Collected, Kind, Launch, Way
from launcher.domain.points import error
from launcher.domain.records import CHUNK
from launcher.domain.refusals import Denied
from launcher.domain.states import UNDECIDED
from runtime.did_you_mean import did_you_mean

OVER = frozenset({LaunchState.COMPLETED, LaunchState.STOPPED, LaunchState.FAILED})
"""Its outcomes change no more."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Contact ids in byte order; one may be there several times in a row (a message each)."""

    contact_ids: Sequence[str]
    next: str | None
    """Cursor of the next page; None: this is the last."""


def closed(earlier: Launch) -> Denied | None:
    """Why nothing is chosen from what became of this launch; None: it may be."""
    if earlier.mode is not LaunchMode.LIVE:
        detail = f"launch {earlier.launch_id} is a {earlier.mode}: nobody has got anything of it"
        return Denied("wrong_state", detail, "choose from a launch that was live, or name the contacts")
    if earlier.state is LaunchState.REJECTED:
        detail = f"launch {earlier.launch_id} was rejected before it ran: it never had targets"
        return Denied("wrong_state", detail, "launch anew: `POST /v1/launches`")
    if earlier.state in UNDECIDED:
        detail = f"launch {earlier.launch_id} is {earlier.state}: nothing of it has run, so that it has no targets"
        remedy = (
            f"`GET /v1/launches/{earlier.launch_id}` shows what it waits for;"
            f" `POST /v1/launches/{earlier.launch_id}/decline` takes it back"
        )
        return Denied("wrong_state", detail, remedy)
    if earlier.state not in OVER:
        detail = f"launch {earlier.launch_id} is {earlier.state}: what becomes of its targets is not settled"
        return Denied("wrong_state", detail, _to_its_end(earlier))
    return None


def _to_its_end(earlier: Launch) -> str:
    wait = f"wait for its end (`GET /v1/launches/{earlier.launch_id}/progress`)"
    stop = f"stop it (`POST /v1/launches/{earlier.launch_id}/stop`)"
    match earlier.state:
        case LaunchState.PAUSED:
            return f"let it go on to its end (`POST /v1/launches/{earlier.launch_id}/resume`), or {stop}"
        case LaunchState.STOPPING:
            return wait
        case _:
            return f"{wait}, or {stop}"


def empty(launch_id: str) -> Point:
    """What stands against a launch for a result set that nobody is in; `launch_id`: whose targets it would be."""
    remedy = f"No target of that launch is so: look at its figures (`GET /v1/launches/{launch_id}/progress`)."
    return error("empty_selection", "participants", remedy)


def unclear(wanted: ResultsGiven) -> tuple[str, str, str] | None:
    """Code, place and remedy of a choice that says too little or too much; None: it names one thing."""
    given = [name for name in ("outcome", "reason", "delivery") if getattr(wanted, name) is not None]
    if len(given) != 1:
        return (
            "empty_selection",
            "participants",
            "Say which of its targets, by exactly one of outcome, reason, delivery.",
        )
    if wanted.delivery not in (None, DeliveryState.UNKNOWN):
        remedy = "Messages are sent again only where nobody can know what became of them: `unknown`. Name an outcome."
        return "unsupported", "participants.delivery", remedy
    if wanted.reason is not None and not re.fullmatch(REASON, wanted.reason):
        known = did_you_mean(wanted.reason, REASONS) or f": there is end:STEP, {', '.join(REASONS)}."
        return "unknown_reason", "participants.reason", f"No target ends for a reason `{wanted.reason}`{known}"
    return None


def lineage(request: LaunchRequest, earlier: Launch | None, way: Way) -> Way:
    """A launch of the same scenario on its own targets is a retry: executor lifts `once` for them."""
    if earlier is None or earlier.scenario != request.scenario:
        return way
    return replace(way, kind=Kind.RETRY if way == PLAIN else way.kind, retry_of=earlier.launch_id)


def gathered(before: Collected, page: ResultPage) -> tuple[Collected, list[tuple[int, list[str]]]]:
    """How far it is read with this page, and the page's contacts, each once, as numbered chunks.

    The same page behind the same `before` gives the same chunks.
    """
    fresh = [contact_id for contact_id, _ in groupby(page.contact_ids) if contact_id != before.last]
    pieces = [fresh[start : start + CHUNK] for start in range(0, len(fresh), CHUNK)]
    after = Collected(
        cursor=page.next,
        last=fresh[-1] if fresh else before.last,
        chunks=before.chunks + len(pieces),
        targets=before.targets + len(fresh),
        done=page.next is None,
    )
    return after, list(enumerate(pieces, before.chunks))
