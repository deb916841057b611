"""Look: what became of launches and their targets, and who did what."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.connection import at, connection
from cli.output import Exit, details, emit_json, fail, print_table, say, show_rows
from cli.progress import follow, show_end
from cli.stuck import held_of, state_words, stuck_of
from contracts.words import Outcome

looking = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Launch = Annotated[str, typer.Argument(metavar="LAUNCH", help="Launch id.")]
COLUMNS = {
    "outcomes": ("contact_id", "outcome", "reason", "started_at", "ended_at"),
    "in-progress": ("contact_id", "since"),
    "instances": ("contact_id", "status", "step", "due_at", "outcome", "reason"),
    "passed": ("contact_id", "times", "at", "arm", "next"),
    "deliveries": ("contact_id", "step", "occurrence", "state", "reason", "changed_at", "detail"),
}
"""Of the lists behind figures."""
ENDED = ("completed", "stopped", "failed", "rejected")


@looking.command("watch")
def watch(context: typer.Context, launch_id: Launch, as_json: Json = False) -> None:
    """Show a launch live until it ends; then exit 0 if it completed, 1 if it did not."""
    with connection(context).client(timeout=60) as client:
        last = follow(client, launch_id, until=lambda seen: seen["state"] in ENDED, live=not as_json)
    if as_json:
        emit_json(last)
    else:
        show_end(last)
    if last["state"] != "completed":
        raise typer.Exit(Exit.NO)


def _counts(row: Mapping[str, Any]) -> tuple[Any, Any, str | None]:
    """Targeted (before there are figures: as expected when it was counted), started, and outcomes so far."""
    figures = row.get("figures") or {"targeted": row.get("targeted_expected")}
    outcomes = [f"{outcome} {figures[outcome]:,}" for outcome in Outcome if figures.get(outcome)]
    return figures.get("targeted"), figures.get("started"), ", ".join(outcomes) or None


@looking.command("launches")
def list_launches(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Only of this scenario.")] = None,
    user: Annotated[str | None, typer.Option(help="Only by this user or key.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since this time (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(help="Only before this time (RFC 3339).")] = None,
    mode: Annotated[str, typer.Option(help="live, test or rehearsal.")] = "live",
    as_json: Json = False,
) -> None:
    """The log of launches, newest first. Tests and rehearsals are lists of their own."""
    wanted = {"state": state, "scenario": scenario, "user": user, "since": since, "until": until, "mode": mode}
    with connection(context).client() as client:
        found = list(client.pages(at("launches"), **wanted))
        stuck = stuck_of(client, found)
    if as_json:
        names = ("stuck", "parked")
        emit_json([{**row, **dict(zip(names, stuck.get(row["launch_id"], (0, 0)), strict=True))} for row in found])
        return
    if not found:
        narrowed = [f"--{name} {given}" for name, given in wanted.items() if given and given != "live"]
        say(f"no launch is found with {' '.join(narrowed)}" if narrowed else "there are none")
        return
    print_table(
        ["launch", "scenario", "state", "by", "asked", "ended", "targeted", "started", "outcomes"],
        [
            [
                row["launch_id"],
                row["scenario"],
                state_words(row["state"], *stuck.get(row["launch_id"], (0, 0)), held=held_of(row)),
                row.get("requested_by"),
                (row.get("drafted_at") or row.get("requested_at") or "")[:16],
                row["ended_at"][:16] if row.get("ended_at") else None,
                *_counts(row),
            ]
            for row in found
        ],
    )
    for row in found:
        if (held := held_of(row)) is not None:
            say(f"{row['launch_id']} is held: {held}. `slipway resume` sends it all, `slipway stop` sends none of it")
        if row["state"] == "paused" and (because := row.get("paused_because")):
            say(f"{row['launch_id']} is paused: {because}. `slipway resume` lets it go on, `slipway stop` ends it")
    if any(incidents for incidents, _ in stuck.values()):
        say("stuck: these targets need a person, `slipway incidents` lists them")
    if any(parked for _, parked in stuck.values()):
        say("parked: records of the launch could not be handled, `slipway parked` lists them")


@looking.command("outcomes")
def outcomes(
    context: typer.Context,
    launch_id: Launch,
    outcome: Annotated[str | None, typer.Option(help="success, failure, abandon or other.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason, such as not_started:no_consent.")] = None,
    started: Annotated[
        bool | None,
        typer.Option("--started/--not-started", help="Only ended targets that had an instance, or had none."),
    ] = None,
    in_progress: Annotated[bool, typer.Option("--in-progress", help="Targets without an outcome so far.")] = False,
    at_step: Annotated[
        str | None, typer.Option("--step", help="Started targets that stand or ended at this step; of an end, by it.")
    ] = None,
    passed: Annotated[
        str | None, typer.Option(help="Whoever came to this wait, branch or split, or past this update_contact.")
    ] = None,
    towards: Annotated[
        str | None, typer.Option("--next", help="With --passed: only by the arm that leads to this step.")
    ] = None,
    delivery: Annotated[
        str | None, typer.Option(help="Messages in this state, such as accepted, skipped, failed or unknown.")
    ] = None,
    message: Annotated[str | None, typer.Option(help="Messages of this send step; also with --delivery.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Everything as CSV, safe to open in a spreadsheet.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most this many (0: all).")] = 50,
    as_json: Json = False,
) -> None:
    """The list behind each figure: targets that ended, that are in progress, that stand at a step or came to it; or
    messages."""
    if towards is not None and passed is None:
        fail(Exit.USAGE, "--next is of a list of --passed", "Say which branch or split: --passed STEP --next STEP.")
    ended = None if started is None else str(started).lower()
    shown, query = _list(
        in_progress,
        {
            "outcomes": {"outcome": outcome, "reason": reason, "started": ended},
            "instances": {"step": at_step},
            "passed": {"step": passed, "next": towards},
            "deliveries": {"state": delivery, "step": message},
        },
    )
    path = at("launches", launch_id, shown)
    with connection(context).client(timeout=120) as client:
        if csv:
            with client.stream(path, params=query, headers={"Accept": "text/csv"}) as response:
                for part in response.iter_bytes():
                    sys.stdout.buffer.write(part)
            return
        found: list[dict[str, Any]] = []
        for row in client.pages(path, **query):
            if limit and len(found) == limit and not as_json:
                say(f"… the first {limit}; --limit 0 shows all, --csv exports")
                break
            found.append(row)
        beside = not as_json and shown == "outcomes"
        figures = (client.get_if_allowed(at("launches", launch_id, "progress")) if beside else None) or {}
    show_rows(found, COLUMNS[shown], as_json)
    if reason and not found and (reasons := figures.get("by_reason")):
        say(f"its targets end with {', '.join(f'{each} {count:,}' for each, count in reasons.items())}")
    if still := figures.get("in_progress"):
        say(f"{still:,} targets have no outcome so far: --in-progress lists them")


def _list(in_progress: bool, lists: Mapping[str, Mapping[str, str | None]]) -> tuple[str, dict[str, str]]:
    """The route that has the list, and what to ask it for. Ends the command where several are meant."""
    given = {name: {key: value for key, value in query.items() if value is not None} for name, query in lists.items()}
    chosen = [*(["in-progress"] if in_progress else []), *(name for name, query in given.items() if query)]
    if len(chosen) > 1:
        own = "--in-progress, --step, --passed, messages (--delivery, --message) and outcomes are lists of their own"
        fail(Exit.USAGE, own, "Ask for one of them.")
    shown = chosen[0] if chosen else "outcomes"
    return shown, given.get(shown, {})


@looking.command("why")
def why(
    context: typer.Context,
    launch_id: Launch,
    contact_id: Annotated[str, typer.Argument(metavar="CONTACT")],
    as_json: Json = False,
) -> None:
    """Why this contact did, or did not, get a message: the whole way of one target, in order."""
    with connection(context).client() as client:
        entries = client.get(at("contacts", contact_id, "timeline"), launch=launch_id)["items"]
    if as_json:
        emit_json(entries)
    elif entries:
        print_table(
            ["at", "what", "detail"],
            [[entry["at"], entry["what"], details(entry.get("detail") or {})] for entry in entries],
        )
    if not entries:
        fail(Exit.NO, f"{contact_id} is not a target of launch {launch_id}", "Was it selected? Ids are case-sensitive.")


@looking.command("audit")
def audit(
    context: typer.Context,
    subject: Annotated[str | None, typer.Option(help="Only what this user or key did.")] = None,
    thing: Annotated[
        str | None,
        typer.Option(help="Only what was done to it: launch/ID, scenario/KEY, contact/ID, user/NAME, … or `launch`."),
    ] = None,
    action: Annotated[str | None, typer.Option(help="Only this, such as launch.paused.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since this time (RFC 3339).")] = None,
    as_json: Json = False,
) -> None:
    """Who did what, newest first: to projects, scenarios, launches and contacts, about incidents and parked records."""
    with connection(context).client() as client:
        found = list(client.pages(at("audit"), subject=subject, thing=thing, action=action, since=since))
    if client.silent:
        say(f"not all of it: {', '.join(sorted(client.silent))} did not answer")
    if as_json:
        emit_json(found)
        return
    if not found:
        hint = "; ids are case-sensitive, `slipway audit` shows everything" if thing or subject else ""
        say(f"nothing is recorded{f' of {thing}' if thing else ''}{f' by {subject}' if subject else ''}{hint}")
        return
    print_table(
        ["at", "who", "what", "thing", "detail"],
        [
            [row.get("at"), row.get("subject"), row.get("action"), row.get("thing"), details(row.get("details") or {})]
            for row in found
        ],
    )
