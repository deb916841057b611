"""What people decided about a launch, each at its time."""

from datetime import timedelta

from contracts.launches import Options
from fakes.launch_story import Story
from fakes.transaction import NOON
from log.domain.controls import controls

LATER = NOON + timedelta(days=2)


def test_a_launch_is_asked_for_at_one_time_and_approved_at_another() -> None:
    options = Options(consent_override=True, override_reason="recall")
    given = {"requested_at": LATER, "approved_by": "bea", "options": options}
    event = Story.of(1, seed=1).requested().model_copy(update=given)
    told = controls(event.model_copy(update={"asked_at": NOON}), "e")
    assert [(each.what, each.at) for each in told] == [
        ("requested", NOON),
        ("consent_overridden", NOON),
        ("approved", LATER),
    ]
    assert {each.at for each in controls(event, "e")} == {LATER}, "who asked when was not written down before"
