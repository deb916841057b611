"""The oracle passes an honest run, and names each lie by the one check that stands for it."""

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chaos.oracle.judge import CHECKS, invariant_of, judge, judge_replay
from chaos.oracle.plain import Command, Poison, Record, Run, Sample, Sighting, Violation
from unit.chaos.honest import at, honest_run, send_id, story

Mutation = Callable[[Run], Run]
ORACLE = Path(__file__).parents[2] / "chaos" / "oracle"


def is_record(topic: str, *words: str) -> Callable[[Record], bool]:
    return lambda record: record.topic == topic and all(word.encode() in (record.value or b"") for word in words)


def without_record(run: Run, *wanted: Callable[[Record], bool]) -> Run:
    return replace(run, records=[record for record in run.records if not any(one(record) for one in wanted)])


def changed_record(run: Run, wanted: Callable[[Record], bool], change: Callable[[Record], Record]) -> Run:
    assert any(map(wanted, run.records))
    return replace(run, records=[change(record) if wanted(record) else record for record in run.records])


def changed_data(run: Run, wanted: Callable[[Record], bool], **fields: Any) -> Run:
    def change(record: Record) -> Record:
        return replace(record, value=json.dumps({**json.loads(record.value or b""), **fields}).encode())

    return changed_record(run, wanted, change)


def more_records(run: Run, *records: Record) -> Run:
    return replace(run, records=[*run.records, *records])


def changed_rows(run: Run, service: str, table: str, wanted: dict[str, Any], **columns: Any) -> Run:
    def change(row: Any) -> Any:
        return {**row, **columns} if wanted.items() <= row.items() else row

    rows = {name: dict(tables) for name, tables in run.rows.items()}
    rows[service][table] = [change(row) for row in run.table(service, table)]
    assert rows[service][table] != run.table(service, table)
    return replace(run, rows=rows)


def more_rows(run: Run, service: str, table: str, *new: dict[str, Any]) -> Run:
    rows = {name: dict(tables) for name, tables in run.rows.items()}
    rows[service][table] = [*run.table(service, table), *new]
    return replace(run, rows=rows)


def without_rows(run: Run, service: str, table: str, **wanted: Any) -> Run:
    rows = {name: dict(tables) for name, tables in run.rows.items()}
    rows[service][table] = [row for row in run.table(service, table) if not wanted.items() <= row.items()]
    return replace(run, rows=rows)


def found(run: Run, topic: str, *words: str) -> Record:
    return next(record for record in run.records if is_record(topic, *words)(record))


def again_as(run: Run, record: Record, id_: str, **fields: Any) -> Record:
    """Another record, with an id of its own."""
    headers = tuple((name, id_.encode() if name == "ce_id" else text) for name, text in record.headers)
    value = json.dumps({**json.loads(record.value or b""), **fields}).encode()
    return replace(record, offset=record.offset + 1000, headers=headers, value=value)


# One lie each


def lost_target(run: Run) -> Run:
    """log never counted ben: two in progress became one, and no end came."""
    run = without_record(run, is_record("log.outcomes", "ben"), is_record("log.launches", "done", '"revision": 2'))
    return without_rows(changed_counts(run), "log", "outcome", contact_id="ben")


def changed_counts(run: Run) -> Run:
    counts = {"targeted": 4, "started": 2, "success": 1, "other": 2, "in_progress": 1}
    reasons = {"end:won": 1, "not_started:no_consent": 1, "not_started:recurrence_once": 1}
    return changed_data(run, is_record("log.launches", "done"), **counts, by_reason=reasons, deliveries={"accepted": 4})


def doubled_mail(run: Run) -> Run:
    return replace(run, mails=[*run.mails[:1], *run.mails])


def diverging_publication(run: Run) -> Run:
    record = found(run, "executor.sends", "ann", "first")
    return more_records(run, replace(record, offset=77, value=(record.value or b"") + b" "))


def early_end(run: Run) -> Run:
    """ben's outcome was published a second after `completed`."""
    return changed_record(
        run, is_record("log.outcomes", "ben"), lambda record: replace(record, timestamp=record.timestamp + 1500)
    )


def end_seen_before_the_last_outcome(run: Run) -> Run:
    return replace(run, sightings=[Sighting("done", {0: 99, 1: 1})])


def count_off_by_one(run: Run) -> Run:
    """One success more than log has rows, and so one target more."""
    reasons = {"end:won": 3, "not_started:no_consent": 1, "not_started:recurrence_once": 1}
    counts = {"targeted": 5, "success": 3}
    return changed_data(run, is_record("log.launches", "done", '"revision": 2'), **counts, by_reason=reasons)


def deliveries_off_by_one(run: Run) -> Run:
    return changed_data(run, is_record("log.launches", "halt"), deliveries={"accepted": 2})


def figures_that_do_not_add_up(run: Run) -> Run:
    return changed_data(run, is_record("log.launches", "done", '"revision": 1'), in_progress=1)


def figures_that_fall(run: Run) -> Run:
    wanted = is_record("log.launches", "done", '"revision": 1')
    return changed_data(run, wanted, targeted=5, in_progress=3)


def second_launch(run: Run) -> Run:
    record = found(run, "launcher.launches", '"launch_id": "done"', "cmd-1")
    return more_records(run, again_as(run, record, "other", launch_id="done-again"))


def accepted_and_forgotten(run: Run) -> Run:
    return replace(run, commands=[*run.commands, Command("acme", "/slipway", "cmd-9", "accepted", "nowhere")])


def refused_and_launched(run: Run) -> Run:
    return changed_record(
        run, is_record("launcher.replies", "cmd-2"), lambda record: replace(record, headers=refusal(record))
    )


def refusal(record: Record) -> tuple[tuple[str, bytes], ...]:
    kind = b"com.slipway.launch.rejected.v1"
    return tuple((name, kind if name == "ce_type" else text) for name, text in record.headers)


def launch_of_nobody(run: Run) -> Run:
    record = found(run, "launcher.launches", '"launch_id": "done"', "cmd-1")
    nobody = {"launch_id": "ghost", "command_id": None, "command_source": None}
    return more_records(run, again_as(run, record, "other", **nobody))


def silence(run: Run) -> Run:
    return without_record(run, is_record("launcher.replies", "cmd-3"))


def started_and_refused(run: Run) -> Run:
    record = found(run, "executor.outcomes", "dan")
    return more_records(run, again_as(run, record, "other", contact_ids=["ben"]))


def admitted_and_gone(run: Run) -> Run:
    """A fifth target, of which nobody but contacts ever heard: no end came."""
    gus = again_as(run, found(run, "contacts.targets", "dan"), "gus", targets={"contact_ids": ["gus"]})
    run = changed_data(run, is_record("contacts.targets", '"done"', "total"), total=5)
    run = changed_data(run, is_record("log.launches", "done", '"revision": 2'), targeted=5, in_progress=1)
    headers = found(run, "log.launches", "done", '"revision": 1').headers
    newest = is_record("log.launches", "done", '"revision": 2')
    return more_records(changed_record(run, newest, lambda record: replace(record, headers=headers[1:])), gus)


def wrong_total(run: Run) -> Run:
    return changed_data(run, is_record("contacts.targets", '"halt"', "total"), total=3)


def targeted_twice(run: Run) -> Run:
    return more_records(run, again_as(run, found(run, "contacts.targets", "ann"), "other"))


def two_outcomes(run: Run) -> Run:
    record = found(run, "log.outcomes", "ann")
    return more_records(run, again_as(run, record, "other", outcome="failure", reason="error:send"))


def ended_twice(run: Run) -> Run:
    record = found(run, "executor.outcomes", "ann", "end:won")
    return more_records(run, again_as(run, record, "other"))


def accepted_by_nobody(run: Run) -> Run:
    return replace(run, mails=run.mails[1:])


def sent_though_cancelled(run: Run) -> Run:
    run = changed_rows(run, "messaging", "send", {"launch_id": "halt"}, state="cancelled")
    return changed_data(run, is_record("log.launches", "halt"), deliveries={"cancelled": 1})


def mail_of_nobody(run: Run) -> Run:
    return replace(run, mails=[*run.mails, {**run.mails[0], "message_id": "<abc@acme.example>"}])


def two_ends(run: Run) -> Run:
    record = found(run, "log.launches", "halt")
    headers = tuple(
        (name, b"com.slipway.launch.completed.v1" if name == "ce_type" else text) for name, text in record.headers
    )
    return more_records(run, again_as(run, replace(record, headers=headers), "other"))


def no_end(run: Run) -> Run:
    headers = found(run, "log.launches", "halt").headers
    progressed = tuple((name, text.replace(b"launch.stopped", b"launch.progressed")) for name, text in headers)
    return changed_record(run, is_record("log.launches", "halt"), lambda record: replace(record, headers=progressed))


def fenced_owner(run: Run) -> Run:
    return changed_rows(run, "executor", "cursor_moved", {"partition": 0}, who="executor/executor-7")


def offset_that_falls(run: Run) -> Run:
    row = run.table("executor", "cursor_moved")[0]
    return more_rows(run, "executor", "cursor_moved", {**row, "next_offset": row["next_offset"] - 1})


def forgotten_outbox(run: Run) -> Run:
    return more_rows(run, "executor", "outbox", {"topic": "executor.sends"})


def unpublished_chunk(run: Run) -> Run:
    row = run.table("contacts", "target_chunk")[0]
    return more_rows(run, "contacts", "target_chunk", {**row, "event_id": "never"})


def untold_delivery(run: Run) -> Run:
    return without_record(run, is_record("messaging.deliveries", "ann", "second"))


def early_timer(run: Run) -> Run:
    return changed_data(run, is_record("executor.sends", "ben", "second"), at=at(3))


def step_twice(run: Run) -> Run:
    return more_records(run, again_as(run, found(run, "executor.sends", "ben", "second"), "other"))


def step_behind_a_stop(run: Run) -> Run:
    return more_rows(run, "executor", "steps_asked", {"launch_id": "halt", "place": 10_000, "at": at(14)})


def mail_behind_a_stop(run: Run) -> Run:
    key = {"launch_id": "halt", "contact_id": "eve", "step": "first", "occurrence": 1}
    return changed_rows(run, "messaging", "dotted", key, place=10_000)


def mails_out_of_order(run: Run) -> Run:
    return replace(run, mails=[*run.mails[1::-1], *run.mails[2:]])


def mail_behind_a_withdrawal(run: Run) -> Run:
    """messaging had read ann's withdrawal at second 3; the second mail left at second 4."""
    change = {
        "contact_id": "ann",
        "revision": 2,
        "contact": {"id": "ann", "active": True, "consent": {"promotional": False}},
        "suppressed": False,
    }
    first = found(run, "contacts.changes", "ann")
    record = replace(again_as(run, first, "withdrawn", changes=[change]), offset=3)
    run = more_rows(
        replace(run, ends={**run.ends, ("contacts.changes", 0): 4}),
        "messaging",
        "cursor_moved",
        {
            "topic": "contacts.changes",
            "partition": 0,
            "epoch": 1,
            "owner": "messaging/messaging-0",
            "who": "messaging/messaging-0",
            "next_offset": 4,
            "at": at(3),
        },
    )
    run = changed_rows(run, "messaging", "stream_cursor", {"topic": "contacts.changes", "partition": 0}, next_offset=4)
    return more_records(run, record)


def uninvited_parking(run: Run) -> Run:
    return more_rows(run, "log", "parked", parked_row(at(61)))


def parked_row(when: str) -> dict[str, Any]:
    millisecond = honest_run().records[0].timestamp + 120_000
    place = {"topic": "executor.outcomes", "partition": 0, "record_offset": 0, "record_time": millisecond}
    return {**place, "reason": "not JSON", "state": "parked", "parked_at": when}


def poison_that_holds(run: Run) -> Run:
    poisoned = replace(run, poison=[Poison("executor.outcomes", 0, 0)])
    return more_rows(poisoned, "log", "parked", parked_row(at(95)))


def memory_without_bound(run: Run) -> Run:
    return replace(run, samples=[*run.samples, Sample("executor-0", 900_000_000)])


def records_left(run: Run) -> Run:
    return replace(run, ends={**run.ends, ("executor.sends", 1): 99})


def send_left(run: Run) -> Run:
    key = {"launch_id": "halt", "contact_id": "eve", "step": "second", "occurrence": 1}
    run = more_rows(run, "messaging", "send", {**key, "state": "planned", "reason": None})
    return changed_data(run, is_record("log.launches", "halt"), deliveries={"accepted": 1, "planned": 1})


LIES: dict[Mutation, str] = {
    second_launch: "accepted_requests_have_one_launch",
    accepted_and_forgotten: "accepted_requests_have_one_launch",
    launch_of_nobody: "nothing_is_launched_unasked",
    refused_and_launched: "refused_requests_have_none",
    silence: "commands_are_answered",
    started_and_refused: "targeted_is_started_or_not",
    admitted_and_gone: "targeted_is_started_or_not",
    wrong_total: "targeted_is_started_or_not",
    targeted_twice: "nobody_is_targeted_twice",
    lost_target: "every_target_ends_once",
    two_outcomes: "every_target_ends_once",
    ended_twice: "every_target_ends_once",
    count_off_by_one: "figures_equal_rows",
    deliveries_off_by_one: "figures_equal_rows",
    figures_that_do_not_add_up: "figures_add_up",
    figures_that_fall: "figures_never_decrease",
    doubled_mail: "no_mail_twice",
    accepted_by_nobody: "provider_and_deliveries_agree",
    sent_though_cancelled: "provider_and_deliveries_agree",
    mail_of_nobody: "provider_and_deliveries_agree",
    two_ends: "launches_end_once",
    no_end: "launches_end_once",
    early_end: "the_end_comes_last",
    end_seen_before_the_last_outcome: "the_end_comes_last",
    fenced_owner: "only_the_owner_commits",
    offset_that_falls: "only_the_owner_commits",
    diverging_publication: "one_id_has_one_content",
    forgotten_outbox: "outboxes_are_empty",
    unpublished_chunk: "what_is_stored_was_published",
    untold_delivery: "what_is_stored_was_published",
    early_timer: "no_timer_is_early",
    step_twice: "no_step_twice",
    step_behind_a_stop: "nothing_starts_behind_a_stop",
    mail_behind_a_stop: "nothing_starts_behind_a_stop",
    mails_out_of_order: "mails_leave_in_order",
    mail_behind_a_withdrawal: "nobody_withdrawn_gets_mail",
    uninvited_parking: "only_poison_is_parked",
    poison_that_holds: "only_poison_is_parked",
    memory_without_bound: "memory_is_bounded",
    records_left: "the_backlog_is_gone",
    send_left: "the_backlog_is_gone",
}


def test_an_honest_run_passes() -> None:
    assert judge(honest_run()) == []


@pytest.mark.parametrize(("lie", "check"), LIES.items(), ids=lambda value: getattr(value, "__name__", None))
def test_each_lie_is_named_by_the_check_that_it_breaks(lie: Mutation, check: str) -> None:
    violations = judge(lie(honest_run()))
    assert {violation.check for violation in violations} == {check}, [*map(str, violations)]


def test_every_check_is_broken_by_some_lie() -> None:
    assert {check.__name__ for check in CHECKS} == set(LIES.values())


def test_every_invariant_has_a_check() -> None:
    replayed = 16
    assert {invariant_of(check) for check in CHECKS} | {replayed} == set(range(1, 20))


def test_a_violation_names_launch_contact_and_figure() -> None:
    [violation] = judge(lost_target(honest_run()))
    assert (violation.invariant, violation.launch, violation.contact) == (4, "done", "ben")
    assert str(violation).endswith("ended as success (end:won), no outcome was published")
    assert any("3 by the figures, 2 by the rows" in found.what for found in judge(count_off_by_one(honest_run())))


def test_an_instance_that_waits_for_its_timer_is_no_loss() -> None:
    told = story()
    told.targets("late", 20, {"ann": None})
    told.starts("late", "ann", 20)
    row = {"launch_id": "late", "contact_id": "ann", "step": "pause", "status": "waiting_timer"}
    told.row("executor", "process_instance", **row, due_at=at(4000))
    assert judge(told.run(commands=[])) == []


def test_a_parked_target_is_no_loss_but_is_named() -> None:
    told = story()
    told.targets("late", 20, {"ann": None})
    place = next(record for record in told.records if is_record("contacts.targets", '"late"')(record))
    told.row("executor", "parked", **{**parked_row(at(20)), "topic": place.topic, "record_offset": place.offset})
    assert {found.check for found in judge(told.run(commands=[]))} == {"only_poison_is_parked"}


def test_an_honest_replay_passes() -> None:
    assert judge_replay(honest_run(), honest_run()) == []


@pytest.mark.parametrize("lie", [doubled_mail, sent_though_cancelled])
def test_a_replay_that_changes_something_is_named(lie: Mutation) -> None:
    violations: list[Violation] = [*judge_replay(honest_run(), lie(honest_run()))]
    assert {violation.invariant for violation in violations} == {16}


def test_the_oracle_knows_nothing_of_the_code() -> None:
    known = {
        "__future__",
        "ast",
        "collections",
        "dataclasses",
        "datetime",
        "functools",
        "hashlib",
        "itertools",
        "json",
        "re",
        "sys",
        "typing",
    }
    for file in ORACLE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.startswith("chaos.oracle") or name.split(".")[0] in known, f"{file.name} imports {name}"


def test_send_ids_are_worked_out_twice() -> None:
    assert honest_run().mails[0]["message_id"] == f"<{send_id('done', 'ann', 'first')}@acme.example>"
