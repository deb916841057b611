"""Count: how many a launch would target and start, before anybody asks for it."""

from typing import Annotated, Any

import typer

from cli.commands.flow import show_figures, show_reach
from cli.commands.launching import (
    PATIENCE,
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
from cli.output import Exit, emit_json, fail, say, show_contacts, stdout, told
from cli.selection import Intersect, context_values, lifting, narrowing, participants, results

counting = typer.Typer(no_args_is_help=True)

FIGURES = ("targeted", "starting", "reached")
"""What `--list` takes beside reasons."""
WORDS = {
    ("targeted", False): "targeted",
    ("starting", False): "would start",
    ("excluded", False): "do not start: {reason}",
    ("skipped", False): "start and are skipped by a message: {reason}",
    ("skipped", True): "start and are skipped at step {step}: {reason}",
    ("reached", True): "start and are reached at step {step} if they come to it",
}
"""By figure, and whether of one step."""


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
        str | None,
        typer.Option(
            "--list",
            metavar="REASON",
            help="The contacts behind this reason instead; or `targeted`, `starting`, with --step `reached`.",
        ),
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --list: whom the message at this step skips for it, or reaches."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Targeted, expected to start, excluded by reason, and what each message reaches; the token is good for 15 minutes.

    Prints the token on stdout: `slipway confirm LAUNCH --token TOKEN` launches on what you have seen. Each figure has
    its list: `--list no_consent` whom that keeps out (or, if nobody, whom a message skips for it), `--list no_consent
    --step NAME` whom that message skips for it, `--list reached --step NAME` whom it reaches, `--list starting`.
    """
    body: dict[str, Any] = {
        "scenario": scenario,
        "participants": participants(everybody, group, contact, segment, results(of, outcome, of_reason, delivery)),
        "context": context_values(value),
        "options": lifting(include_all, reason) | narrowing(intersect_with_launcher),
    }
    if step is not None and listed is None:
        fail(Exit.USAGE, "--step chooses among the lists of a count", "Say --list REASON, too, or --list reached.")
    with connection(context).client(timeout=PATIENCE) as client:
        if listed is not None:
            _list(client, body, listed, step, as_json)
            return
        counted = client.post(at("counts"), body)
    if as_json:
        emit_json(counted)
    else:
        _show(counted)
    if counted["token"] is None:
        raise typer.Exit(Exit.NO)


def _list(client: Client, body: dict[str, Any], listed: str, step: str | None, as_json: bool) -> None:
    wanted = {"figure": listed} if listed in FIGURES else {"reason": listed}
    counted = None
    if step is not None:
        wanted["step"] = step
    elif listed not in FIGURES:
        counted = client.post(at("counts"), body)
        if counted["token"] is None:
            _show(counted)
            raise typer.Exit(Exit.NO)
        wanted["figure"] = "excluded" if counted["excluded"].get(listed) else "skipped"
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.post(at("counts"), {**body, "list": {**wanted, "cursor": cursor}})
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    if found or as_json:
        show_contacts(found, as_json)
    say(f"{len(found):,} {WORDS[page['figure'], step is not None].format(reason=listed, step=step)}")
    if counted is not None:
        _say_others(counted, listed, page["figure"])


def _say_others(counted: dict[str, Any], reason: str, figure: str) -> None:
    """Where else the count has this reason, or which it has."""
    skipping = {message["step"]: message["skipped"].get(reason) for message in counted["messages"]}
    for step, contacts in skipping.items():
        if contacts:
            beside = "besides, " if figure == "excluded" else ""
            say(f"  {beside}{contacts:,} start and are skipped at step {step}: --step {step} lists them")
    if reason not in counted["excluded"] and not any(skipping.values()):
        reasons = {*counted["excluded"], *(why for message in counted["messages"] for why in message["skipped"])}
        say(f"  this count has no reason {reason}; it has {', '.join(sorted(reasons)) or 'none'}")


def _show(counted: dict[str, Any]) -> None:
    for line in told(counted["points"]):
        say(line)
    if counted["token"] is None:
        say("it cannot be launched as it is: mend what is named above, and count again", "red")
        return
    show_figures(counted)
    show_reach(counted)
    stdout.print(counted["token"], soft_wrap=True)
