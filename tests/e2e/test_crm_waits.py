"""A program's launch that needs a person: it hears that it waits, and then what the person decided."""

import asyncio
import json
import uuid

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from e2e.slipway import Slipway

KINDS = "com.slipway.launch."


async def records(kafka: str, project: str, topic: str) -> list[tuple[str, dict[str, object]]]:
    """What lies on a public topic about this project: kind and data, by launch in its order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(8)])
        ends = await consumer.end_offsets(list(consumer.assignment()))
        found = []
        for partition, end in ends.items():
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(partition, timeout_ms=1000)).get(partition, []):
                    data = json.loads(record.value or b"{}")
                    if data.get("project") == project:
                        found.append((dict(record.headers)["ce_type"].decode().removeprefix(KINDS), data))
        return found
    finally:
        await consumer.stop()


@pytest.mark.behaviour(30)
def test_a_program_hears_that_it_waits_and_then_yes_or_no(slipway: Slipway) -> None:
    slipway.until_ready()
    here = slipway.with_mailing(f"w{uuid.uuid4().hex[:10]}", 3)
    here("user", "create", "bob", "--grant", "launch:approve", "--grant", "view")
    bob, key, kafka = here.of(str(here.project), "bob"), here.key("process:start"), slipway.status()["kafka"]
    told = {}
    for command in ("yes", "no"):
        answer = here.json("crm", "launch", "plain", "--all", "--id", command, *key)
        assert (answer["type"], answer["state"]) == ("launch.accepted", "awaiting_approval")
        told[command] = str(answer["launch_id"])
    bob("approve", told["yes"], "--yes")
    bob("decline", told["no"], "--reason", "not today")
    again = here.json("crm", "launch", "plain", "--all", "--id", "no", *key)
    assert (again["type"], again["launch_id"]) == ("launch.accepted", told["no"]), "the same answer as before"
    here("watch", told["yes"])
    assert sum(here.mails_to(str(here.project)).values()) == 3

    def heard(command: str) -> list[str]:
        found = asyncio.run(records(kafka, str(here.project), "launcher.replies"))
        return sorted({kind for kind, data in found if data["command_id"] == command})

    here.until(lambda: heard("yes") == ["accepted.v1", "approved.v1"], "it hears that it was approved")
    here.until(lambda: heard("no") == ["accepted.v1", "declined.v1"], "it hears that it was declined")

    def result() -> tuple[str, object]:
        figures = asyncio.run(records(kafka, str(here.project), "log.launches"))
        assert {data["command_id"] for _, data in figures} <= {"yes"}, "what was declined has no figures"
        return (figures[-1][0], figures[-1][1]["success"]) if figures else ("", None)

    here.until(lambda: result() == ("completed.v1", 3), "it hears the result")
