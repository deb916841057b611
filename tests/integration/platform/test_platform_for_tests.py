"""What the other integration tests lean on."""

from pathlib import Path

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from platform_for_tests import FreshDatabase, FreshTopics, Platform


async def test_each_test_has_databases_of_its_own(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    (tmp_path / "0001_initial.sql").write_text("CREATE TABLE thing (id int)")
    connection = await asyncpg.connect(await fresh_database("executor", tmp_path))
    assert await connection.fetchval("SELECT count(*) FROM thing") == 0
    assert await connection.fetchval("SELECT current_database()") == fresh_database.template.rpartition("/")[2].replace(
        "{service}", "executor"
    )
    await connection.close()
    bare = await asyncpg.connect(await fresh_database.empty())
    assert await bare.fetchval("SELECT to_regclass('thing')") is None
    await bare.close()


async def test_each_test_has_topics_of_its_own(platform: Platform, fresh_topics: FreshTopics) -> None:
    prefix = await fresh_topics("executor.sends", "log.launches", partitions=3)
    admin = AIOKafkaAdminClient(bootstrap_servers=platform.kafka)
    await admin.start()
    described = await admin.describe_topics([f"{prefix}executor.sends", f"{prefix}log.launches"])
    await admin.close()
    assert [len(topic["partitions"]) for topic in described] == [3, 3]
