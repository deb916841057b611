"""HTTP requests that were answered under their Idempotency-Key, in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime

from runtime.transaction import Connection


@dataclass(frozen=True, slots=True)
class Answered:
    digest: bytes
    status: int
    sealed_answer: str


class PostgresHttpRequests:
    """`asker` is (project, subject, Idempotency-Key)."""

    async def begin(self, connection: Connection, asker: tuple[str, str, str]) -> bool:
        """False: another request with this key is running right now. Held until the transaction ends."""
        free: bool = await connection.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(array_to_string($1::text[], E'\\x1f'), 1))", list(asker)
        )
        return free

    async def find(self, connection: Connection, asker: tuple[str, str, str]) -> Answered | None:
        row = await connection.fetchrow(
            "SELECT digest, status, sealed_answer FROM http_request"
            " WHERE project = $1 AND subject = $2 AND idempotency_key = $3",
            *asker,
        )
        return Answered(**row) if row else None

    async def keep(
        self, connection: Connection, asker: tuple[str, str, str], answered: Answered, now: datetime
    ) -> None:
        await connection.execute(
            "INSERT INTO http_request (project, subject, idempotency_key, digest, status, sealed_answer, received_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            *asker,
            answered.digest,
            answered.status,
            answered.sealed_answer,
            now,
        )
