"""Scenarios, targets and instances for executor's tests, built from what a marketer would write."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import yaml

from contracts.launches import Options, ScenarioVersion
from contracts.scenario import Scenario
from contracts.targets import LaunchOpened, Snapshot
from contracts.words import LaunchMode
from executor.domain.cohort import Cohort, Roll, Status
from executor.domain.flow import Flow, compile_flow
from executor.domain.launch import Launch, compile_launch
from runtime.cel import Condition, ConditionError

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

MAIL_AND_END = """
hello: {send: {channel: discard, message_type: promotional, text: hi}, next: won}
won:   {end: success}
"""

EVERYTHING = """
hello:  {send: {channel: email, message_type: promotional, subject: s, text: t}, next: pause,
         on_skipped: quiet, on_failure: broken, on_unknown: odd}
pause:  {wait: {for: 2d}, next: vip}
vip:    {branch: [{when: contact.attributes.score > 50, next: tag}, {otherwise: half}]}
half:   {split: [{weight: 1, next: quiet}, {weight: 3, next: tag}]}
tag:    {update_contact: {set: {last_offer: spring}}, next: again}
again:  {send: {channel: email, message_type: promotional, subject: s, text: t}, next: won}
won:    {end: success}
quiet:  {end: neutral}
odd:    {end: abandon}
broken: {end: failure}
"""


def compile_condition(source: str) -> Condition | None:
    try:
        return Condition.compile(source)
    except ConditionError:
        return None


def scenario(steps: str, *, recurrence: str = "always", start: str | None = None, key: str = "spring") -> Scenario:
    graph: dict[str, Any] = yaml.safe_load(steps)
    return Scenario.model_validate(
        {"key": key, "name": key, "recurrence": recurrence, "start": start or next(iter(graph)), "steps": graph}
    )


def version(body: Scenario) -> ScenarioVersion:
    return ScenarioVersion(project="acme", version=3, creator="ann", body=body)


def flow(steps: str, *, start: str | None = None, context: dict[str, Any] | None = None, virtual: bool = False) -> Flow:
    return compile_flow(scenario(steps, start=start), context or {}, compile_condition, virtual)


def launch(steps: str = MAIL_AND_END, *, launch_id: str = "l-1", recurrence: str = "always") -> Launch:
    return compile_launch(launch_id, version(scenario(steps, recurrence=recurrence)), {}, None, compile_condition)


def opened(
    steps: str = MAIL_AND_END,
    *,
    launch_id: str = "l-1",
    recurrence: str = "always",
    retry_of: str | None = None,
    context: dict[str, Any] | None = None,
    mode: LaunchMode = LaunchMode.LIVE,
) -> LaunchOpened:
    return LaunchOpened(
        project="acme",
        launch_id=launch_id,
        version=version(scenario(steps, recurrence=recurrence)),
        options=Options(mode=mode),
        context=context or {},
        retry_of=retry_of,
        requested_at=NOON,
    )


def snapshot(ids: Sequence[str], *, revision: int = 1, **columns: Any) -> Snapshot:
    """Reachable contacts with a score; `columns` replaces whole columns."""
    n = len(ids)
    plain: dict[str, Any] = {
        "contact_ids": list(ids),
        "revisions": [revision] * n,
        "emails": [f"{id}@mail.example" for id in ids],
        "zones": ["Europe/Vienna"] * n,
        "attributes": {"score": list(range(n))},
        "consents": {"promotional": [True] * n},
        "suppressed": [False] * n,
        "permitted": [True] * n,
    }
    return Snapshot(**plain | columns)


def roll(ids: Sequence[str] = ("c-0", "c-1", "c-2"), **columns: Any) -> Roll:
    return Roll(list(ids), [NOON] * len(ids), lambda: snapshot(ids, **columns))


def cohort(status: Status, step: str, members: Sequence[int] = (0, 1, 2), **fields: Any) -> Cohort:
    return Cohort(members=members, status=status, step=step, **fields)
