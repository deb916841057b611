"""An executor that goes mad: what it asks for beyond the plan is held, shown, and sent only when a person says so."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaProducer

from contracts.sends import SendsRequested
from contracts.targets import Snapshot
from e2e.slipway import Slipway
from runtime.partitions import partition_of

TARGETS, STRANGERS, PARTITIONS = 60, 20, 8


def asked_for(project: str, launch_id: str, contact_ids: Iterable[str]) -> list[tuple[int, SendsRequested]]:
    """Sends of step `hello`, as executor asks for them, by partition."""
    by_partition: dict[int, list[str]] = {}
    for contact_id in contact_ids:
        by_partition.setdefault(partition_of(contact_id, PARTITIONS), []).append(contact_id)
    return [
        (
            partition,
            SendsRequested(
                project=project,
                launch_id=launch_id,
                step="hello",
                occurrences=[1] * len(ids),
                targets=Snapshot(
                    contact_ids=ids,
                    revisions=[1] * len(ids),
                    emails=[f"{id}@example.com" for id in ids],
                    zones=["UTC"] * len(ids),
                    attributes={},
                    consents={"promotional": [True] * len(ids)},
                    suppressed=[False] * len(ids),
                    permitted=[True] * len(ids),
                ),
                at=datetime.now(UTC),
            ),
        )
        for partition, ids in sorted(by_partition.items())
    ]


MANY = 12_000
"""More mails than go out while a person's command is on its way."""


async def injected(kafka: str, chunks: Iterable[tuple[int, SendsRequested]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        for partition, chunk in chunks:
            headers = {
                "ce_specversion": "1.0",
                "ce_id": uuid.uuid4().hex,
                "ce_source": "/slipway/executor",
                "ce_type": chunk.TYPE,
                "ce_time": chunk.at.isoformat(),
                "content-type": "application/json",
                "ce_slipwayproject": chunk.project,
            }
            await producer.send_and_wait(
                "executor.sends",
                chunk.model_dump_json().encode(),
                key=chunk.launch_id.encode(),
                partition=partition,
                headers=[(name, value.encode()) for name, value in headers.items()],
            )
    finally:
        await producer.stop()


def test_what_is_more_than_planned_is_held_until_a_person_resumes(slipway: Slipway) -> None:
    project = f"g{uuid.uuid4().hex[:10]}"
    ids = [f"{project}-{number}" for number in range(TARGETS)]
    strangers = [f"{project}-s{number}" for number in range(STRANGERS)]
    here = slipway.with_contacts(project, "guarded", ids)
    launch_id = here.json("launch", "guarded", "--all", "--yes")["launch_id"]
    slipway.until(lambda: len(slipway.mails_to(project)) == TARGETS, "everybody has the first message")

    again = asked_for(project, launch_id, ids[:10])
    asyncio.run(injected(slipway.status()["kafka"], [*again, *asked_for(project, launch_id, strangers)]))

    def shown() -> dict[str, object]:
        [row] = here.json("launches")
        return {"state": row["state"], "held": bool((row["figures"] or {}).get("held"))}

    slipway.until(lambda: shown() == {"state": "paused", "held": True}, "the launch is paused and held")
    slipway.until(
        lambda: here.json("launches")[0]["figures"]["deliveries"].get("held") == STRANGERS, "the surplus is held"
    )
    assert "held" in here("launches").stdout
    before = slipway.mails_to(project)
    began = time.monotonic()
    # longer than the scenario's wait: a held launch starts no step
    slipway.until(lambda: time.monotonic() - began > 35, "more than the wait has passed")
    assert slipway.mails_to(project) == before
    assert not set(before) & set(strangers)

    answer = here.json("resume", launch_id, "--yes")
    assert answer["state"] == "running"
    assert "more than planned" in answer["lifted"]
    figures = here.json("watch", launch_id, timeout=120)["figures"]
    slipway.until(lambda: sum(slipway.mails_to(project).values()) == 2 * TARGETS + STRANGERS, "all mails are out")
    assert slipway.mails_to(project) == Counter(dict.fromkeys(ids, 2)) + Counter(dict.fromkeys(strangers, 1))
    assert set(Counter(slipway.mails()).values()) == {1}
    assert (figures["state"], figures["targeted"], figures["success"]) == ("completed", TARGETS, TARGETS)
    assert figures["held"] is None
    slipway.until(
        lambda: here.json("launches")[0]["figures"]["deliveries"] == {"accepted": 2 * TARGETS + STRANGERS},
        "each message is counted once",
    )
    done = [(entry["subject"], entry["action"]) for entry in here.json("audit")]
    assert ("messaging", "launch.held") in done
    assert ("admin", "launch.resumed") in done


@pytest.mark.behaviour(20)
def test_a_paused_launch_sends_nothing_until_it_is_resumed(slipway: Slipway) -> None:
    project = f"q{uuid.uuid4().hex[:10]}"
    here = slipway.with_mailing(project, MANY)
    launch_id = here.json("launch", "plain", "--all", "--yes")["launch_id"]
    assert here.json("pause", launch_id)["state"] == "paused"
    slipway.until(lambda: here.json("launches")[0]["figures"] is not None, "figures are there")
    before: list[int] = []

    def quiet() -> bool:
        before.append(sum(slipway.mails_to(project).values()))
        return len(before) > 20 and before[-20] == before[-1]

    slipway.until(quiet, "what was with the provider has come to its end")
    assert before[-1] < MANY
    here("resume", launch_id)
    here("watch", launch_id, timeout=180)
    slipway.until(lambda: sum(slipway.mails_to(project).values()) == MANY, "all mails are out")
    assert set(slipway.mails_to(project).values()) == {1}
    here("reconcile", launch_id)
