"""What a stop says was done and is left."""

from typing import Any

import pytest

from contracts.words import LaunchState
from fakes.transaction import NOON
from launcher.domain.launch import Launch
from launcher.domain.remains import Remains, remains

NOTHING = {"success": 0, "failure": 0, "abandon": 0, "other": 0}


def counted(expected: int | None, **figures: Any) -> Launch:
    return Launch(
        launch_id="l-1",
        project="acme",
        scenario="spring",
        version=1,
        creator="ann",
        zone="UTC",
        state=LaunchState.STOPPING,
        revision=2,
        participants={},
        participants_chunks=0,
        selected=None,
        options={},
        context={},
        requested_by="ann",
        origin=None,
        points=(),
        targeted_expected=expected,
        drafted_at=NOON,
        figures=figures or None,
    )


@pytest.mark.parametrize(
    ("stopped", "left"),
    [
        (counted(None), Remains(NOTHING, 0, 0)),
        (counted(7), Remains(NOTHING, 0, 7)),
        (counted(7, targeting="open", targeted=3, success=2), Remains(NOTHING | {"success": 2}, 0, 5)),
        (counted(7, targeting="finished", targeted=3, success=2), Remains(NOTHING | {"success": 2}, 0, 1)),
        (counted(None, targeting="open", targeted=3, deliveries={"sending": 1}), Remains(NOTHING, 1, 3)),
        (counted(2, targeting="open", targeted=3, other=3), Remains(NOTHING | {"other": 3}, 0, 0)),
        (
            counted(9, targeted=9, failure=1, abandon=3, other=3, by_reason={"stopped": 2, "not_started:stopped": 1}),
            Remains(NOTHING | {"failure": 1, "abandon": 1, "other": 2}, 0, 2),
        ),
    ],
)
def test_done_and_left_are_all_the_targets_there_may_be(stopped: Launch, left: Remains) -> None:
    assert remains(stopped) == left
