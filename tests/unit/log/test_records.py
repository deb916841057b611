"""The records that other people's programs read."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from contracts.crm import LaunchCompleted, LaunchProgressed, LaunchStopped, OutcomeRecorded
from contracts.words import ControlState, LaunchState, Outcome
from fakes.launch_story import later
from fakes.transaction import NOON
from log.domain import facts
from log.domain.counting import told
from log.domain.endings import Ending, Endings
from log.domain.launch import Launch, Request
from log.domain.records import expand, outcome_chunk
from log.domain.snapshot import figures
from log.domain.tally import tally, with_sums
from runtime.cloudevents import dump
from runtime.ids import derive

HEADERS = {"ce_source": "/slipway/log", "traceparent": "00-aa-bb-01"}
ENDINGS = Endings(
    "event-1",
    "launch-1",
    "acme",
    later(5),
    [
        Ending(Outcome.SUCCESS, "end:won", NOON, ["c-1", 'odd " \\ / ü 漢 = id']),
        Ending(Outcome.OTHER, "not_started:no_consent", None, ["c-2"]),
    ],
)
GOLDEN = (
    b'{"project":"acme","launch_id":"launch-1","scenario":"spring","scenario_version":3,"contact_id":"c-1",'
    b'"outcome":"success","reason":"end:won","started_at":"2026-11-20T12:00:00.000Z",'
    b'"ended_at":"2026-11-20T12:00:05.000Z"}'
)


def chunk(endings: Endings = ENDINGS) -> bytes:
    return dump(outcome_chunk(endings, "spring", 3))


def test_a_chunk_becomes_one_record_per_target() -> None:
    records = list(expand(chunk(), HEADERS))
    assert [key for key, _, _ in records] == [b"c-1", 'odd " \\ / ü 漢 = id'.encode(), b"c-2"]
    first, odd, last = (OutcomeRecorded.model_validate_json(value) for _, value, _ in records)
    assert (first.contact_id, first.outcome, first.reason, first.started_at) == ("c-1", "success", "end:won", NOON)
    assert odd.contact_id == 'odd " \\ / ü 漢 = id'
    assert (last.outcome, last.reason, last.started_at, last.ended_at) == (
        "other",
        "not_started:no_consent",
        None,
        later(5),
    )
    assert b"started_at" not in records[2][1]


def test_the_bytes_of_version_one_never_change() -> None:
    key, value, headers = next(iter(expand(chunk(), HEADERS)))
    assert (key, value) == (b"c-1", GOLDEN)
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"ca2e69a1c6134e287eb761f1fadd1c27",
        "ce_source": b"/slipway/log",
        "ce_type": b"com.slipway.outcome.recorded.v1",
        "ce_time": b"2026-11-20T12:00:05.000Z",
        "content-type": b"application/json",
        "ce_slipwayproject": b"acme",
    }


def test_a_repetition_is_byte_identical() -> None:
    assert list(expand(chunk(), HEADERS)) == list(expand(chunk(), {**HEADERS, "traceparent": "another"}))


@given(st.text(min_size=1, max_size=128).filter(lambda text: not any(0xD800 <= ord(c) <= 0xDFFF for c in text)))
def test_any_contact_id_survives_and_its_record_id_is_derived(contact_id: str) -> None:
    endings = Endings("e", "launch-ü", "acme", NOON, [Ending(Outcome.ABANDON, "stopped", NOON, [contact_id])])
    ((key, value, headers),) = expand(chunk(endings), HEADERS)
    assert key.decode() == orjson.loads(value)["contact_id"] == contact_id
    assert dict(headers)["ce_id"].decode() == derive("outcome", "launch-ü", contact_id)


def launch(*more: facts.State, others: int = 0) -> Launch:
    """With so many targets that never started."""
    counted: list[facts.Count] = [
        facts.Targeted(3),
        facts.Started(2),
        facts.Ended({Outcome.SUCCESS: 1}, {"end:won": 1}),
        facts.Ended({Outcome.OTHER: others}, {"not_started:inactive": others}),
        facts.Delivered({"accepted": 2, "planned": -1}),
    ]
    known: list[facts.State] = [
        facts.Described("spring", 3, NOON, "launch-0"),
        facts.Requested(Request("key-1", "cmd-1", "/crm")),
        facts.Opened(),
    ]
    return told(with_sums(Launch("launch-1", "acme"), tally(counted)), [*known, *more], NOON)


def test_a_snapshot_has_the_absolute_figures() -> None:
    snapshot = figures(launch(facts.Held("too many")))
    assert isinstance(snapshot, LaunchProgressed)
    assert orjson.loads(dump(snapshot)) == {
        "project": "acme",
        "launch_id": "launch-1",
        "revision": 2,
        "scenario": "spring",
        "scenario_version": 3,
        "state": "running",
        "targeting": "open",
        "targeted": 3,
        "started": 2,
        "not_started": 0,
        "in_progress": 2,
        "success": 1,
        "failure": 0,
        "abandon": 0,
        "other": 0,
        "by_reason": {"end:won": 1},
        "deliveries": {"accepted": 2},
        "held": {"reason": "too many", "number": 1},
        "requested_by": "key-1",
        "command_id": "cmd-1",
        "command_source": "/crm",
        "retry_of": "launch-0",
        "requested_at": "2026-11-20T12:00:00.000Z",
        "ended_at": None,
    }


def test_the_end_has_its_own_type() -> None:
    completed = figures(launch(facts.TargetingEnded(3, None), others=2))
    assert isinstance(completed, LaunchCompleted)
    assert (completed.state, completed.targeting, completed.ended_at) == (LaunchState.COMPLETED, "finished", NOON)
    stop = facts.Controlled(ControlState.STOPPED, 2)
    assert isinstance(figures(launch(stop, facts.TargetingEnded(3, None), others=2)), LaunchStopped)


def test_nothing_is_published_before_the_request_was_read() -> None:
    assert figures(told(Launch("l", "acme"), [facts.Opened(), facts.Described("spring", 3, NOON)], NOON)) is None
