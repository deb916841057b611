"""What a stranger reads of a launch on the public topics, from their beginning and as often as they like."""

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from e2e.slipway import Slipway

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
MANY, SUPPRESSED = 40, 10


async def replayed(kafka: str, launch_id: str) -> list[tuple[str, str, str, Any]]:
    """Topic, key, kind and data of every record of the launch, from the earliest on, in the order of their places."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        topics = ("log.outcomes", "log.launches")
        consumer.assign([TopicPartition(topic, number) for topic in topics for number in range(8)])
        ends = await consumer.end_offsets(list(consumer.assignment()))
        found = []
        for partition, end in ends.items():
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(partition, timeout_ms=1000)).get(partition, []):
                    data = json.loads(record.value or b"{}")
                    if data.get("launch_id") == launch_id:
                        key = (record.key or b"").decode()
                        kind = dict(record.headers)["ce_type"].decode().removeprefix("com.slipway.")
                        found.append((record.topic, key, kind, data))
        return found
    finally:
        await consumer.stop()


def matches(kind: str, data: dict[str, Any]) -> bool:
    """No field that the published schema does not name, and none missing that it demands."""
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text())
    return data.keys() >= set(schema["required"]) and data.keys() <= set(schema["properties"])


@pytest.mark.behaviour(29)
def test_each_target_and_the_absolute_counts_can_be_read_again_and_again(slipway: Slipway) -> None:
    slipway.until_ready()
    here = slipway.with_mailing(f"o{uuid.uuid4().hex[:10]}", MANY)
    here("suppress", "add", *(f"{here.project}-{number}" for number in range(SUPPRESSED)))
    launch_id = str(here.json("launch", "plain", "--all", "--yes")["launch_id"])
    shown = here.json("watch", launch_id, timeout=120)["figures"]
    here("reconcile", launch_id)

    kafka = slipway.status()["kafka"]
    records = asyncio.run(replayed(kafka, launch_id))

    assert all(matches(kind, data) for _, _, kind, data in records)
    outcomes = [(key, data) for topic, key, _, data in records if topic == "log.outcomes"]
    assert all(key == data["contact_id"] for key, data in outcomes)
    told = {key: (data["outcome"], data["reason"]) for key, data in outcomes}
    assert told == here.outcomes(launch_id)
    assert len(told) == MANY
    launches = [(key, kind, data) for topic, key, kind, data in records if topic == "log.launches"]
    revisions = [data["revision"] for _, _, data in launches]
    assert revisions == sorted(set(revisions)), "the newest lies last"
    key, kind, last = launches[-1]
    assert (key, kind) == (launch_id, "launch.completed.v1")
    assert (last["targeted"], last["success"], last["other"]) == (MANY, MANY - SUPPRESSED, SUPPRESSED)
    by_reason = {"end:won": MANY - SUPPRESSED, "not_started:suppressed": SUPPRESSED}
    assert last["by_reason"] == shown["by_reason"] == by_reason
    again = asyncio.run(replayed(kafka, launch_id))
    assert [record for record in again if record[0] == "log.outcomes"] == [
        record for record in records if record[0] == "log.outcomes"
    ]
