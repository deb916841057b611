"""What a start will run and where, decided from the last start and the environment."""

import socket
from pathlib import Path

import pytest

from cli.platform.failure import Misused, PlatformError
from cli.platform.home import Home, find_home
from cli.platform.plan import plan
from cli.platform.ports import LAST, choose
from cli.platform.state import State, fixed_partitions, read_state


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.make()
    return home


def test_every_process_gets_a_port_of_its_own_below_the_ephemeral_ones(home: Home) -> None:
    state = plan(home, {}, executors=3)
    assert {"kafka", "kafka-controller", "postgres", "smtp", "console-0", "executor-2"} <= set(state.ports)
    assert len(set(state.ports.values())) == len(state.ports)
    assert max(state.ports.values()) <= LAST < 32_768
    assert state.kafka == f"127.0.0.1:{state.ports['kafka']}"


def test_the_next_start_has_the_same_ports_and_scale(home: Home) -> None:
    first = plan(home, {}, executors=3)
    first.save(home.state)
    assert plan(home, {}, executors=None) == first


def test_a_port_that_somebody_took_meanwhile_is_left_to_them(home: Home) -> None:
    first = plan(home, {}, executors=None)
    first.save(home.state)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", first.ports["postgres"]))
        busy.listen()
        second = plan(home, {}, executors=None)
    assert second.ports["postgres"] not in first.ports.values()
    assert second.ports["kafka"] == first.ports["kafka"]


@pytest.mark.parametrize(
    "written", ["{port}", "127.0.0.1:{port}", "http://127.0.0.1:{port}", "http://127.0.0.1:{port}/"]
)
def test_the_http_address_may_be_set(home: Home, written: str) -> None:
    port = choose(home.root, None, ())
    state = plan(home, {"SLIPWAY_HTTP": written.format(port=port)}, executors=None)
    assert state.http == f"http://127.0.0.1:{port}"


def test_an_http_address_that_is_none_is_refused(home: Home) -> None:
    with pytest.raises(Misused, match="SLIPWAY_HTTP"):
        plan(home, {"SLIPWAY_HTTP": "ftp://somewhere"}, executors=None)


def test_given_servers_are_used_and_none_are_planned(home: Home) -> None:
    given = {"SLIPWAY_KAFKA": "kafka:9092", "SLIPWAY_POSTGRES": "postgresql://u@db/{service}"}
    state = plan(home, given, executors=None)
    assert not state.embedded and not {"kafka", "postgres"} & set(state.ports)
    assert (state.kafka, state.postgres) == ("kafka:9092", "postgresql://u@db/{service}")


def test_a_given_mail_server_takes_the_place_of_the_sink(home: Home) -> None:
    state = plan(home, {"SLIPWAY_SMTP_URL": "smtp://mail.example:25"}, executors=None)
    assert state.smtp == "smtp://mail.example:25" and "smtp" not in state.ports


@pytest.mark.parametrize("only", ["SLIPWAY_KAFKA", "SLIPWAY_POSTGRES"])
def test_one_given_server_alone_is_refused(home: Home, only: str) -> None:
    with pytest.raises(Misused, match="go together"):
        plan(home, {only: "somewhere"}, executors=None)


@pytest.mark.parametrize("executors", [0, 9])
def test_there_is_at_most_one_executor_per_partition(home: Home, executors: int) -> None:
    with pytest.raises(Misused, match="from 1 to 8"):
        plan(home, {}, executors=executors)


def test_the_partition_count_is_that_of_the_first_start() -> None:
    assert fixed_partitions(None, None) == 8
    assert fixed_partitions(None, "3") == 3
    assert fixed_partitions(State(3), None) == fixed_partitions(State(3), "3") == 3
    with pytest.raises(Misused, match="made with 3 partitions"):
        fixed_partitions(State(3), "4")
    with pytest.raises(Misused, match="not a number"):
        fixed_partitions(None, "many")


def test_a_damaged_state_is_named(home: Home) -> None:
    home.state.write_text("{")
    with pytest.raises(PlatformError, match=r"state\.json is damaged"):
        read_state(home.state)


def test_the_nearest_home_upwards_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLIPWAY_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    below = tmp_path / "checkout" / "deep" / "down"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_home().root == tmp_path / "user" / ".slipway"
    assert find_home().why == f"SLIPWAY_HOME is not set, and no .slipway folder lies in {below} or above"
    (tmp_path / "checkout" / ".slipway").mkdir()
    assert find_home().root == tmp_path / "checkout" / ".slipway"
    monkeypatch.setenv("SLIPWAY_HOME", "elsewhere")
    assert find_home().root == below / "elsewhere"
    assert find_home().why == "SLIPWAY_HOME names it"


def test_only_one_supervisor_holds_a_home(home: Home) -> None:
    home.hold()
    assert home.is_held()
    with pytest.raises(PlatformError, match="running"):
        home.hold()


def test_a_secret_is_drawn_once(home: Home) -> None:
    assert home.secret("secret-key") == home.secret("secret-key") != home.secret("token-key")
    assert home.secret("admin-token", "admin.").startswith("admin.")


def test_the_control_socket_of_a_long_path_lies_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    long, other = Home(tmp_path / ("x" * 120)), Home(tmp_path / ("y" * 120))
    assert len(bytes(long.control)) < 108 and long.control != other.control


def test_wiping_leaves_what_is_not_ours(home: Home) -> None:
    home.secret("secret-key")
    (home.root / "mine.txt").write_text("keep")
    home.hold()
    home.wipe()
    assert [path.name for path in home.root.iterdir()] == ["mine.txt"]
