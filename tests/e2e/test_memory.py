"""What all own processes import is in memory once (decision 10)."""

from bench.measure import Meter
from e2e.slipway import Slipway

MOST_MB = 400


def test_own_processes_share_what_they_have_imported(slipway: Slipway) -> None:
    slipway.until_ready()
    with Meter(slipway.supervisor().pid) as meter:
        pass
    assert meter.resident < MOST_MB * 1e6
    assert meter.resident < 0.6 * meter.summed, "every process has a copy of its own"
