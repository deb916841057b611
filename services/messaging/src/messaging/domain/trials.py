"""What is different where nobody is sent to: a rehearsal's messages end here, a test's go to whoever tries it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from contracts.sends import SendsRequested
from contracts.targets import Snapshot
from contracts.words import DeliveryState
from messaging.domain.judgement import ContactState, Kept
from messaging.domain.mime import Unsendable
from messaging.domain.sends import SendKey

NEWEST = 2**62
"""A revision of a contact that no other comes after: a test's sends are not judged by what becomes of it."""

Compose = Callable[[SendKey, str, Mapping[str, Any], datetime], object]
"""Raises Unsendable."""


def unsendable(
    compose: Compose,
    chunk: SendsRequested,
    facts: list[str],
    kept: Mapping[int, Kept],
    newer: Mapping[str, ContactState],
    now: datetime,
) -> dict[int, Kept]:
    """Of those that are not kept out, the messages that could not be made, by position: failed as they would be."""
    failed: dict[int, Kept] = {}
    rows = zip(chunk.targets.contact_ids, chunk.targets.emails, chunk.occurrences, facts, strict=True)
    for index, (contact_id, email, occurrence, read) in enumerate(rows):
        if index in kept:
            continue
        known = newer.get(contact_id)
        address = known.email if known is not None and known.said else email
        try:
            compose(
                SendKey(chunk.launch_id, contact_id, chunk.step, occurrence), address or "", orjson.loads(read), now
            )
        except Unsendable as problem:
            failed[index] = Kept(DeliveryState.FAILED, problem.reason)
    return failed


def readdressed(chunk: SendsRequested, recipient: str) -> SendsRequested:
    """As asked for by contacts who may all be sent to, at this address."""
    targets = chunk.targets
    count = len(targets.contact_ids)
    to = Snapshot(
        contact_ids=targets.contact_ids,
        revisions=[NEWEST] * count,
        emails=[recipient] * count,
        zones=targets.zones,
        attributes=targets.attributes,
        consents={kind: [True] * count for kind in targets.consents},
        suppressed=[False] * count,
        permitted=[True] * count,
        groups=targets.groups,
        phones=targets.phones,
        active=targets.active,
    )
    return chunk.model_copy(update={"targets": to})
