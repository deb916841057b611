"""A job table in PostgreSQL that workers poll with SKIP LOCKED, the way of task queues; no Kafka at all.

A contact is two jobs: one inserts its instance and enqueues the other, which updates it and enqueues what is to be
told to others. A job ends in the transaction that does it, so each is done exactly once.
"""

import asyncio

import asyncpg

from bench.peers.crew import INSERT, UPDATE, Ready, Shape, Way

TASKS = 4
"""Jobs that a process works on at a time."""
PAUSE = 0.02
"""Seconds between looks at an empty table."""
TAKE = """
    DELETE FROM limit_job USING (
        SELECT id FROM limit_job WHERE kind = $1 ORDER BY id FOR UPDATE SKIP LOCKED LIMIT $2) AS taken
    WHERE limit_job.id = taken.id RETURNING contact_id
"""
ENQUEUE = "INSERT INTO limit_job (kind, contact_id) SELECT $1, unnest($2::text[])"


async def one_job(shape: Shape, numbers: range, ready: Ready) -> None:
    """A transaction per job."""
    await _work(shape, ready, 1)


async def many_jobs(shape: Shape, numbers: range, ready: Ready) -> None:
    """Up to 500 jobs in a transaction."""
    await _work(shape, ready, 500)


async def fill(shape: Shape) -> None:
    connection = await asyncpg.connect(shape.postgres)
    await connection.execute(
        """
        DROP TABLE IF EXISTS limit_job;
        CREATE TABLE limit_job (id bigint GENERATED ALWAYS AS IDENTITY, kind text NOT NULL, contact_id text NOT NULL,
                                PRIMARY KEY (kind, id))
        """
    )
    for number in range(shape.partitions):
        await connection.execute(ENQUEUE, "start", [id_ for ids in shape.records(number) for id_ in ids])
    await connection.close()


async def _work(shape: Shape, ready: Ready, most: int) -> None:
    async with asyncpg.create_pool(shape.postgres, min_size=TASKS, max_size=TASKS) as pool:
        await ready()
        await asyncio.gather(*(_task(pool, shape.contacts, most) for _ in range(TASKS)))


async def _task(pool: "asyncpg.Pool[asyncpg.Record]", contacts: int, most: int) -> None:
    while True:
        if await _some(pool, "end", most) or await _some(pool, "start", most):
            continue
        if await pool.fetchval("SELECT count(*) FROM limit_instance WHERE status = 'ended'") == contacts:
            return
        await asyncio.sleep(PAUSE)


async def _some(pool: "asyncpg.Pool[asyncpg.Record]", kind: str, most: int) -> bool:
    """Takes jobs and does them; False if there were none."""
    async with pool.acquire() as connection, connection.transaction():
        taken = [row["contact_id"] for row in await connection.fetch(TAKE, kind, most)]
        if taken:
            await connection.execute(INSERT if kind == "start" else UPDATE, taken)
            await connection.execute(ENQUEUE, "end" if kind == "start" else "tell", taken)
    return bool(taken)


ONE, MANY = Way(one_job, 500, fill), Way(many_jobs, 500, fill)
