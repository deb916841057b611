"""Single contacts of a launch that runs: taken out of it, or past a wait."""

import time
from typing import Annotated, Any

import typer

from cli.connection import Client, at, connection
from cli.output import Exit, emit_json, say

ordering = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Launch = Annotated[str, typer.Argument(metavar="LAUNCH", help="Launch id.")]
Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="Contact id.")]
WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.25
WORDS = {
    "removed": "{contact} is removed: no step starts any more, a message that was not handed over is cancelled",
    "moved_on": "{contact} goes on from the wait",
    "not_waiting": "{contact} is at no wait: nothing was changed",
    "ended": "{contact} had ended already: nothing was changed",
    "unknown_target": "{contact} is not in process in this launch: nothing was changed",
}
CHANGED = ("removed", "moved_on")


@ordering.command("remove")
def remove(context: typer.Context, launch_id: Launch, contact_id: Contact, as_json: Json = False) -> None:
    """Take one contact out of a launch: what is done stays done, no message more. Exit 1 if nothing was changed."""
    _order(context, launch_id, contact_id, "remove", as_json)


@ordering.command("advance")
def advance(context: typer.Context, launch_id: Launch, contact_id: Contact, as_json: Json = False) -> None:
    """Let one contact go on from the wait it is at, now. Exit 1 if it is at no wait."""
    _order(context, launch_id, contact_id, "advance", as_json)


@ordering.command("pacing")
def pacing(
    context: typer.Context,
    launch_id: Launch,
    per_second: Annotated[float | None, typer.Option(help="At most so many contacts a second.")] = None,
) -> None:
    """Not available yet: refused, with what to do instead."""
    with connection(context).client() as client:
        client.post(at("launches", launch_id, "pacing"), {} if per_second is None else {"per_second": per_second})


def _order(context: typer.Context, launch_id: str, contact_id: str, kind: str, as_json: bool) -> None:
    with connection(context).client() as client:
        given = client.post(at("launches", launch_id, kind), {"contact_id": contact_id})
        order = {**given, "result": None, **_carried_out(client, launch_id, given["order_id"])}
    if as_json:
        emit_json(order)
    elif order["result"] is None:
        say(f"ordered ({order['order_id']}), not carried out yet: who is no target so far is met on becoming one")
        say(f"`slipway why {launch_id} {contact_id}` will show it")
    else:
        say(WORDS[order["result"]].format(contact=contact_id))
    if order["result"] is not None and order["result"] not in CHANGED:
        raise typer.Exit(Exit.NO)


def _carried_out(client: Client, launch_id: str, order_id: str) -> dict[str, Any]:
    """The order with its result, if that comes within WAIT_SECONDS; nothing, if who gave it may not look."""
    path, deadline = at("launches", launch_id, "orders", order_id), time.monotonic() + WAIT_SECONDS
    if client.get_if_allowed(path) is None:
        return {}
    while True:
        order: dict[str, Any] = client.get_patiently(path)
        if order["state"] == "done" or time.monotonic() > deadline:
            return order
        time.sleep(LOOK_SECONDS)
