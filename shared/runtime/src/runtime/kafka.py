"""How to reach Kafka: the same answer for the consumer (FastStream's) and the producer (aiokafka's)."""

import ssl
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from runtime.settings import Settings


def tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.kafka_security_protocol.endswith("SSL"):
        return None
    return ssl.create_default_context(cafile=None if settings.kafka_ssl_ca is None else str(settings.kafka_ssl_ca))


def client_options(settings: Settings) -> dict[str, Any]:
    """For an aiokafka client."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": tls(settings),
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password,
        }
    return options


def broker(settings: Settings, *, client_id: str) -> KafkaBroker:
    """FastStream's broker for consumption only: it makes no producer, no admin client and no topics."""
    return KafkaBroker(
        settings.kafka.split(","),
        security=_security(settings),
        client_id=client_id,
        consumer_only=True,
        allow_auto_create_topics=False,
        graceful_timeout=None,
        logger=None,
    )


def _security(settings: Settings) -> BaseSecurity:
    context = tls(settings)
    if not settings.kafka_security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context)
    kind = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}[
        settings.kafka_sasl_mechanism
    ]
    return kind(settings.kafka_sasl_username, settings.kafka_sasl_password, ssl_context=context)
