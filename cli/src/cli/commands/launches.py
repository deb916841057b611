"""Launch, stop and look: what a marketer does with launches."""

import sys
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.commands.crm import context_values, participants
from cli.connection import at, connection
from cli.output import Exit, confirm, emit_json, fail, print_table, say, show_rows, stdout, told
from cli.progress import follow, show_figures

launches = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Launch = Annotated[str, typer.Argument(metavar="LAUNCH", help="Launch id.")]
ENDED = ("completed", "stopped", "failed", "rejected")


@launches.command("launch")
def launch(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Key of an active scenario.")],
    everybody: Annotated[bool, typer.Option("--all", help="All contacts of the project.")] = False,
    group: Annotated[list[str] | None, typer.Option(help="Contacts of this group; repeat for more.")] = None,
    contact: Annotated[list[str] | None, typer.Option(help="This contact; repeat for more.")] = None,
    value: Annotated[list[str] | None, typer.Option("--context", help="NAME=VALUE the scenario declares.")] = None,
    include_all: Annotated[bool, typer.Option(help="Lift consent (never restrictions or suppression).")] = False,
    reason: Annotated[str | None, typer.Option(help="Why consent is lifted.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key never launches twice.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Launch a scenario over HTTP; it is answered when contacts has checked it."""
    if include_all and not reason:
        fail(Exit.USAGE, "--include-all needs a reason", "Say --reason TEXT; it is kept in the audit.")
    who = participants(everybody, group, contact)
    confirm(f"Launch {scenario} on {_words(who)}?", yes)
    body = {
        "scenario": scenario,
        "participants": who,
        "context": context_values(value),
        "options": {"consent_override": {"reason": reason}} if include_all else {},
    }
    with connection(context).client() as client:
        answer = client.post(at("launches"), body, headers={"Idempotency-Key": idempotency_key or str(uuid4())})
        decided = follow(client, answer["launch_id"], until=lambda seen: seen["state"] not in ("draft", "validating"))
    if as_json:
        emit_json(decided)
    elif decided["state"] == "rejected":
        say(f"rejected: launch {decided['launch_id']}", "red")
        for line in told(decided.get("points", [])):
            say(line)
    else:
        say(f"{decided['state']}; `slipway watch {decided['launch_id']}` shows it", "green")
        stdout.print(decided["launch_id"])
    if decided["state"] == "rejected":
        raise typer.Exit(Exit.NO)


@launches.command("stop")
def stop(context: typer.Context, launch_id: Launch, as_json: Json = False) -> None:
    """Stop a launch: steps done stay done, the rest is cancelled. Stopping twice is harmless."""
    with connection(context).client() as client:
        answer = client.post(at("launches", launch_id, "stop"))
    if as_json:
        emit_json(answer)
    else:
        say(f"launch {launch_id} is {answer['state']}")


@launches.command("watch")
def watch(context: typer.Context, launch_id: Launch, as_json: Json = False) -> None:
    """Show a launch live until it ends; then exit 0 if it completed, 1 if it did not."""
    with connection(context).client(timeout=60) as client:
        last = follow(client, launch_id, until=lambda seen: seen["state"] in ENDED, live=not as_json)
    if as_json:
        emit_json(last)
    else:
        show_figures(last)
    if last["state"] != "completed":
        raise typer.Exit(Exit.NO)


@launches.command("launches")
def list_launches(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Only of this scenario.")] = None,
    user: Annotated[str | None, typer.Option(help="Only by this user or key.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since this time (RFC 3339).")] = None,
    as_json: Json = False,
) -> None:
    """The log of launches, newest first."""
    with connection(context).client() as client:
        found = list(client.pages(at("launches"), state=state, scenario=scenario, user=user, since=since))
    if as_json:
        emit_json(found)
        return
    counts = ("targeted", "success", "failure")
    print_table(
        ["launch", "scenario", "state", *counts],
        [
            [
                row["launch_id"],
                row["scenario"],
                row["state"],
                *((row.get("figures") or {}).get(count) for count in counts),
            ]
            for row in found
        ],
    )


@launches.command("outcomes")
def outcomes(
    context: typer.Context,
    launch_id: Launch,
    outcome: Annotated[str | None, typer.Option(help="success, failure, abandon or other.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason, such as not_started:no_consent.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Everything as CSV, safe to open in a spreadsheet.")] = False,
    limit: Annotated[int, typer.Option(help="At most this many (0: all).")] = 50,
    as_json: Json = False,
) -> None:
    """The list of targets behind each figure."""
    path = at("launches", launch_id, "outcomes")
    query = {"outcome": outcome, "reason": reason}
    with connection(context).client(timeout=120) as client:
        if csv:
            params = {name: value for name, value in query.items() if value}
            with client.stream(path, params=params, headers={"Accept": "text/csv"}) as response:
                for part in response.iter_bytes():
                    sys.stdout.buffer.write(part)
            return
        found: list[dict[str, Any]] = []
        for row in client.pages(path, **query):
            if limit and len(found) == limit and not as_json:
                say(f"… the first {limit}; --limit 0 shows all, --csv exports")
                break
            found.append(row)
    show_rows(found, ["contact_id", "outcome", "reason", "started_at", "ended_at"], as_json)


@launches.command("why")
def why(
    context: typer.Context,
    launch_id: Launch,
    contact_id: Annotated[str, typer.Argument(metavar="CONTACT")],
    as_json: Json = False,
) -> None:
    """Why this contact did, or did not, get a message: the timeline of one target."""
    with connection(context).client() as client:
        entries = client.get(at("contacts", contact_id, "timeline"), launch=launch_id)["items"]
    if as_json:
        emit_json(entries)
    elif entries:
        print_table(
            ["at", "what", "detail"],
            [[entry["at"], entry["what"], _detail(entry.get("detail"))] for entry in entries],
        )
    if not entries:
        fail(Exit.NO, f"{contact_id} is not a target of launch {launch_id}", "Was it selected? Ids are case-sensitive.")


@launches.command("audit")
def audit(
    context: typer.Context,
    subject: Annotated[str | None, typer.Option(help="Only what this user or key did.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since this time (RFC 3339).")] = None,
    as_json: Json = False,
) -> None:
    """Who did what, newest first."""
    with connection(context).client() as client:
        found = list(client.pages(at("audit"), subject=subject, since=since))
    if as_json:
        emit_json(found)
        return
    print_table(
        ["at", "who", "what", "thing", "detail"],
        [
            [row.get("at"), row.get("subject"), row.get("action"), row.get("thing"), _detail(row.get("details"))]
            for row in found
        ],
    )


def _words(who: dict[str, Any]) -> str:
    if who["kind"] == "all":
        return "ALL contacts"
    names = who[who["kind"]]
    return f"{who['kind']} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"


def _detail(detail: Any) -> str:
    if isinstance(detail, dict):
        return ", ".join(f"{name} {value}" for name, value in detail.items() if value not in (None, ""))
    return str(detail or "")
