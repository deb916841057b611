"""Figures for `/metrics`, per partition number: each is one cheap query."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

Pool = asyncpg.Pool

DUE_COUNTED: Final = 10_000


async def instances_open(pool: "Pool[asyncpg.Record]", numbers: Sequence[int]) -> Mapping[int, float]:
    rows = await pool.fetch(
        "SELECT partition, sum(open)::float AS value FROM launch_share"
        " WHERE partition = ANY($1::smallint[]) AND open > 0 GROUP BY partition",
        list(numbers),
    )
    return dict.fromkeys(numbers, 0.0) | {row["partition"]: row["value"] for row in rows}


async def incidents_open(pool: "Pool[asyncpg.Record]", numbers: Sequence[int]) -> Mapping[int, float]:
    rows = await pool.fetch(
        "SELECT partition, count(*)::float AS value FROM incident WHERE partition = ANY($1::smallint[]) GROUP BY 1",
        list(numbers),
    )
    return dict.fromkeys(numbers, 0.0) | {row["partition"]: row["value"] for row in rows}


async def timers_due(pool: "Pool[asyncpg.Record]", numbers: Sequence[int]) -> Mapping[int, float]:
    """Of up to DUE_COUNTED cohorts per partition."""
    rows = await pool.fetch(
        """
        SELECT n, (SELECT coalesce(sum(size), 0)::float FROM (
            SELECT size FROM cohort WHERE partition = n AND due_at <= now() LIMIT $2) AS due) AS value
        FROM unnest($1::smallint[]) AS n
        """,
        list(numbers),
        DUE_COUNTED,
    )
    return {row["n"]: row["value"] for row in rows}


async def timers_oldest_due_seconds(pool: "Pool[asyncpg.Record]", numbers: Sequence[int]) -> Mapping[int, float]:
    rows = await pool.fetch(
        """
        SELECT n, coalesce((
            SELECT extract(epoch FROM now() - due_at)::float FROM cohort
            WHERE partition = n AND due_at <= now() ORDER BY due_at LIMIT 1), 0) AS value
        FROM unnest($1::smallint[]) AS n
        """,
        list(numbers),
    )
    return {row["n"]: row["value"] for row in rows}
