"""`topics apply`: Kafka's topics, which nothing else makes."""

import asyncio
import logging
from typing import Any

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from cli.given import given_servers
from cli.output import Exit, fail, say
from cli.platform.failure import PlatformError
from cli.platform.ready import await_kafka
from cli.platform.topics import Applied, apply_topics
from runtime.settings import Settings

topics = typer.Typer(no_args_is_help=True, help="Kafka's topics.")


@topics.callback()
def _group() -> None:
    """Kafka's topics."""


@topics.command("apply")
def apply() -> None:
    """Make the topics with their partitions and settings; change settings that differ. Refuses another count."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    settings = given_servers()
    try:
        applied = asyncio.run(_apply(settings))
    except PlatformError as error:
        fail(Exit(error.code), error.what, error.remedy or None)
    except KafkaError as error:
        fail(Exit.UNREACHABLE, f"Kafka at {settings.kafka} failed: {error}")
    for what, names in (("created", applied.created), ("changed", applied.changed)):
        if names:
            say(f"{what}: {', '.join(names)}")
    say(f"{len(applied.unchanged)} topics are as they should be")


async def _apply(settings: Settings) -> Applied:
    options = _client_options(settings)
    await await_kafka(options)
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    try:
        return await apply_topics(admin, settings.partitions, settings.topic_prefix)
    finally:
        await admin.close()


def _client_options(settings: Settings) -> dict[str, Any]:
    if settings.kafka_security_protocol == "PLAINTEXT":
        return {"bootstrap_servers": settings.kafka}
    from runtime.kafka import client_options  # late: it brings a framework along

    return client_options(settings)
