"""Show one launch: what whoever has to decide about it looks at."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli.connection import at, connection
from cli.output import print_table, say, show_one, told
from cli.selection import in_words
from cli.stuck import awaited, held_of, state_words

showing = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Launch = Annotated[str, typer.Argument(metavar="LAUNCH", help="Launch id.")]


@showing.command("show")
def show(context: typer.Context, launch_id: Launch, as_json: Json = False) -> None:
    """Show a launch: whom it is for, who asked, what was confirmed with which figures, and what comes next."""
    with connection(context).client() as client:
        seen = client.get(at("launches", launch_id))
    show_one(seen, as_json, _print)


def _print(seen: dict[str, Any]) -> None:
    rows = [*_about(seen), *_counted("as confirmed", seen["summary"])]
    rows += _counted("as counted at the approval", seen.get("recounted"))
    print_table(["launch", seen["launch_id"]], [row for row in rows if row[1] is not None])
    for line in told(seen.get("points") or []):
        say(line)
    if seen["state"] != "rejected":
        say(awaited(seen) or f"`slipway watch {seen['launch_id']}` shows its figures")


def _about(seen: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    lifted = seen["options"].get("override_reason")
    yield "state", state_words(seen["state"], held=held_of(seen))
    yield "scenario", f"{seen['scenario']}, version {seen['scenario_version'] or '–'}"
    yield "for", in_words(seen["participants"], seen["selected"])
    yield from ((f"context {name}", value) for name, value in (seen.get("context") or {}).items())
    yield "consent", lifted and f"lifted: {lifted}"
    yield "asked by", _by(seen["requested_by"], seen["drafted_at"])
    yield "confirmed by", _by(seen["confirmed_by"], seen["confirmed_at"])
    yield "approved by", _by(seen["approved_by"], seen["approved_at"])
    yield "rejected", seen["rejected"]
    yield "paused because", seen["paused_because"]


def _counted(when: str, counted: dict[str, Any] | None) -> Iterator[tuple[str, Any]]:
    """Figures as they were then: frozen. Nothing where nobody had counted."""
    if counted is None or (figures := counted["figures"]) is None:
        return
    yield when, ""
    yield "targeted", figures["targeted"]
    yield "would start", figures["starting"]
    yield from ((f"  {reason}", contacts) for reason, contacts in figures["excluded"].items())
    for message in counted["messages"]:
        most = " at most" if message.get("at_most") else ""
        yield f"step {message['step']} reaches{most}", message.get("reached")
        yield from ((f"  {why}", contacts) for why, contacts in (message.get("skipped") or {}).items())


def _by(who: str | None, moment: str | None) -> str | None:
    return f"{who}, {moment}" if who and moment else who
