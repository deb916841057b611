"""Launches and gates in PostgreSQL. The immutable part is read once per process."""

from collections import OrderedDict
from collections.abc import Iterable

import asyncpg
import orjson

from contracts.launches import LaunchRequested, ScenarioVersion
from contracts.scenario import SendStep
from contracts.words import ControlState, LaunchMode
from messaging.domain.bounds import bounds_of
from messaging.domain.launches import Launch, Plan
from runtime.transaction import Connection

_PLANS = 256
"""How many launches' immutable parts a process keeps at hand."""


class PostgresLaunches:
    """`ports.known.Launches`. A gate is an advisory lock of the transaction: shared to send, exclusive to change it.

    Row locks would do it too, but a stop would starve behind those who send (`FOR SHARE` lets others pass it).
    """

    def __init__(self, repeats: int = 100) -> None:
        """`repeats`: how often a contact may come to the same send step of a loop."""
        self._repeats = repeats
        self._plans: OrderedDict[str, Plan] = OrderedDict()

    async def move_gates(self, connection: Connection, launch_ids: Iterable[str]) -> None:
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('gate ' || id, 0)) FROM unnest($1::text[]) id",
            sorted(set(launch_ids)),
        )

    async def pass_gates(self, connection: Connection, launch_ids: Iterable[str]) -> dict[str, Launch]:
        ids = sorted(set(launch_ids))
        await connection.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('gate ' || id, 0)) FROM unnest($1::text[]) id", ids
        )
        gates = await connection.fetch(
            "SELECT launch_id, state FROM gate JOIN launch USING (launch_id) WHERE launch_id = ANY($1)", ids
        )
        plans = await self.plans(connection, [gate["launch_id"] for gate in gates])
        return {gate["launch_id"]: Launch(plans[gate["launch_id"]], ControlState(gate["state"])) for gate in gates}

    async def plans(self, connection: Connection, launch_ids: Iterable[str]) -> dict[str, Plan]:
        found: dict[str, Plan] = {}
        missing: list[str] = []
        for launch_id in launch_ids:
            plan = self._plans.get(launch_id)
            if plan is None:
                missing.append(launch_id)
            else:
                found[launch_id] = plan
                self._plans.move_to_end(launch_id)
        if missing:
            for row in await connection.fetch(
                "SELECT launch_id, project, version, context, consent_override, trace, guarded, mode, recipient"
                " FROM launch WHERE launch_id = ANY($1)",
                missing,
            ):
                found[row["launch_id"]] = self._plans[row["launch_id"]] = _plan(row, self._repeats)
        while len(self._plans) > _PLANS:
            self._plans.popitem(last=False)
        return found

    async def store(self, connection: Connection, requested: LaunchRequested, trace: str | None) -> None:
        await connection.execute(
            "INSERT INTO launch"
            " (launch_id, project, version, context, consent_override, requested_at, trace, mode, recipient)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            requested.launch_id,
            requested.project,
            requested.version.model_dump_json(),
            orjson.dumps(requested.context).decode(),
            requested.options.consent_override,
            requested.requested_at,
            trace,
            requested.options.mode,
            requested.options.to,
        )

    async def control(
        self, connection: Connection, project: str, launch_id: str, revision: int, state: ControlState, lifted: int = 0
    ) -> None:
        await connection.execute(
            "INSERT INTO gate (launch_id, project, revision, state, lifted) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (launch_id) DO UPDATE SET revision = excluded.revision,"
            " lifted = greatest(gate.lifted, excluded.lifted),"
            " state = CASE WHEN excluded.state = 'running' AND gate.holds > greatest(gate.lifted, excluded.lifted)"
            " THEN 'paused' ELSE excluded.state END"
            " WHERE gate.revision < excluded.revision",
            launch_id,
            project,
            revision,
            state.value,
            lifted,
        )


def _plan(row: asyncpg.Record, repeats: int) -> Plan:
    version, mode = ScenarioVersion.model_validate_json(row["version"]), LaunchMode(row["mode"])
    counted = row["guarded"] and mode is not LaunchMode.REHEARSAL
    return Plan(
        project=row["project"],
        launch_id=row["launch_id"],
        scenario=version.key,
        version=version.version,
        sender=version.body.sender,
        messages={name: step.send for name, step in version.body.steps.items() if isinstance(step, SendStep)},
        context=orjson.loads(row["context"]),
        consent_override=row["consent_override"],
        trace=row["trace"],
        bounds=bounds_of(version.body, repeats) if counted else None,
        mode=mode,
        recipient=row["recipient"],
    )
