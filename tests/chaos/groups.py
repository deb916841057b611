"""Consumer groups deleted on the broker: what somebody with the admin tools might do. aiokafka has no call for it."""

import asyncio
import time
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String

NO_ERROR = 0
GROUP_ID_NOT_FOUND = 69


class DeleteGroupsResponse0(Response):
    API_KEY = 42
    API_VERSION = 0
    SCHEMA = Schema(("throttle_time_ms", Int32), ("results", Array(("group", String("utf-8")), ("error_code", Int16))))


class DeleteGroupsRequest0(RequestStruct):
    API_KEY = 42
    API_VERSION = 0
    RESPONSE_TYPE = DeleteGroupsResponse0
    SCHEMA = Schema(("groups", Array(String("utf-8"))))


class DeleteGroups(Request[DeleteGroupsRequest0]):
    API_KEY = 42

    def __init__(self, groups: list[str]) -> None:
        self._groups = groups

    def build(self, request_struct_class: type[DeleteGroupsRequest0]) -> DeleteGroupsRequest0:
        return request_struct_class(self._groups)


async def delete_group(kafka: str, group: str, patience: float = 60) -> bool:
    """With all its offsets; False if it was gone already. The broker refuses while it has members: then again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    deadline = time.monotonic() + patience
    try:
        while True:
            answer: Any = await admin._send_request(DeleteGroups([group]), await admin.find_coordinator(group))
            [(_, error)] = answer.results
            if error in (NO_ERROR, GROUP_ID_NOT_FOUND):
                return bool(error == NO_ERROR)
            assert time.monotonic() < deadline, f"group {group} could not be deleted: Kafka's error {error}"
            await asyncio.sleep(0.5)
    finally:
        await admin.close()
