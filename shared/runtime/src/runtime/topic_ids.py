"""Identity of topics: a topic that was deleted and made again has the same name, another id, and other records.

aiokafka asks for metadata only up to version 5; topic ids come with version 12, written here with its own types.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.admin import DescribeConfigsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

TOPIC_RESOURCE = 2
NO_ERROR = 0


class Uuid(AbstractType[bytes]):
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class MetadataResponse12(Response):
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class MetadataRequest12Struct(RequestStruct):
    API_KEY = 3
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = MetadataResponse12
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class MetadataRequest12(Request[MetadataRequest12Struct]):
    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[MetadataRequest12Struct]) -> MetadataRequest12Struct:
        return request_struct_class([(bytes(16), name, {}) for name in self._topics], False, False, {})


@dataclass(frozen=True, slots=True)
class TopicState:
    id: str
    partitions: int


async def describe(client: AIOKafkaClient, topics: Iterable[str]) -> dict[str, TopicState]:
    """The topics that exist. Raises aiokafka's errors when no broker answers."""
    response = await client.send(client.get_random_node(), MetadataRequest12(sorted(topics)))
    return {
        name: TopicState(topic_id.hex(), len(partitions))
        for error, name, topic_id, _internal, partitions, *_ in response.topics
        if error == NO_ERROR
    }


async def record_limits(client: AIOKafkaClient, topics: Iterable[str]) -> dict[str, int]:
    """`max.message.bytes` of each topic; a topic that may not be asked is missing."""
    resources = [(TOPIC_RESOURCE, name, ["max.message.bytes"]) for name in sorted(topics)]
    response = await client.send(client.get_random_node(), DescribeConfigsRequest(resources))
    return {
        name: int(entries[0][1])
        for error, _message, _kind, name, entries in response.resources
        if error == NO_ERROR and entries
    }
