"""Trials: a scenario's mails to oneself, and a whole launch of which nothing leaves the house."""

from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.commands.flow import checked
from cli.commands.launching import Contact, Everybody, Group, IdempotencyKey, IncludeAll, Json, Reason, Segment, Values
from cli.connection import Client, at, connection
from cli.output import Exit, emit_json, say, stdout, told
from cli.progress import follow, show_figures
from cli.selection import context_values, lifting, participants

trials = typer.Typer(no_args_is_help=True)

Scenario = Annotated[str, typer.Argument(help="Key of a scenario.")]
ENDED = ("completed", "stopped", "failed", "rejected")


@trials.command("test")
def test(
    context: typer.Context,
    scenario: Scenario,
    to: Annotated[list[str], typer.Option(metavar="ADDRESS", help="Who gets the mails; repeat for more (10).")],
    version: Annotated[int | None, typer.Option(help="Any; else the active one, else the newest.")] = None,
    contact: Annotated[str | None, typer.Option(help="Whose data fills the mails; else the first contact's.")] = None,
    value: Values = None,
    idempotency_key: IdempotencyKey = None,
    as_json: Json = False,
) -> None:
    """Send a scenario's mails to named addresses, without its waits. Counted nowhere, nothing of a contact changes.
    Exit 1 if a message failed."""
    given = {"version": version, "contact_id": contact}
    chosen = {name: said for name, said in given.items() if said is not None}
    body: dict[str, Any] = {"scenario": scenario, "to": to, "context": context_values(value), **chosen}
    with connection(context).client() as client:
        asked = _post(client, "tests", body, idempotency_key)["items"]
        ended = [_tried(client, item) for item in asked]
    if as_json:
        emit_json(ended)
    for seen in () if as_json else ended:
        _say(f"{seen['to']}: ", seen)
    if not all(map(_went_well, ended)):
        raise typer.Exit(Exit.NO)


@trials.command("rehearse")
def rehearse(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Key of an active scenario.")],
    everybody: Everybody = False,
    group: Group = None,
    contact: Contact = None,
    segment: Segment = None,
    value: Values = None,
    include_all: IncludeAll = False,
    reason: Reason = None,
    idempotency_key: IdempotencyKey = None,
    as_json: Json = False,
) -> None:
    """Go through a whole launch now, without its waits: the same counts and reasons, nobody is sent to."""
    body = {
        "scenario": scenario,
        "participants": participants(everybody, group, contact, segment),
        "context": context_values(value),
        "options": lifting(include_all, reason),
    }
    with connection(context).client() as client:
        seen = _ended(client, _post(client, "rehearsals", body, idempotency_key)["launch_id"], live=not as_json)
    if as_json:
        emit_json(seen)
    elif seen["state"] == "rejected":
        _say("", seen)
    else:
        show_figures(seen)
        stdout.print(seen["launch_id"])
    if seen["state"] != "completed":
        raise typer.Exit(Exit.NO)


def _post(client: Client, what: str, body: dict[str, Any], key: str | None) -> Any:
    return client.post(at(what), body, headers={"Idempotency-Key": key or str(uuid4())})


def _ended(client: Client, launch_id: str, live: bool) -> dict[str, Any]:
    seen = checked(client, launch_id)
    if seen["state"] in ENDED:
        return seen
    return follow(client, launch_id, until=lambda now: now["state"] in ENDED, live=live)


def _tried(client: Client, item: dict[str, str]) -> dict[str, Any]:
    """The test to one address at its end, and its messages that failed, as far as whoever asked may look."""
    launch_id = item["launch_id"]
    seen = _ended(client, launch_id, live=False)
    path = at("launches", launch_id, "deliveries") + "?state=failed"
    page = None if seen["state"] == "rejected" else client.get_if_allowed(path)
    return {**seen, "to": item["to"], "failed": page["items"] if page else []}


def _went_well(seen: dict[str, Any]) -> bool:
    """It came to its end, and not for nobody, and no message failed."""
    return _for_somebody(seen) and not seen["failed"] and not seen["figures"]["deliveries"].get("failed")


def _for_somebody(seen: dict[str, Any]) -> bool:
    return seen["state"] == "completed" and bool(seen["figures"]["targeted"])


def _say(before: str, seen: dict[str, Any]) -> None:
    if seen["state"] == "rejected":
        say(f"{before}rejected", "red")
        for line in told(seen.get("points") or []):
            say(line)
    elif not _for_somebody(seen):
        say(f"{before}{seen['state']}: there was no contact to go the way of", "red")
    else:
        figures = seen["figures"]
        reasons = ", ".join(figures["by_reason"])
        states = ", ".join(f"{count:,} {state}" for state, count in figures["deliveries"].items()) or "none"
        say(
            f"{before}{reasons}; messages: {states}; launch {seen['launch_id']}", "green" if _went_well(seen) else "red"
        )
        for failed in seen["failed"]:
            why = ": ".join(filter(None, (failed["reason"], failed["detail"])))
            say(f"  step {failed['step']} failed: {why}")
            say(f"  `slipway why {seen['launch_id']} {failed['contact_id']}` tells the rest")
