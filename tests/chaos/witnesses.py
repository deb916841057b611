"""Those who look on while a platform runs: one reads ends of launches, one weighs the processes."""

import asyncio
import json
import threading
from types import TracebackType

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chaos.collect import Place, partitions_of
from chaos.oracle.plain import Sample, Sighting
from cli.platform.services import SERVICES, service_of

ENDS = {b"com.slipway.launch.completed.v1", b"com.slipway.launch.stopped.v1", b"com.slipway.launch.failed.v1"}


class Witnesses:
    """`with Witnesses(place, supervisor pid) as seen:`; afterwards it has `sightings` and `samples`."""

    def __init__(self, place: Place, supervisor: int) -> None:
        self.sightings: list[Sighting] = []
        self.samples: list[Sample] = []
        self._place = place
        self._supervisor = supervisor
        self._over = threading.Event()
        self._ready = threading.Event()
        self._threads = [
            threading.Thread(target=lambda: asyncio.run(self._watch_ends()), name="ends"),
            threading.Thread(target=self._weigh, name="memory"),
        ]

    def __enter__(self) -> "Witnesses":
        for thread in self._threads:
            thread.start()
        self._ready.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    async def _watch_ends(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._place.kafka, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = await partitions_of(consumer)
            launches, outcomes = (
                [one for one in partitions if one.topic == topic] for topic in ("log.launches", "log.outcomes")
            )
            consumer.assign(launches)
            await consumer.seek_to_end()
            self._ready.set()
            known: set[str] = set()
            while not self._over.is_set():
                try:
                    await self._look(consumer, outcomes, known)
                except KafkaError:
                    await asyncio.sleep(0.5)
        finally:
            await consumer.stop()

    async def _look(self, consumer: AIOKafkaConsumer, outcomes: list[TopicPartition], known: set[str]) -> None:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            for record in records:
                if dict(record.headers).get("ce_type") not in ENDS:
                    continue
                launch = json.loads(record.value or b"{}")["launch_id"]
                if launch not in known:
                    known.add(launch)
                    ends = await consumer.end_offsets(outcomes)
                    self.sightings.append(Sighting(launch, {tp.partition: end for tp, end in ends.items()}))

    def _weigh(self) -> None:
        """The services' processes (their slot is their name), once a second."""
        while not self._over.wait(1.0):
            for process in psutil.Process(self._supervisor).children(recursive=True):
                try:
                    slot = process.name()
                    if service_of(slot) in SERVICES:
                        self.samples.append(Sample(slot, process.memory_info().rss))
                except psutil.Error:
                    continue
