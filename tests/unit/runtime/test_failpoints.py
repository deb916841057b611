"""Faults on demand: only where armed, only the nth time, never in production."""

import pytest

from runtime import failpoints


@pytest.fixture(autouse=True)
def disarmed() -> object:
    yield
    failpoints.arm("", mode="local")


def test_it_acts_the_nth_time_and_only_once() -> None:
    failpoints.arm("here:raise:2", mode="local")
    failpoints.hit("elsewhere")
    failpoints.hit("here")
    with pytest.raises(failpoints.Injected):
        failpoints.hit("here")
    failpoints.hit("here")


def test_cutting_ends_the_connection() -> None:
    class Connection:
        terminated = False

        def terminate(self) -> None:
            self.terminated = True

    connection = Connection()
    failpoints.arm("here:cut:1", mode="local")
    with pytest.raises(ConnectionResetError):
        failpoints.hit("here", connection)  # type: ignore[arg-type]
    assert connection.terminated


def test_production_and_unknown_actions_are_refused() -> None:
    with pytest.raises(ValueError, match="production"):
        failpoints.arm("here:kill:1", mode="production")
    with pytest.raises(ValueError, match="unknown failpoint action"):
        failpoints.arm("here:explode:1", mode="local")
