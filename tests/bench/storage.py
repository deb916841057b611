"""What lies on disk: in PostgreSQL by table, with indexes, and in Kafka's log folder."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.ground import Ground

SERVICES = ("launcher", "contacts", "executor", "messaging", "log")


@dataclass(frozen=True)
class Stored:
    """Bytes."""

    tables: Mapping[str, int]
    """`service.table`, with indexes and TOAST."""
    kafka: int
    """Blocks that the log segments take; its indexes are laid out large and empty beforehand."""

    @property
    def postgres(self) -> int:
        return sum(self.tables.values())

    def since(self, before: "Stored") -> "Stored":
        grown = {table: size - before.tables.get(table, 0) for table, size in self.tables.items()}
        return Stored(grown, self.kafka - before.kafka)


def stored(ground: Ground) -> Stored:
    return Stored(asyncio.run(_tables(ground)), _blocks(ground.home / "kafka"))


async def _tables(ground: Ground) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for service in SERVICES:
        connection = await asyncpg.connect(ground.database(service))
        rows = await connection.fetch(
            """SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class
               WHERE relkind = 'r' AND relname NOT LIKE 'limit%' AND NOT relisshared"""
        )
        sizes |= {f"{service}.{row['relname']}": row["size"] for row in rows}
        await connection.close()
    return sizes


def _blocks(folder: Path) -> int:
    return sum(
        file.stat().st_blocks * 512
        for file in folder.rglob("*")
        if file.is_file() and not file.parent.name.startswith("limit.")
    )
