"""Stop, pause and resume: what a marketer does with a launch that runs."""

from typing import Annotated, Any

import typer

from cli.connection import at, connection
from cli.output import confirm, emit_json, say
from cli.stopped import stopped, whole
from cli.stuck import held_of

steering = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Launch = Annotated[str, typer.Argument(metavar="LAUNCH", help="Launch id.")]
WAIT_SECONDS = 10.0


@steering.command("stop")
def stop(
    context: typer.Context,
    launch_id: Launch,
    wait: Annotated[bool, typer.Option(help="Wait up to 10 s until all of it has ended, messages included.")] = True,
    as_json: Json = False,
) -> None:
    """Stop a launch: steps done stay done, the rest is cancelled. Stopping twice is harmless."""
    with connection(context).client() as client:
        answer: dict[str, Any] = client.post(at("launches", launch_id, "stop"))
        ended = stopped(client, launch_id, WAIT_SECONDS) if wait and answer["state"] != "rejected" else None
    answer = {**answer, "cancelled": None} if ended is None else whole(answer, ended)
    if as_json:
        emit_json(answer)
        return
    if answer["state"] == "rejected":
        say(f"launch {launch_id} is cancelled: it had not begun")
        return
    done = ", ".join(f"{outcome} {count:,}" for outcome, count in answer["done"].items() if count)
    say(f"done before, and kept: {done or 'nothing'}")
    say(f"in flight: {answer['in_flight']:,} messages were with the provider, and come to their end")
    if (cancelled := answer["cancelled"]) is None:
        say(f"launch {launch_id} is {answer['state']}: about {answer['to_cancel']:,} targets are to be cancelled")
        say(f"`slipway watch {launch_id}` shows it")
    else:
        left = f"{cancelled['abandoned']:,} in process, {cancelled['not_started']:,} not started"
        so_far = "" if cancelled["final"] else " so far"
        say(f"cancelled: {left}, {cancelled['messages']:,} messages{so_far}")
        say(f"launch {launch_id} is {answer['state']}")
        if so_far:
            say(f"messages that wait are still being cancelled: `slipway watch {launch_id}` shows them")


@steering.command("pause")
def pause(context: typer.Context, launch_id: Launch, as_json: Json = False) -> None:
    """Pause a launch: no step starts until `slipway resume`. Pausing twice is harmless."""
    answer = _turned(context, launch_id, "pause", as_json)
    if not as_json:
        again = "" if answer["changed"] else " already"
        say(f"launch {launch_id} is {answer['state']}{again}: no step starts; what the provider has comes to its end")
        say(f"`slipway resume {launch_id}` lets it go on, `slipway stop {launch_id}` ends it")


@steering.command("resume")
def resume(
    context: typer.Context,
    launch_id: Launch,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, should the launch be held.")] = False,
    as_json: Json = False,
) -> None:
    """Let a paused launch go on. One that is held (it would send more than planned) then sends that, too."""
    with connection(context).client() as client:
        held = held_of(client.get(at("launches", launch_id)))
        if held is not None and not yes:
            client.post(at("launches", launch_id, "resume"), {"dry_run": True})
    if held is not None:
        say(f"launch {launch_id} is held: {held}", "yellow")
        confirm("Send what is held as well?", yes)
    answer = _turned(context, launch_id, "resume", as_json)
    if not as_json:
        say(f"launch {launch_id} is {answer['state']}{'' if answer['changed'] else ' already'}")
        if answer["lifted"]:
            say(f"the hold is lifted, what was held goes out: {answer['lifted']}")


def _turned(context: typer.Context, launch_id: str, action: str, as_json: bool) -> dict[str, Any]:
    with connection(context).client() as client:
        answer: dict[str, Any] = client.post(at("launches", launch_id, action))
    if as_json:
        emit_json(answer)
    return answer
