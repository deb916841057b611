"""What happens to a launch before it runs: checked again, confirmed, approved, declined."""

from typing import Annotated, Any

import typer

from cli.connection import Client, at, connection
from cli.output import Exit, confirm, emit_json, fail, say, stdout, told
from cli.progress import follow
from cli.stuck import awaited

flow = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Launch = Annotated[str, typer.Argument(metavar="LAUNCH", help="Launch id.")]
Token = Annotated[str | None, typer.Option("--token", help="The token of your count (`slipway count`).")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@flow.command("validate-launch")
def validate(context: typer.Context, launch_id: Launch, as_json: Json = False) -> None:
    """Check a launch again that has points, or whose scenario has changed."""
    with connection(context).client() as client:
        client.post(at("launches", launch_id, "validate"))
        tell(checked(client, launch_id), as_json)


@flow.command("confirm")
def confirm_launch(
    context: typer.Context, launch_id: Launch, token: Token = None, yes: Yes = False, as_json: Json = False
) -> None:
    """Confirm whom a launch is for: counts it, unless you name a count, shows the figures and asks."""
    with connection(context).client() as client:
        seen = client.get(at("launches", launch_id))
        if token is None and seen["state"] == "awaiting_confirmation":
            counted = _count(client, seen)
            token = counted["token"]
            if not yes:
                client.post(at("launches", launch_id, "confirm"), {"count_token": token, "dry_run": True})
            confirm(f"Launch {seen['scenario']} on {counted['targeted']:,} contacts?", yes)
        client.post(at("launches", launch_id, "confirm"), {"count_token": token or ""})
        tell(client.get(at("launches", launch_id)), as_json)


@flow.command("approve")
def approve(
    context: typer.Context,
    launch_id: Launch,
    token: Token = None,
    recount: Annotated[bool, typer.Option(help="Approve what is counted now, not what was confirmed.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let a launch run. It is counted once more; refused if that differs too much from what was confirmed."""
    with connection(context).client() as client:
        seen = client.get_if_allowed(at("launches", launch_id)) or {"launch_id": launch_id, "scenario": launch_id}
        show_confirmed(seen)
        if recount and token is None:
            say("as counted now:")
            token = _count(client, seen)["token"]
        path, given = at("launches", launch_id, "approve"), {"count_token": token} if token else {}
        answer = client.post(path, given if yes else {**given, "dry_run": True})
        if not yes and answer["targeted"] is not None:
            confirm(f"Approve {seen['scenario']} for {answer['targeted']:,} targets?", yes)
            answer = client.post(path, given)
    if as_json:
        emit_json(answer)
    elif answer["changed"]:
        say(f"approved: launch {launch_id} is {answer['state']}, {answer['targeted']:,} targets", "green")
        say(f"`slipway watch {launch_id}` shows it")
    else:
        say(f"launch {launch_id} is {answer['state']} already, approved by {answer['approved_by'] or 'nobody'}")


@flow.command("decline")
def decline(
    context: typer.Context,
    launch_id: Launch,
    reason: Annotated[str, typer.Option(help="Why; whoever asked reads it.")],
    as_json: Json = False,
) -> None:
    """Say no to a launch that does not run yet, or take your own back. Declining twice is harmless."""
    with connection(context).client() as client:
        answer = client.post(at("launches", launch_id, "decline"), {"reason": reason})
    if as_json:
        emit_json(answer)
    else:
        say(f"launch {launch_id} is {answer['state']}: {answer['rejected']}")


def checked(client: Client, launch_id: str) -> dict[str, Any]:
    """The launch once nobody is checking it any more."""
    return follow(client, launch_id, until=_settled)


def tell(seen: dict[str, Any], as_json: bool) -> None:
    """What became of it and what comes next. Ends with exit code 1 where it cannot go on."""
    launch_id, state = seen["launch_id"], seen["state"]
    stuck = state in ("draft", "rejected")
    if as_json:
        emit_json(seen)
    else:
        say(f"{state}: launch {launch_id}", "red" if stuck else "green")
        for line in told(seen.get("points") or []):
            say(line)
        if further := awaited(seen) or ("" if stuck else f"`slipway watch {launch_id}` shows it"):
            say(further)
        if not stuck:
            stdout.print(launch_id)
    if stuck:
        raise typer.Exit(Exit.NO)


def _settled(seen: dict[str, Any]) -> bool:
    return seen["state"] != "validating" and not (seen["state"] == "draft" and not seen["points"])


def _count(client: Client, seen: dict[str, Any]) -> dict[str, Any]:
    """Of the launch's own selection."""
    counted: dict[str, Any] = client.post(at("counts"), {"launch_id": seen["launch_id"]})
    _show(counted, f"Mend that and say `slipway validate-launch {seen['launch_id']}`.")
    return counted


def look(client: Client, body: dict[str, Any]) -> None:
    """Whether this could be launched, and with which figures, before anybody is asked whether it is to be. Ends the
    command where it could not; says nothing where others are counted for."""
    if (counted := client.post_if_free(at("counts"), body)) is not None:
        _show(counted, "Mend that and launch again.")
        if any(point["code"] == "quota" for point in counted["points"]):
            fail(Exit.NO, "it would be refused now: too many launches were asked for", "Launch when the hour is over.")


def _show(counted: dict[str, Any], remedy: str) -> None:
    for line in told(counted["points"]):
        say(line)
    if counted["token"] is None:
        fail(Exit.NO, "it could not run as it is", remedy)
    show_figures(counted)
    show_reach(counted)


def show_figures(figures: dict[str, Any]) -> None:
    say(f"{figures['targeted']:,} targeted, {figures['starting']:,} would start")
    for reason, count in sorted(figures["excluded"].items(), key=lambda item: -item[1]):
        say(f"  {count:,} {reason}")


def show_confirmed(seen: dict[str, Any]) -> None:
    """What the launch is told, and the figures that were confirmed, as they were frozen; nothing where nobody has
    counted."""
    for name, value in (seen.get("context") or {}).items():
        say(f"context {name}: {value}")
    summary = seen.get("summary") or {}
    if figures := summary.get("figures"):
        say(f"as confirmed by {summary['confirmed_by']}:")
        show_figures(figures)
        show_reach(summary)


def show_reach(counted: dict[str, Any]) -> None:
    """What each message reaches. Of figures that were confirmed, that may not have been kept."""
    for message_type, contacts in counted.get("no_consent", {}).items():
        say(f"    {contacts:,} of them without consent to {message_type}")
    for message in counted.get("messages", []):
        if message.get("reached") is None:
            continue
        skipped = ", ".join(f"{contacts:,} {why}" for why, contacts in sorted(message["skipped"].items()))
        also = f" ({skipped})" if skipped else ""
        most = "at most " if message.get("at_most") else ""
        say(f"  step {message['step']} reaches {most}{message['reached']:,} by {message['channel']}{also}")
