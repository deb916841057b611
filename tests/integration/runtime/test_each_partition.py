"""Reading a table over all partitions in the order of contacts: no more rows than are given."""

from platform_for_tests import FreshDatabase
from runtime import database
from runtime.partitions import each_partition

EACH = "SELECT contact_id FROM row WHERE launch = $1 AND partition = :partition AND contact_id > $2"
MERGED = (
    f"SELECT contact_id FROM ({each_partition(EACH, range(8), order='contact_id')}) AS r ORDER BY contact_id LIMIT 10"  # noqa: S608
)


async def test_partitions_are_merged_not_sorted(fresh_database: FreshDatabase) -> None:
    """Also before statistics know of a launch, when few rows are expected."""
    dsn = await fresh_database.empty("partitions")
    pool = await database.connect(dsn, name="test", size=1)
    await pool.execute(
        'CREATE TABLE row (launch int, partition smallint, contact_id text COLLATE "C",'
        " PRIMARY KEY (launch, partition, contact_id))"
    )
    await pool.execute("ANALYZE row")
    await pool.execute("INSERT INTO row SELECT 1, n % 8, 'c-' || lpad(n::text, 4, '0') FROM generate_series(1, 4000) n")
    rows = await pool.fetch(MERGED, 1, "c-0015")
    assert [row["contact_id"] for row in rows] == [f"c-{n:04}" for n in range(16, 26)]
    plan = "\n".join(line[0] for line in await pool.fetch(f"EXPLAIN {MERGED}", 1, "c-0015"))
    assert "Merge Append" in plan and "Sort Key" in plan and "->  Sort" not in plan, plan
    await pool.close()


async def test_a_number_stands_wherever_it_is_asked_for() -> None:
    assert each_partition("SELECT :partition WHERE p = :partition", [2, 5], order="x") == (
        "(SELECT 2 WHERE p = 2 ORDER BY x) UNION ALL (SELECT 5 WHERE p = 5 ORDER BY x)"
    )
