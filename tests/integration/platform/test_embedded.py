"""Kafka and PostgreSQL of our own: what they keep, what they survive, and who else may be beside them."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from cli.platform.ready import await_kafka
from local_platform import Local, local_platform

NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}


@pytest.fixture(scope="module", autouse=True)
def _jars_are_there() -> None:
    """Fetched once per machine, so that the tests can do without a network."""
    from cli.platform.jars import class_path

    class_path()


@pytest.fixture
def local() -> Iterator[Local]:
    with local_platform(**NO_NETWORK) as local:
        yield local


@pytest.fixture(scope="module")
def hidden() -> Iterator[Local]:
    """One below a folder that only its owner may walk, as /root is; for tests that leave it as it was."""
    with local_platform(**NO_NETWORK) as local:
        local.root.chmod(0o700)
        local.slipway("up", "--detach")
        yield local


async def query(postgres: str, statement: str) -> Any:
    connection = await asyncpg.connect(postgres.replace("{service}", "executor"), timeout=5)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def topics(kafka: str) -> dict[str, int]:
    """Partition counts."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()


async def setting(kafka: str, topic: str, name: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        answer: Any
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        entries: dict[str, str] = {entry[0]: entry[1] for entry in answer.resources[0][4]}
        return entries[name]
    finally:
        await admin.close()


async def test_down_keeps_the_data_and_wipe_removes_it(local: Local) -> None:
    local.slipway("up", "--detach")
    first = local.status()
    assert (await topics(first["kafka"]))["executor.sends"] == 8
    assert await setting(first["kafka"], "crm.commands", "message.timestamp.type") == "LogAppendTime"
    assert await setting(first["kafka"], "log.launches", "cleanup.policy") == "compact"
    await query(first["postgres"], "INSERT INTO thing VALUES (7)")
    local.slipway("down")
    assert local.nothing_left()
    assert "8 partitions" in local.slipway("up", SLIPWAY_PARTITIONS="4", check=2).stderr
    local.slipway("up", "--detach", SLIPWAY_PARTITIONS="8")
    again = local.status()
    assert {name: again[name] for name in ("kafka", "postgres", "smtp", "http")} == {
        name: first[name] for name in ("kafka", "postgres", "smtp", "http")
    }
    assert await query(again["postgres"], "SELECT id FROM thing") == 7
    local.slipway("down", "--wipe")
    assert not local.home.exists()


async def test_two_platforms_run_side_by_side_and_one_is_killed(local: Local) -> None:
    with local_platform(**NO_NETWORK) as other:
        supervisor = local.up_in_foreground()
        other.slipway("up", "--detach", SLIPWAY_PARTITIONS="3")
        local.until(local.runs, "it runs")
        mine, its = local.status(), other.status()
        assert mine["kafka"] != its["kafka"] and mine["http"] != its["http"]
        assert (await topics(its["kafka"]))["executor.sends"] == 3
        await query(mine["postgres"], "INSERT INTO thing VALUES (7)")
        supervisor.kill()
        supervisor.wait()
        local.until(local.nothing_left, "everything has ended")
        assert other.runs()
        local.slipway("up", "--detach")
        assert await query(local.status()["postgres"], "SELECT id FROM thing") == 7


async def test_servers_that_are_killed_are_started_again(local: Local) -> None:
    local.slipway("up", "--detach")
    status = local.status()
    for program in ("postgres", "java"):
        server = local.server(program)
        server.kill()
        server.wait(10)
    await await_kafka({"bootstrap_servers": status["kafka"]})
    async with asyncio.timeout(30):
        while True:
            try:
                assert await query(status["postgres"], "SELECT 1") == 1
                break
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)


async def test_it_has_an_administrator_and_secrets_that_only_the_owner_reads(hidden: Local) -> None:
    told = hidden.told("launcher-0")
    assert told["SLIPWAY_MODE"] == "local"
    assert told["SLIPWAY_ADMIN_TOKEN"] == (hidden.home / "admin-token").read_text()
    assert told["SLIPWAY_ADMIN_TOKEN"].startswith("admin.")
    for secret in ("admin-token", "secret-key", "token-key", "link-key", "state.json", "postgres/password"):
        assert (hidden.home / secret).stat().st_mode & 0o077 == 0, f"only the owner reads {secret}"
    _, _, place = hidden.status()["postgres"].rpartition("@")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(f"postgresql://slipway:guess@{place}", "SELECT 1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_without_disk_space_nothing_is_started(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with local_platform() as local:
            refused = local.slipway("up", SLIPWAY_HOME=str(tmp_path / "home"), check=1)
            assert "no disk space" in refused.stderr and "SLIPWAY_HOME" in refused.stderr
            assert local.nothing_left()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


async def test_a_folder_that_another_user_cannot_walk_is_no_obstacle(hidden: Local) -> None:
    assert await query(hidden.status()["postgres"], "SELECT count(*) FROM thing") == 0
