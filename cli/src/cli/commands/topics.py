"""`topics apply`: Kafka's topics, which nothing else makes."""

import asyncio
import logging
from typing import Any

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

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
    security = kafka_security(settings)
    await await_kafka(settings.kafka, **security)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, **security)
    await admin.start()
    try:
        return await apply_topics(admin, settings.partitions, settings.topic_prefix)
    finally:
        await admin.close()


def kafka_security(settings: Settings) -> dict[str, Any]:
    """What any aiokafka client needs beside the address."""
    protocol = settings.kafka_security_protocol
    return {
        "security_protocol": protocol,
        "ssl_context": create_ssl_context(cafile=settings.kafka_ssl_ca) if protocol.endswith("SSL") else None,
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_sasl_username or None,
        "sasl_plain_password": settings.kafka_sasl_password or None,
    }
