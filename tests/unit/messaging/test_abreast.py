"""When marketing is held for want of contacts' latest word."""

import pytest

from messaging.domain.abreast import Abreast, abreast


@pytest.mark.parametrize(
    ("lag", "owned", "standing"),
    [
        (0.0, 1.0, Abreast.YES),
        (60.0, 999.0, Abreast.YES),
        (60.1, 999.0, Abreast.BEHIND),
        (None, 1.0, Abreast.NOT_YET),
        (None, 60.1, Abreast.BEHIND),
    ],
)
def test_behind_is_more_than_the_patience(lag: float | None, owned: float, standing: Abreast) -> None:
    assert abreast(lag, owned, patience=60.0) is standing
