"""Count: how many a launch would target and start, before anybody asks for it."""

from typing import Annotated, Any

import typer

from cli.commands.flow import show_figures, show_reach
from cli.commands.launching import (
    Contact,
    Delivery,
    Everybody,
    Group,
    IncludeAll,
    Json,
    Of,
    OfReason,
    Outcome,
    Reason,
    Segment,
    Values,
)
from cli.connection import Client, at, connection
from cli.output import Exit, emit_json, say, show_contacts, stdout, told
from cli.selection import Intersect, context_values, lifting, narrowing, participants, results

counting = typer.Typer(no_args_is_help=True)
PATIENCE = 110.0
"""Seconds: a result set is read page by page before it is counted."""


@counting.command("count")
def count(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Key of an active scenario.")],
    everybody: Everybody = False,
    group: Group = None,
    contact: Contact = None,
    segment: Segment = None,
    of: Of = None,
    outcome: Outcome = None,
    of_reason: OfReason = None,
    delivery: Delivery = None,
    value: Values = None,
    include_all: IncludeAll = False,
    reason: Reason = None,
    intersect_with_launcher: Intersect = False,
    listed: Annotated[
        str | None, typer.Option("--list", metavar="REASON", help="The contacts behind this reason instead.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Targeted, expected to start, excluded by reason, and what each message reaches; the token is good for 15 minutes.

    Prints the token on stdout: `slipway confirm LAUNCH --token TOKEN` launches on what you have seen.
    """
    body: dict[str, Any] = {
        "scenario": scenario,
        "participants": participants(everybody, group, contact, segment, results(of, outcome, of_reason, delivery)),
        "context": context_values(value),
        "options": lifting(include_all, reason) | narrowing(intersect_with_launcher),
    }
    with connection(context).client(timeout=PATIENCE) as client:
        if listed is not None:
            _list(client, body, listed, as_json)
            return
        counted = client.post(at("counts"), body)
    if as_json:
        emit_json(counted)
    else:
        _show(counted)
    if counted["token"] is None:
        raise typer.Exit(Exit.NO)


def _list(client: Client, body: dict[str, Any], reason: str, as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.post(at("counts"), {**body, "list": {"reason": reason, "cursor": cursor}})
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    if not found and not as_json:
        _say_reasons(client.post(at("counts"), body), reason)
        return
    show_contacts(found, as_json)


def _say_reasons(counted: dict[str, Any], reason: str) -> None:
    """Why a list is empty."""
    reasons = {*counted["excluded"], *(why for message in counted["messages"] for why in message["skipped"])}
    say(f"nobody: this count has no reason {reason}; it has {', '.join(sorted(reasons)) or 'none'}")


def _show(counted: dict[str, Any]) -> None:
    for line in told(counted["points"]):
        say(line)
    if counted["token"] is None:
        say("it cannot be launched as it is: mend what is named above, and count again", "red")
        return
    show_figures(counted)
    show_reach(counted)
    stdout.print(counted["token"], soft_wrap=True)
