"""The records of `log.outcomes`: one per target, made from a chunk when the chunk is published."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, ClassVar

from contracts.crm import OutcomeRecorded
from contracts.event import Event, Value
from log.domain.endings import Endings
from log.domain.times import written

EXPANDER = "outcomes.v1"


class Group(Value):
    outcome: str
    reason: str
    started_at: str | None
    contact_ids: Sequence[str]


class OutcomeChunk(Event):
    """What lies in the outbox: everything the records of one chunk have in common, and whom they are about."""

    TYPE: ClassVar[str] = OutcomeRecorded.TYPE
    project: str
    launch_id: str
    scenario: str
    scenario_version: int
    ended_at: str
    groups: Sequence[Group]


def outcome_chunk(endings: Endings, scenario: str, version: int) -> OutcomeChunk:
    return OutcomeChunk(
        project=endings.project,
        launch_id=endings.launch_id,
        scenario=scenario,
        scenario_version=version,
        ended_at=written(endings.ended_at),
        groups=[
            Group(
                outcome=group.outcome,
                reason=group.reason,
                started_at=None if group.started_at is None else written(group.started_at),
                contact_ids=group.contact_ids,
            )
            for group in endings.groups
        ],
    )


Record = tuple[bytes, bytes, Sequence[tuple[str, bytes]]]
"""Key, value, headers."""


def expand(value: bytes, headers: Mapping[str, str]) -> Iterable[Record]:
    """Expander `outcomes.v1`: an OutcomeChunk to OutcomeRecorded. Never changed once released.

    The same chunk gives the same bytes for ever. The id is `runtime.ids.derive("outcome", launch_id, contact_id)`;
    it and the JSON are put together by hand, because this runs once per target.
    """
    chunk: dict[str, Any] = json.loads(value)
    launch_id: str = chunk["launch_id"]
    common = (
        ("ce_specversion", b"1.0"),
        ("ce_source", headers["ce_source"].encode()),
        ("ce_type", OutcomeRecorded.TYPE.encode()),
        ("ce_time", chunk["ended_at"].encode()),
        ("content-type", b"application/json"),
        ("ce_slipwayproject", chunk["project"].encode()),
    )
    before = _opened(
        project=chunk["project"],
        launch_id=launch_id,
        scenario=chunk["scenario"],
        scenario_version=chunk["scenario_version"],
    )
    identity = hashlib.sha256(f"7:outcome\x1f{len(launch_id)}:{launch_id}\x1f".encode())
    for group in chunk["groups"]:
        after = _closed(
            outcome=group["outcome"],
            reason=group["reason"],
            **({} if group["started_at"] is None else {"started_at": group["started_at"]}),
            ended_at=chunk["ended_at"],
        )
        for contact_id in group["contact_ids"]:
            digest = identity.copy()
            digest.update(f"{len(contact_id)}:{contact_id}".encode())
            yield (
                contact_id.encode(),
                f"{before}{encode_basestring(contact_id)}{after}".encode(),
                (("ce_id", digest.hexdigest()[:32].encode()), *common),
            )


def _opened(**fields: object) -> str:
    """`{…,"contact_id":`"""
    return _json(fields)[:-1] + ',"contact_id":'


def _closed(**fields: object) -> str:
    """`,…}`"""
    return "," + _json(fields)[1:]


def _json(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
