"""The table of outcomes."""

import pytest

from contracts.scenario import EndType
from contracts.words import DeliveryState, Outcome
from executor.domain.advance import advance
from executor.domain.cohort import SENT, Cohort, DeliverySettled, Started, Status
from executor.domain.outcomes import outcome_of_end, send_error
from unit.executor.builders import NOON, cohort, flow, roll


@pytest.mark.parametrize(
    ("type", "messages", "outcome", "reason"),
    [
        (EndType.SUCCESS, None, Outcome.SUCCESS, "end:done"),
        (EndType.SUCCESS, "no_consent", Outcome.SUCCESS, "end:done"),
        (EndType.FAILURE, SENT, Outcome.FAILURE, "end:done"),
        (EndType.ABANDON, "suppressed", Outcome.ABANDON, "end:done"),
        (EndType.NEUTRAL, None, Outcome.OTHER, "end:done"),
        (EndType.NEUTRAL, SENT, Outcome.OTHER, "end:done"),
        (EndType.NEUTRAL, "no_address", Outcome.OTHER, "skipped:no_address"),
    ],
)
def test_an_end_gives_its_outcome(type: EndType, messages: str | None, outcome: Outcome, reason: str) -> None:
    assert outcome_of_end(type, "done", messages) == (outcome, reason)


@pytest.mark.parametrize(
    ("reason", "error"),
    [("render", "error:render"), ("smtp:550", "error:send"), ("address", "error:send"), (None, "error:send")],
)
def test_a_failed_message_tells_rendering_from_sending(reason: str | None, error: str) -> None:
    assert send_error(reason) == error


S, A, U, F = DeliveryState.SKIPPED, DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.FAILED


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ((S, "no_consent"), (S, "suppressed"), "skipped:no_consent"),
        ((A, None), (S, "suppressed"), "end:quiet"),
        ((S, "no_consent"), (A, None), "end:quiet"),
        ((S, "no_consent"), (U, None), "end:quiet"),
        ((F, "smtp:550"), (S, "no_consent"), "end:quiet"),
        ((U, None), (U, None), "end:quiet"),
    ],
)
def test_skipped_is_the_outcome_only_if_every_message_was_skipped(
    first: tuple[DeliveryState, str | None], second: tuple[DeliveryState, str | None], reason: str
) -> None:
    two = flow("""
        one:   {send: {channel: discard, message_type: promotional, text: t}, next: two, on_failure: two}
        two:   {send: {channel: discard, message_type: promotional, text: t}, next: quiet, on_failure: quiet}
        quiet: {end: neutral}
    """)

    def meet(at: Cohort, step: str, what: tuple[DeliveryState, str | None]) -> Cohort:
        (after,) = advance(two, at, DeliverySettled(step, 1, *what), NOON, roll())
        return after

    (at,) = advance(two, cohort(Status.READY, "one"), Started(), NOON, roll())
    at = meet(meet(at, "one", first), "two", second)
    assert (at.outcome, at.reason) == (Outcome.OTHER, reason)
