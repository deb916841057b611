"""Launch: what a marketer asks for, for everybody, for one contact, or for targets of an earlier launch."""

import time
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.commands.flow import checked, look, tell
from cli.connection import Client, at, connection
from cli.output import Exit, confirm, emit_json, say
from cli.selection import Intersect, became, context_values, in_words, lifting, narrowing, participants, results
from contracts.words import NOT_STARTED

launching = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Everybody = Annotated[bool, typer.Option("--all", help="All contacts of the project.")]
Group = Annotated[list[str] | None, typer.Option(help="Contacts of this group; repeat for more.")]
Contact = Annotated[list[str] | None, typer.Option(help="This contact; repeat for more.")]
Segment = Annotated[
    str | None,
    typer.Option(
        metavar="CEL", help='Contacts for whom this holds: contact.active; a kept one: "$(slipway segment show NAME)"'
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option("--context", help="NAME=VALUE the scenario declares; digits as a text: NAME='\"2024\"'."),
]
IncludeAll = Annotated[bool, typer.Option(help="Lift consent (never restrictions or suppression).")]
Reason = Annotated[str | None, typer.Option(help="Why consent is lifted.")]
IdempotencyKey = Annotated[str | None, typer.Option(help="The same key never launches twice.")]
Outcome = Annotated[str | None, typer.Option(help="Its targets with this outcome, such as failure.")]
Of = Annotated[str | None, typer.Option(metavar="LAUNCH", help="Targets of this launch, which has ended.")]
OfReason = Annotated[str | None, typer.Option(help="With --of: its targets with this reason, such as error:send.")]
Delivery = Annotated[str | None, typer.Option(help="`unknown`: nobody can know whether their message arrived.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.25
PATIENCE = 110.0
"""Seconds: a result set is read page by page before it is counted."""


@launching.command("launch")
def launch(
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
    idempotency_key: IdempotencyKey = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Ask for a launch; it is answered when it has been checked, with what comes next."""
    options = lifting(include_all, reason) | narrowing(intersect_with_launcher)
    who = participants(everybody, group, contact, segment, results(of, outcome, of_reason, delivery))
    body = {"scenario": scenario, "participants": who, "context": context_values(value), "options": options}
    with connection(context).client(timeout=PATIENCE) as client:
        _sure(client, f"Launch {scenario} on {in_words(who)}?", body, yes)
        _ask(client, at("launches"), body, idempotency_key, as_json)


@launching.command("start")
def start(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Key of an active scenario; a triggered one may allow it, too.")],
    contact: Annotated[str, typer.Argument(help="Contact id.")],
    value: Values = None,
    include_all: IncludeAll = False,
    reason: Reason = None,
    intersect_with_launcher: Intersect = False,
    idempotency_key: IdempotencyKey = None,
    as_json: Json = False,
) -> None:
    """Start a scenario for one contact: validated, then it runs, without count, confirmation or approval. Exit 1 if the
    contact does not start."""
    body = {
        "contact_id": contact,
        "context": context_values(value),
        "options": lifting(include_all, reason) | narrowing(intersect_with_launcher),
    }
    with connection(context).client() as client:
        answer = _post(client, at("scenarios", scenario, "instances"), body, idempotency_key)
        seen = _begun(client, checked(client, answer["launch_id"]))
    why = [reason for reason in (seen.get("figures") or {}).get("by_reason", {}) if reason.startswith(NOT_STARTED)]
    if not why:
        tell(seen, as_json)
        return
    if as_json:
        emit_json(seen)
    else:
        say(f"{why[0]}: {contact} was not started by launch {seen['launch_id']}", "red")
        say(f"`slipway why {seen['launch_id']} {contact}` tells the rest")
    raise typer.Exit(Exit.NO)


@launching.command("relaunch")
def relaunch(
    context: typer.Context,
    launch_id: Annotated[str, typer.Argument(metavar="LAUNCH", help="An earlier launch.")],
    everybody: Everybody = False,
    group: Group = None,
    contact: Contact = None,
    segment: Segment = None,
    value: Annotated[
        list[str] | None, typer.Option("--context", help="NAME=VALUE; none: those of the earlier launch.")
    ] = None,
    include_all: IncludeAll = False,
    reason: Reason = None,
    intersect_with_launcher: Intersect = False,
    idempotency_key: IdempotencyKey = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """A new launch of the same scenario. Whom it is for is said anew: the earlier selection is not taken over."""
    options = lifting(include_all, reason) | narrowing(intersect_with_launcher)
    who = participants(everybody, group, contact, segment)
    body: dict[str, Any] = {"participants": who, "options": options}
    if value:
        body["context"] = context_values(value)
    with connection(context).client(timeout=PATIENCE) as client:
        earlier = client.get(at("launches", launch_id))
        _sure(client, f"Launch {earlier['scenario']} on {in_words(who)}?", {**_again(earlier), **body}, yes)
        _ask(client, at("launches", launch_id, "relaunch"), body, idempotency_key, as_json)


@launching.command("retry")
def retry(
    context: typer.Context,
    launch_id: Annotated[str, typer.Argument(metavar="LAUNCH", help="A launch that has ended.")],
    outcome: Outcome = None,
    reason: Annotated[str | None, typer.Option(help="With this reason, such as not_started:no_address.")] = None,
    delivery: Delivery = None,
    value: Annotated[
        list[str] | None, typer.Option("--context", help="NAME=VALUE; none: those of the earlier launch.")
    ] = None,
    idempotency_key: IdempotencyKey = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """A new launch of the same scenario for exactly these targets; `once` does not keep them out, running ones stay."""
    chosen = became(outcome, reason, delivery)
    body: dict[str, Any] = {**chosen, **({"context": context_values(value)} if value else {})}
    [(what, said)] = chosen.items()
    with connection(context).client(timeout=PATIENCE) as client:
        earlier = client.get(at("launches", launch_id))
        question = f"Launch {earlier['scenario']} again on the targets of {launch_id} with {what} {said}?"
        who = {"kind": "results", "launch_id": launch_id, **chosen}
        given = {"context": body["context"]} if "context" in body else {}
        _sure(client, question, {**_again(earlier), "participants": who, **given}, yes)
        _ask(client, at("launches", launch_id, "retry"), body, idempotency_key, as_json)


def _sure(client: Client, question: str, body: dict[str, Any], yes: bool) -> None:
    """Looks first whether it can be done, and asks after that."""
    if not yes:
        look(client, body)
    confirm(question, yes)


def _again(earlier: dict[str, Any]) -> dict[str, Any]:
    return {"scenario": earlier["scenario"], "context": earlier["context"]}


def _ask(client: Client, path: str, body: dict[str, Any], key: str | None, as_json: bool) -> None:
    tell(checked(client, _post(client, path, body, key)["launch_id"]), as_json)


def _post(client: Client, path: str, body: dict[str, Any], key: str | None) -> Any:
    return client.post(path, body, headers={"Idempotency-Key": key or str(uuid4())})


def _begun(client: Client, seen: dict[str, Any]) -> dict[str, Any]:
    """A launch for one contact once that has started, or does not; after WAIT_SECONDS as it was."""
    path, deadline = at("launches", seen["launch_id"], "progress"), time.monotonic() + WAIT_SECONDS
    if seen["state"] in ("draft", "rejected"):
        return seen
    while time.monotonic() < deadline:
        figures = client.get_patiently(path)
        if figures["started"] or figures["not_started"]:
            return {**seen, "state": figures["state"], "figures": figures}
        time.sleep(LOOK_SECONDS)
    return seen
