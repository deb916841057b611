"""`slipway crm`: the CRM's side, over Kafka. `docs/crm.md` explains the records; `examples/crm` does it without us."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer
from aiokafka import TopicPartition

from cli.connection import connection
from cli.kafka import ends, reader, writer
from cli.output import Exit, emit_json, fail, say, stdout, told
from cli.requests import as_commands
from cli.selection import Intersect, context_values, lifting, narrowing, participants
from runtime.signing import sign

crm = typer.Typer(no_args_is_help=True, help="The CRM's side: signed commands on Kafka.")


@crm.callback()
def _group() -> None:
    """The CRM's side: signed commands on Kafka."""


@dataclass(frozen=True)
class Key:
    id: str
    secret: str


@dataclass(frozen=True)
class Answer:
    type: str
    """`launch.accepted`, `launch.rejected`, `command.accepted` or `command.rejected`."""
    data: dict[str, Any]


KeyOption = Annotated[str | None, typer.Option("--key", envvar="SLIPWAY_KEY", help="Id of the key that signs.")]
SecretOption = Annotated[
    str | None, typer.Option("--secret", envvar="SLIPWAY_SECRET", help="The key's signing secret.", show_envvar=True)
]


@crm.command("launch")
def launch(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Key of an active scenario.")],
    everybody: Annotated[bool, typer.Option("--all", help="All contacts of the project.")] = False,
    group: Annotated[list[str] | None, typer.Option(help="Contacts of this group; repeat for more.")] = None,
    contact: Annotated[list[str] | None, typer.Option(help="This contact; repeat for more.")] = None,
    segment: Annotated[str | None, typer.Option(metavar="CEL", help="Contacts for whom this holds.")] = None,
    value: Annotated[
        list[str] | None,
        typer.Option("--context", help="NAME=VALUE the scenario declares; digits as a text: NAME='\"2024\"'."),
    ] = None,
    include_all: Annotated[bool, typer.Option(help="Lift consent (never restrictions or suppression).")] = False,
    reason: Annotated[str | None, typer.Option(help="Why consent is lifted.")] = None,
    intersect_with_launcher: Intersect = False,
    token: Annotated[str | None, typer.Option("--token", help="Of a count (`slipway count`) that it is about.")] = None,
    key: KeyOption = None,
    secret: SecretOption = None,
    command_id: Annotated[str | None, typer.Option("--id", help="The command's id; the same again is safe.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the answer.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as one JSON document.")] = False,
) -> None:
    """Emit a signed launch.request and wait for its answer."""
    here = connection(context)
    data = {
        "project": here.need_project(),
        "scenario": scenario,
        "participants": participants(everybody, group, contact, segment),
        "context": context_values(value),
        "options": lifting(include_all, reason) | narrowing(intersect_with_launcher),
        **({"count_token": token} if token else {}),
    }
    answer = asyncio.run(
        ask(here.kafka, signing_key(key, secret), "launch.request", data, command_id or str(uuid4()), timeout)
    )
    show(answer, as_json)


LaunchId = Annotated[str, typer.Argument(metavar="LAUNCH")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for the answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as one JSON document.")]


@crm.command("stop")
def stop(
    context: typer.Context,
    launch_id: LaunchId,
    key: KeyOption = None,
    secret: SecretOption = None,
    timeout: Timeout = 30.0,
    as_json: AsJson = False,
) -> None:
    """Emit a signed launch.stop and wait for its answer."""
    _turn(context, "launch.stop", launch_id, signing_key(key, secret), timeout, as_json)


@crm.command("pause")
def pause(
    context: typer.Context,
    launch_id: LaunchId,
    key: KeyOption = None,
    secret: SecretOption = None,
    timeout: Timeout = 30.0,
    as_json: AsJson = False,
) -> None:
    """Emit a signed launch.pause and wait for its answer."""
    _turn(context, "launch.pause", launch_id, signing_key(key, secret), timeout, as_json)


@crm.command("resume")
def resume(
    context: typer.Context,
    launch_id: LaunchId,
    key: KeyOption = None,
    secret: SecretOption = None,
    timeout: Timeout = 30.0,
    as_json: AsJson = False,
) -> None:
    """Emit a signed launch.resume and wait for its answer. Of a launch that is held it sends the surplus, too."""
    _turn(context, "launch.resume", launch_id, signing_key(key, secret), timeout, as_json)


@crm.command("remove-contact")
def remove_contact(
    context: typer.Context,
    launch_id: LaunchId,
    contact_id: Annotated[str, typer.Argument(metavar="CONTACT")],
    key: KeyOption = None,
    secret: SecretOption = None,
    timeout: Timeout = 30.0,
    as_json: AsJson = False,
) -> None:
    """Emit a signed launch.remove-contact and wait for its answer."""
    named = {"contact_id": contact_id}
    _turn(context, "launch.remove-contact", launch_id, signing_key(key, secret), timeout, as_json, **named)


def _turn(
    context: typer.Context, name: str, launch_id: str, key: Key, timeout: float, as_json: bool, **more: str
) -> None:
    here = connection(context)
    data = {"project": here.need_project(), "launch_id": launch_id, **more}
    show(asyncio.run(ask(here.kafka, key, name, data, str(uuid4()), timeout)), as_json)


def signing_key(key: str | None, secret: str | None) -> Key:
    if not key or not secret:
        fail(
            Exit.USAGE,
            "a command on Kafka is signed: which key?",
            "Say --key and --secret (or SLIPWAY_KEY, SLIPWAY_SECRET). "
            "`slipway key create --grant process:start --grant launch:preapproved` makes and shows one.",
        )
    return Key(key, secret)


async def ask(kafka: str, key: Key, name: str, data: dict[str, Any], command_id: str, timeout: float) -> Answer:
    """Writes one signed command and reads `launcher.replies` until its answer is there."""
    source, kind, body = "/slipway/cli", f"com.slipway.{name}.v1", orjson.dumps(data)
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    headers = {
        "ce_specversion": "1.0",
        "ce_id": command_id,
        "ce_source": source,
        "ce_type": kind,
        "ce_time": at,
        "content-type": "application/json",
        "slipway-key": key.id,
        "slipway-signature": sign(key.secret, command_id, at, source, kind, body),
    }
    async with reader(kafka, "launcher.replies") as replies, writer(kafka) as commands:
        for partition, offset in (await ends(replies)).items():
            replies.seek(TopicPartition(partition.topic, partition.partition), offset)
        encoded = [(header, value.encode()) for header, value in headers.items()]
        await commands.send_and_wait("crm.commands", body, key=data["project"].encode(), headers=encoded)
        try:
            async with asyncio.timeout(timeout):
                async for record in replies:
                    answer = orjson.loads(record.value)
                    if answer["command_id"] == command_id and answer["command_source"] == source:
                        ce_type = dict(record.headers)["ce_type"].decode()
                        return Answer(ce_type.removeprefix("com.slipway.").removesuffix(".v1"), answer)
        except TimeoutError:
            pass
    fail(
        Exit.UNREACHABLE,
        f"no answer to command {command_id} within {timeout:g} s; it stays on crm.commands and will be answered",
        f"Is launcher running (`slipway status`)? Ask again with --id {command_id}: one id never launches twice.",
    )


def show(answer: Answer, as_json: bool) -> None:
    """Prints the answer; a refusal ends with exit code 1."""
    if as_json:
        emit_json({"type": answer.type, **answer.data})
    elif answer.type.endswith(".accepted"):
        say(f"{answer.type}: launch {answer.data['launch_id']} is {answer.data['state']}", "green")
        stdout.print(answer.data["launch_id"])
    else:
        say(as_commands(f"{answer.type}: {answer.data.get('code', '')} {answer.data.get('detail', '')}"), "red")
        for line in told(answer.data.get("points", [])):
            say(line)
    if answer.type.endswith(".rejected"):
        raise typer.Exit(Exit.NO)
