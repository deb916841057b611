"""What a service knows of its topics: they exist, have the platform's partition count, and are the ones they were."""

import asyncio
import time
from collections.abc import Callable, Sequence

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from runtime import topic_ids
from runtime.cloudevents import RECORD_LIMIT
from runtime.cursor import Stopped
from runtime.database import pause
from runtime.errors import Transient
from runtime.producer import Publisher
from runtime.settings import Settings
from runtime.topic_ids import TopicState

CHECK_SECONDS = 10.0
FRESH_SECONDS = 1.0
ASK_SECONDS = 10.0
log = structlog.get_logger()


class Topics:
    """Looked at when a lease is taken and every 10 s. `states` and `limits` are by bare name."""

    def __init__(
        self,
        settings: Settings,
        pool: "asyncpg.Pool[asyncpg.Record]",
        publisher: Publisher,
        *,
        consumer: str,
        consumed: Sequence[str],
        written: Sequence[str],
        limits: dict[str, int],
    ) -> None:
        self.states: dict[str, TopicState] = {}
        self.problem: str | None = None
        self._settings, self._pool, self._publisher, self._consumer = settings, pool, publisher, consumer
        self._written = sorted(written)
        self._all = sorted({*consumed, *written})
        self._limits = limits
        self._looked = float("-inf")
        self._lock = asyncio.Lock()

    async def found(self) -> None:
        """Returns when all is as it must be; tries for ever, `problem` says what is missing."""
        attempt = 0
        while True:
            try:
                await self.refresh()
            except Exception as error:
                log.warning("topics are not as they must be: trying again", error=str(error) or repr(error))
                await pause(attempt)
                attempt += 1
            else:
                return

    async def refresh(self) -> None:
        """Raises Transient if Kafka does not answer or a topic is missing, Stopped if going on would guess."""
        async with self._lock:
            if time.monotonic() - self._looked < FRESH_SECONDS:
                return
            try:
                await self._look()
            except Exception as error:
                self.problem = str(error) or type(error).__name__
                raise
            self.problem = None
            self._looked = time.monotonic()

    async def _look(self) -> None:
        states = await self._asked()
        if missing := [name for name in self._all if name not in states]:
            raise Transient(f"topics are missing: {', '.join(missing)}; make them with `slipway topics apply`")
        self._same(states)
        if not self.states:
            await self._seen(states)
            await self._learn_limits()
        self.states = states

    async def watch(self, stopped: Callable[[str], None]) -> None:
        """Endless. `stopped` is told, once, when going on would guess."""
        told = False
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.refresh()
            except Stopped as error:
                if not told:
                    stopped(str(error))
                told = True
            except Exception as error:
                log.warning("topics could not be checked", error=str(error) or repr(error))

    async def _asked(self) -> dict[str, TopicState]:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                found = await topic_ids.describe(self._publisher.client, map(self._settings.topic, self._all))
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"kafka does not tell about topics: {error!r}") from error
        return {name: found[self._settings.topic(name)] for name in self._all if self._settings.topic(name) in found}

    def _same(self, states: dict[str, TopicState]) -> None:
        for name, state in states.items():
            if state.partitions != self._settings.partitions:
                raise Stopped(
                    f"topic {name} has {state.partitions} partitions, this platform {self._settings.partitions}: every "
                    "contact's place depends on the count. Growth is offline, after a drain: see docs/operations"
                )
            before = self.states.get(name)
            if before is not None and before.id != state.id:
                raise Stopped(
                    f"topic {name} was deleted and made again (id was {before.id}, is {state.id}): restart the service "
                    "and read what it says then"
                )

    async def _seen(self, states: dict[str, TopicState]) -> None:
        """The topics written must be the ones that were written before: what was published there may be unread."""
        stored = await self._pool.fetch(
            "WITH made AS (INSERT INTO topic_seen (consumer, topic, topic_id) SELECT $1, * FROM unnest($2::text[],"
            " $3::text[]) ON CONFLICT DO NOTHING) SELECT topic, topic_id FROM topic_seen WHERE consumer = $1",
            self._consumer,
            self._written,
            [states[name].id for name in self._written],
        )
        for row in stored:
            state = states.get(row["topic"])
            if row["topic"] in self._written and state is not None and state.id != row["topic_id"]:
                where = f"consumer = '{self._consumer}' AND topic = '{row['topic']}'"
                accept = f"UPDATE topic_seen SET topic_id = '{state.id}' WHERE {where}"  # noqa: S608 - advice
                raise Stopped(
                    f"topic {row['topic']}, which this service writes, was deleted and made again (id was "
                    f"{row['topic_id']}, is {state.id}): what its readers had not read is lost. Reconcile the open "
                    f"launches, then accept it: {accept}; and restart"
                )

    async def _learn_limits(self) -> None:
        """Half of what the topic takes: a record that the broker refuses would block its partition for good."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                found = await topic_ids.record_limits(self._publisher.client, map(self._settings.topic, self._written))
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"kafka does not tell the topics' limits: {error!r}") from error
        for name in self._written:
            allowed = found.get(self._settings.topic(name), 2 * RECORD_LIMIT)
            self._limits[name] = min(RECORD_LIMIT, allowed // 2)
