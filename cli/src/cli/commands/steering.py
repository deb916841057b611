"""Stop, pause and resume: what a marketer does with a launch that runs."""

from typing import Annotated, Any

import typer

from cli.connection import at, connection
from cli.output import confirm, emit_json, say
from cli.stuck import held_of

steering = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Launch = Annotated[str, typer.Argument(metavar="LAUNCH", help="Launch id.")]


@steering.command("stop")
def stop(context: typer.Context, launch_id: Launch, as_json: Json = False) -> None:
    """Stop a launch: steps done stay done, the rest is cancelled. Stopping twice is harmless."""
    with connection(context).client() as client:
        answer = client.post(at("launches", launch_id, "stop"))
    if as_json:
        emit_json(answer)
    else:
        say(f"launch {launch_id} is {answer['state']}")


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
