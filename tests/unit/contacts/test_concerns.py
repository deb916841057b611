"""What of others' topics is nothing to contacts: only that may pass without a transaction."""

from collections.abc import Sequence
from typing import Any

import pytest

from contacts.handlers.outcomes import KEPT, OutcomeHandlers
from contacts.handlers.reports import ReportHandlers
from contacts.ports.counting import Place
from contracts.deliveries import ContactsReported
from contracts.outcomes import TargetsStarted
from contracts.topics import TOPICS
from contracts.words import Recurrence
from fakes.transaction import FakeTransaction, record
from runtime.records import Record


class Places:
    """`PlaceStore`: each launch's recurrence is its id."""

    def __init__(self) -> None:
        self.noted: list[Sequence[str]] = []

    async def of_launch(self, launch_id: str) -> Place | None:
        return None if launch_id == "unheard" else Place("acme", "welcome", Recurrence(launch_id), live=True)

    async def note(self, place: Place, launch_id: str, event_id: str, ids: Sequence[str], *, ended: bool) -> None:
        self.noted.append(ids)


def outcome(type_: str, launch_id: str) -> Record:
    return record(b'{"contact_ids": ["a"]}', {"ce_type": type_}, key=launch_id)


@pytest.mark.parametrize("recurrence", [*Recurrence, "unheard"])
@pytest.mark.parametrize("type_", [event.TYPE for event in TOPICS["executor.outcomes"].events])
async def test_what_passes_unread_would_have_done_nothing(type_: str, recurrence: str) -> None:
    places: Any = Places()
    handlers = OutcomeHandlers(lambda _: places)
    one = outcome(type_, str(recurrence))
    assert handlers.concerns(one) is (type_ in KEPT), "the launch is not looked up yet"
    await handlers.on_executor_outcomes(FakeTransaction(connection=places), [one])
    first, places.noted = places.noted, []
    concerns = handlers.concerns(one)
    await handlers.on_executor_outcomes(FakeTransaction(connection=places), [one])
    assert places.noted == first
    assert concerns or not first
    if type_ == TargetsStarted.TYPE and recurrence == Recurrence.ONCE:
        assert concerns


@pytest.mark.parametrize(
    "type_", [*(event.TYPE for event in TOPICS["messaging.deliveries"].events), "com.new.v1", None]
)
def test_of_deliveries_reports_are_read_and_whatever_is_new(type_: str | None) -> None:
    known = {event.TYPE for event in TOPICS["messaging.deliveries"].events}
    one = record(b"{}", {} if type_ is None else {"ce_type": type_})
    assert ReportHandlers.concerns(one) is (type_ == ContactsReported.TYPE or type_ not in known)
