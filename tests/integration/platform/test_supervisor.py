"""The supervisor on given servers, with processes that stand for the services."""

import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

import dummy_services
from cli.platform import control
from cli.platform.home import Home
from local_platform import PATIENCE, Local, local_platform
from platform_for_tests import FreshDatabase, FreshTopics, Platform, in_a_thread


@pytest.fixture(scope="module")
def running(platform: Platform) -> Iterator[Local]:
    """One that runs, for tests that leave it as it was."""
    databases, topics = FreshDatabase(platform.postgres), FreshTopics(platform.kafka)
    with local_platform(**given(platform, databases, topics)) as local:
        local.slipway("up", "--detach", "--executors", "2")
        yield local
    databases.made_by_others(*dummy_services.SERVICES)
    topics.made_by_others()
    in_a_thread(databases.drop())
    in_a_thread(topics.drop())


@pytest.fixture
async def local(platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics) -> AsyncIterator[Local]:
    """One of its own for a test."""
    with local_platform(**given(platform, fresh_database, fresh_topics)) as local:
        yield local
    fresh_database.made_by_others(*dummy_services.SERVICES)
    fresh_topics.made_by_others()


def given(platform: Platform, databases: FreshDatabase, topics: FreshTopics) -> dict[str, str]:
    return {
        "SLIPWAY_KAFKA": platform.kafka,
        "SLIPWAY_POSTGRES": databases.template,
        "SLIPWAY_TOPIC_PREFIX": topics.prefix,
        "SLIPWAY_PARTITIONS": "2",
    }


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux's")
def test_no_process_of_the_platform_pushes_another_off_its_core(running: Local) -> None:
    pids = [service["pid"] for service in running.status()["services"]]
    assert {os.sched_getscheduler(pid) for pid in pids} == {os.SCHED_BATCH}


def test_status_shows_where_everything_is(running: Local) -> None:
    status = running.status()
    assert set(status) == {"kafka", "postgres", "smtp", "http", "services"}
    names = [service["instance"] for service in status["services"]]
    assert names == ["launcher-0", "contacts-0", "executor-0", "executor-1", "messaging-0", "log-0", "console-0"]
    for service in status["services"]:
        assert set(service) == {"name", "instance", "pid", "url", "ready", "partitions"}
        assert service["ready"] is True and service["partitions"] == [0, 1]
        assert int(service["url"].rpartition(":")[2]) < 32_768
    shown = running.slipway("status")
    assert status["http"] in shown.stderr and "executor-1" in shown.stdout


def test_each_process_is_told_where_the_others_are(running: Local) -> None:
    status = running.status()
    services = {one["instance"]: one["url"] for one in status["services"]}
    told = running.told("executor-1")
    assert told["SLIPWAY_SLOT"] == "executor-1"
    assert told["SLIPWAY_LAUNCHER_URL"] == services["launcher-0"]
    assert told["SLIPWAY_EXECUTOR_URL"] == services["executor-0"]
    assert told["SLIPWAY_SMTP_URL"] == status["smtp"]
    assert told["SLIPWAY_MODE"] == "production", "given servers do not make it a local platform"
    assert "SLIPWAY_ADMIN_TOKEN" not in told
    assert len(told["SLIPWAY_SECRET_KEY"]) >= 32 and told["SLIPWAY_SECRET_KEY"] != told["SLIPWAY_TOKEN_KEY"]
    assert (running.home / "secret-key").stat().st_mode & 0o777 == 0o600


def test_a_process_that_ends_is_started_again_in_its_slot(running: Local) -> None:
    def starts() -> int:
        return running.log("log-0").count("started in slot log-0")

    for number in (signal.SIGKILL, signal.SIGHUP, signal.SIGTERM):
        before, pid = starts(), running.pid("log-0")
        assert pid
        os.kill(pid, number)
        running.until(lambda before=before: starts() > before, "it is started again")  # type: ignore[misc]
        assert running.pid("log-0") not in (None, pid)


def test_a_process_is_named_by_its_slot(running: Local) -> None:
    for service in running.status()["services"]:
        assert psutil.Process(service["pid"]).name() == service["instance"]


def test_all_come_back_in_their_slots_when_what_they_are_forked_from_is_killed(running: Local) -> None:
    before = control.ask(Home(running.home), do="status")
    os.kill(before["others"]["zygote"], signal.SIGKILL)
    pids = {one["instance"]: one["pid"] for one in before["services"]}

    def all_are_new() -> bool:
        status = running.slipway("status", "--json", check=None)
        services = json.loads(status.stdout)["services"]
        return status.returncode == 0 and all(one["pid"] not in (None, pids[one["instance"]]) for one in services)

    running.until(all_are_new, "all are there again")
    assert not any(psutil.pid_exists(pid) for pid in pids.values())


def test_scale_starts_and_ends_processes_and_leaves_the_others(running: Local) -> None:
    before = {name: running.pid(name) for name in ("executor-0", "launcher-0")}
    running.slipway("scale", "executor=1")
    assert running.pid("executor-1") is None
    assert "got SIGTERM" in running.log("executor-1")
    running.slipway("scale", "executor=2")
    assert running.pid("executor-1")
    assert before == {name: running.pid(name) for name in before}
    assert "0 to 2" in running.slipway("scale", "executor=3", check=2).stderr
    assert "no service" in running.slipway("scale", "nobody=3", check=2).stderr


def test_a_second_start_in_the_same_home_is_refused(running: Local) -> None:
    refused = running.slipway("up", "--detach", check=1)
    assert "running" in refused.stderr and "SLIPWAY_HOME" in refused.stderr


def test_logs_shows_a_service_and_names_what_there_is(running: Local) -> None:
    shown = running.slipway("logs", "executor").stdout
    assert "executor-0   started in slot executor-0" in shown and "executor-1   started in slot" in shown
    assert "launcher" not in shown
    assert "executor-1" in running.slipway("logs", "nobody", check=2).stderr


def test_nothing_is_left_when_the_supervisor_is_killed_and_the_next_start_goes_on(local: Local) -> None:
    supervisor = local.up_in_foreground("--executors", "2")
    local.until(local.runs, "it runs")
    assert len(local.processes()) > 8
    supervisor.kill()
    supervisor.wait()
    local.until(local.nothing_left, "everything has ended")
    assert local.slipway("status", check=3).stderr.count("slipway up") == 1
    local.slipway("up", "--detach")
    assert local.pid("executor-1"), "the scale is kept"
    local.slipway("down")
    assert local.nothing_left()
    local.slipway("down")


def test_ctrl_c_ends_everything_in_order(local: Local) -> None:
    supervisor = local.up_in_foreground()
    local.until(local.runs, "it runs")
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
