"""The command `slipway`: puts the commands together and makes exit codes of what they raise.

Only the module of the command that is called is imported: `slipway status` need not wait for Kafka clients.
"""

import os
import sys
import traceback
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from cli.output import Exit, say
from cli.platform.home import find_home

TOP_LEVEL = {
    "local": ("up", "down", "status", "logs", "scale"),
    "migrate": ("migrate",),
    "demo": ("demo",),
    "counting": ("count",),
    "launching": ("launch", "start", "relaunch", "retry"),
    "trials": ("test", "rehearse"),
    "showing": ("show",),
    "flow": ("validate-launch", "confirm", "approve", "decline"),
    "steering": ("stop", "pause", "resume"),
    "looking": ("watch", "launches", "outcomes", "why", "audit"),
    "login": ("login",),
    "reconcile": ("reconcile",),
    "operations": ("partitions",),
    "ordering": ("remove", "advance", "pacing"),
    "dsn": ("dsn",),
}
"""Commands by module of `cli.commands`; there, a typer app of the module's name has them."""
GROUPS = {
    "operations": ("parked", "incidents"),
    "topics": ("topics",),
    "projects": ("project", "key", "user"),
    "contacts": ("contacts", "groups", "suppress"),
    "segments": ("segment",),
    "scenarios": ("scenario",),
    "crm": ("crm",),
}
"""Commands that have commands, by module; there, a typer app of the command's name has them."""
WITHOUT_CONNECTION = (*TOP_LEVEL["local"], "migrate", "topics", "login")


class Commands(TyperGroup):
    """Finds a command by its name, in the module that is said to have it."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        return super().parse_args(ctx, global_options_first(args))

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Ctrl-C at a question is Ctrl-C."""
        try:
            return super().invoke(ctx)
        except typer.Abort:
            sys.exit(Exit.INTERRUPTED)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """Typer compares a mistyped name with commands that it has loaded: of ours, names are enough."""
        self.commands = dict.fromkeys(self.list_commands(ctx), self)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [name for table in (TOP_LEVEL, GROUPS) for names in table.values() for name in names]

    def get_command(self, ctx: typer.Context, cmd_name: str):  # type: ignore[no-untyped-def, override]
        for module, names in TOP_LEVEL.items():
            if cmd_name in names:
                app = getattr(import_module(f"cli.commands.{module}"), module)
                return get_group(app).get_command(ctx, cmd_name)
        for module, names in GROUPS.items():
            if cmd_name in names:
                group = get_group(getattr(import_module(f"cli.commands.{module}"), cmd_name))
                group.name = cmd_name
                return group
        return None


def global_options_first(arguments: list[str]) -> list[str]:
    """`--project` and `--as` may stand anywhere: `slipway launches --project demo` is what people type."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    moved: list[str] = []
    kept: list[str] = []
    words = iter(arguments[:end])
    for word in words:
        if word in ("--project", "--as"):
            moved += [word, *[value for value in [next(words, None)] if value is not None]]
        elif word.startswith(("--project=", "--as=")):
            moved.append(word)
        else:
            kept.append(word)
    return moved + kept + arguments[end:]


app = typer.Typer(
    name="slipway",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback()
def slipway(
    context: typer.Context,
    project: Annotated[str | None, typer.Option(envvar="SLIPWAY_PROJECT", help="The project that is meant.")] = None,
    as_user: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="Act as this user. Local platform only.")
    ] = None,
) -> None:
    """Launches marketing-automation scenarios on contacts, exactly once per contact, and accounts for every one.

    Commands mean the platform of `slipway login`, else the local one: in SLIPWAY_HOME, else in the nearest .slipway
    folder from here upwards, else in ~/.slipway.
    """
    if context.invoked_subcommand not in WITHOUT_CONNECTION:
        from cli.connection import Connection

        context.obj = Connection(project=project, as_user=as_user, home=find_home())


def run() -> None:
    """Exit codes: `cli.output.Exit`. KeyboardInterrupt is the caller's."""
    try:
        app(prog_name="slipway")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left: `slipway logs | head`
        sys.exit(Exit.DONE)
    except UnicodeEncodeError:
        say("slipway: something that was given is not UTF-8", "red")
        sys.exit(Exit.USAGE)
    except Exception as error:
        traceback.print_exc()
        say(f"slipway: internal error: {type(error).__name__}: {error}", "red")
        sys.exit(Exit.INTERNAL)
