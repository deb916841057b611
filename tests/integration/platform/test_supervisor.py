"""The supervisor on given servers, with processes that stand for the services."""

import os
import signal
import socket
from collections.abc import AsyncIterator

import pytest

import dummy_services
from local_platform import PATIENCE, Local, local_platform
from platform_for_tests import FreshDatabase, FreshTopics, Platform


@pytest.fixture
async def local(platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics) -> AsyncIterator[Local]:
    """On the servers of the tests; stopped and removed at the end."""
    with local_platform(
        SLIPWAY_KAFKA=platform.kafka,
        SLIPWAY_POSTGRES=fresh_database.template,
        SLIPWAY_TOPIC_PREFIX=fresh_topics.prefix,
        SLIPWAY_PARTITIONS="2",
        SLIPWAY_START_SECONDS="20",
    ) as local:
        yield local
    fresh_database.made_by_others(*dummy_services.SERVICES)
    fresh_topics.made_by_others()


def test_up_shows_where_everything_is_and_down_ends_it(local: Local) -> None:
    up = local.slipway("up", "--detach", "--executors", "2")
    status = local.status()
    assert set(status) == {"kafka", "postgres", "smtp", "http", "services"}
    assert status["http"] in up.stderr and status["smtp"] in up.stderr
    names = [service["instance"] for service in status["services"]]
    assert names == ["launcher-0", "contacts-0", "executor-0", "executor-1", "messaging-0", "log-0", "console-0"]
    for service in status["services"]:
        assert set(service) == {"name", "instance", "pid", "url", "ready", "partitions"}
        assert service["ready"] is True and service["partitions"] == [0, 1]
        assert int(service["url"].rpartition(":")[2]) < 32_768
    local.slipway("down")
    assert local.nothing_left()
    assert local.slipway("status", check=3).stderr.count("slipway up") == 1
    local.slipway("down")


def test_each_process_is_told_where_the_others_are(local: Local) -> None:
    local.slipway("up", "--detach", "--executors", "2")
    services = {one["instance"]: one["url"] for one in local.status()["services"]}
    told = local.told("executor-1")
    assert told["SLIPWAY_SLOT"] == "executor-1"
    assert told["SLIPWAY_LAUNCHER_URL"] == services["launcher-0"]
    assert told["SLIPWAY_EXECUTOR_URL"] == services["executor-0"]
    assert told["SLIPWAY_SMTP_URL"] == local.status()["smtp"]
    assert told["SLIPWAY_MODE"] == "production", "given servers do not make it a local platform"
    assert "SLIPWAY_ADMIN_TOKEN" not in told
    assert len(told["SLIPWAY_SECRET_KEY"]) >= 32 and told["SLIPWAY_SECRET_KEY"] != told["SLIPWAY_TOKEN_KEY"]
    assert (local.home / "secret-key").stat().st_mode & 0o777 == 0o600


def test_a_process_that_ends_is_started_again_in_its_slot(local: Local) -> None:
    local.slipway("up", "--detach")
    for number in (signal.SIGKILL, signal.SIGHUP):
        before = local.pid("executor-0")
        assert before
        os.kill(before, number)
        local.until_another("executor-0", before)
    assert local.log("executor-0").count("started in slot executor-0") == 3


def test_scale_starts_and_ends_processes_and_is_kept(local: Local) -> None:
    local.slipway("up", "--detach")
    before = local.status()["services"]
    local.slipway("scale", "executor=2")
    after = [service for service in local.status()["services"] if service["instance"] != "executor-1"]
    assert after == before, "the others go on as they were"
    assert local.pid("executor-1")
    local.slipway("scale", "executor=1")
    assert local.pid("executor-1") is None
    assert "got SIGTERM" in local.log("executor-1")
    assert "0 to 2" in local.slipway("scale", "executor=3", check=2).stderr
    assert "no service" in local.slipway("scale", "nobody=3", check=2).stderr
    local.slipway("scale", "executor=2")
    local.slipway("down")
    local.slipway("up", "--detach")
    assert local.pid("executor-1")


def test_a_second_start_in_the_same_home_is_refused(local: Local) -> None:
    local.slipway("up", "--detach")
    refused = local.slipway("up", "--detach", check=1)
    assert "running" in refused.stderr and "SLIPWAY_HOME" in refused.stderr


def test_nothing_is_left_when_the_supervisor_is_killed(local: Local) -> None:
    supervisor = local.up_in_foreground()
    local.until(lambda: local.slipway("status", check=None).returncode == 0, "it runs")
    assert len(local.processes()) > 7
    supervisor.kill()
    supervisor.wait()
    local.until(local.nothing_left, "everything has ended")
    local.slipway("up", "--detach")


def test_ctrl_c_ends_everything_in_order(local: Local) -> None:
    supervisor = local.up_in_foreground()
    local.until(lambda: local.slipway("status", check=None).returncode == 0, "it runs")
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(PATIENCE) == 130
    assert local.nothing_left()
    said = (local.root / "up.log").read_text()
    assert said.index("stopping launcher-0") < said.index("stopping smtp")
    assert "got SIGTERM" in local.log("executor-0")


def test_ctrl_c_in_the_middle_of_the_start_and_again_ends_everything(local: Local) -> None:
    supervisor = local.up_in_foreground()
    local.until(lambda: local.log("migrate") or local.log("topics"), "it starts")
    supervisor.send_signal(signal.SIGINT)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(PATIENCE) == 130
    local.until(local.nothing_left, "everything has ended")


def test_a_service_that_does_not_start_is_shown_with_its_last_words(local: Local) -> None:
    (local.packages / "messaging" / "broken").touch()
    refused = local.slipway("up", "--detach", check=3)
    assert "messaging-0 does not start" in refused.stderr
    assert "broken on purpose" in refused.stderr
    assert local.nothing_left()


def test_logs_shows_a_service_and_names_what_there_is(local: Local) -> None:
    local.slipway("up", "--detach", "--executors", "2")
    shown = local.slipway("logs", "executor").stdout
    assert "executor-0   started in slot executor-0" in shown and "executor-1   started in slot" in shown
    assert "launcher" not in shown
    assert "executor-1" in local.slipway("logs", "nobody", check=2).stderr


def test_migrate_and_topics_apply_may_be_repeated(local: Local) -> None:
    local.slipway("topics", "apply")
    assert "16 topics are as they should be" in local.slipway("topics", "apply").stderr
    refused = local.slipway("topics", "apply", SLIPWAY_PARTITIONS="3", check=1)
    assert "SLIPWAY_PARTITIONS is 3" in refused.stderr and "(2)" in refused.stderr
    local.slipway("migrate")
    local.slipway("migrate")
    assert "2 partitions" in local.slipway("migrate", SLIPWAY_PARTITIONS="3", check=1).stderr


def test_given_servers_that_are_away_are_named(local: Local) -> None:
    refused = local.slipway("up", "--detach", SLIPWAY_KAFKA="127.0.0.1:9", SLIPWAY_START_SECONDS="2", check=3)
    assert "Kafka at 127.0.0.1:9 does not answer" in refused.stderr and "SLIPWAY_KAFKA" in refused.stderr
    assert local.nothing_left()


def test_given_servers_come_in_pairs(local: Local) -> None:
    assert "go together" in local.slipway("up", SLIPWAY_POSTGRES="", check=2).stderr


def test_a_demanded_port_in_use_is_named(local: Local) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        refused = local.slipway("up", SLIPWAY_HTTP=f"http://127.0.0.1:{port}", check=2)
    assert f"port {port} (SLIPWAY_HTTP) is in use" in refused.stderr
