"""Walls between projects, in the database: whatever HTTP asks, it sees and changes only rows of its caller's project.

Routes work as role `slipway_app`, which owns nothing, on connections that say whose project is meant; row-level
security does the rest, whatever a statement forgets. Streams and jobs work for all projects, as the tables' owner.
`docs/decisions/0014-walls.md` says why.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from runtime.transaction import Connection

ROLE: Final = "slipway_app"
SETTING: Final = "slipway.project"
EVERYWHERE: Final = "*"
"""In the place of a project: rows of all of them."""
NOWHERE: Final = ""
POLICY: Final = "walls"
RIGHTS: Final = "SELECT, INSERT, UPDATE, DELETE"
OWN_RIGHTS: Final = {
    "http_outbox": "INSERT",
    **dict.fromkeys(("schema_migration", "platform", "stream_cursor", "topic_seen", "outbox", "parked")),
}
"""Of the runtime's tables: routes write events, and have nothing to do with the rest."""

_scope: ContextVar[str] = ContextVar("project of the request", default=NOWHERE)
_SEEN: Final = f"(SELECT current_setting('{SETTING}', true))"
"""Asked once per statement, not per row."""
_TABLES: Final = """
SELECT c.relname AS name, c.relkind = 'v' AS view,
       array_agg(a.attname::text) AS columns,
       (SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy p
        WHERE p.polrelid = c.oid AND p.polname = $1 AND c.relrowsecurity) AS wall,
       has_table_privilege($2, c.oid, 'INSERT') AS granted,
       coalesce('security_invoker=true' = ANY(c.reloptions), false) AS invoker
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
GROUP BY c.oid ORDER BY c.relname
"""


def narrow(project: str) -> None:
    """For the rest of this request: `project`, or EVERYWHERE. Until somebody says so, a request sees nothing."""
    _scope.set(project)


async def stand_behind(connection: Connection) -> None:
    """Of a new connection for routes: it is the weak role's from now on."""
    await connection.execute(f"SET ROLE {ROLE}")


async def look_through(connection: Connection) -> None:
    """Each time that a route takes such a connection: it sees what this request may see."""
    await connection.execute("SELECT set_config($1, $2, false)", SETTING, _scope.get())


def wall(columns: frozenset[str], launch: frozenset[str]) -> str | None:
    """Which rows the role sees of a table with these columns, where `launch` are those of the service's launches.

    None: there is nothing in a row that says whose it is.
    """
    if "project" in columns:
        return f"project = {_SEEN} OR {_SEEN} = '{EVERYWHERE}'"
    for own, of_launch in (("launch", "number"), ("launch_id", "launch_id")):
        if own in columns and of_launch in launch:
            return f"EXISTS (SELECT FROM launch AS l WHERE l.{of_launch} = {{table}}.{own})"
    return None


async def pending(connection: Connection) -> list[tuple[str, str]]:
    """(what for, SQL) of everything that is still to be done, each to be done in a transaction of its own.

    A wall's comment says its condition as it is here, so one of another condition is noticed and made anew.
    """
    rows = await connection.fetch(_TABLES, POLICY, ROLE)
    columns: Mapping[str, frozenset[str]] = {row["name"]: frozenset(row["columns"]) for row in rows}
    launch = columns.get("launch", frozenset())
    found = []
    for row in rows:
        name = row["name"]
        table = _quoted(name)
        parts = []
        if row["view"]:
            parts += [] if row["invoker"] else [f"ALTER VIEW {table} SET (security_invoker = true)"]
        elif (seen := wall(columns[name], launch)) is not None:
            condition = seen.format(table=table)
            parts += [] if row["wall"] == condition else _made(table, condition)
        if not row["granted"] and (rights := OWN_RIGHTS.get(name, RIGHTS)):
            parts.append(f"GRANT {rights} ON {table} TO {ROLE}")
        if parts:
            found.append((name, "; ".join(parts)))
    return found


async def down(connection: Connection) -> None:
    """Take down every wall there is, within a transaction that raises them again. Row-level security stays.

    Raises LockNotAvailableError while anybody uses one of the tables: whoever waits for one with another in hand may be
    waited for.
    """
    rows = await connection.fetch("SELECT polrelid::regclass::text AS name FROM pg_policy WHERE polname = $1", POLICY)
    if tables := [row["name"] for row in rows]:
        await connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE NOWAIT")
        await connection.execute("; ".join(f"DROP POLICY {POLICY} ON {table}" for table in tables))


def _made(table: str, condition: str) -> list[str]:
    said = condition.replace("'", "''")
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} TO {ROLE} USING ({condition})",
        f"COMMENT ON POLICY {POLICY} ON {table} IS '{said}'",
    ]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


MAKE_ROLE: Final = f"""
    DO $$ BEGIN
        CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- it is the whole server's: another service has made it
    END $$
"""
JOIN_ROLE: Final = f"""
    DO $$ BEGIN
        IF NOT pg_has_role(current_user, '{ROLE}',
                           CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
        THEN
            GRANT {ROLE} TO CURRENT_USER;
        END IF;
    END $$
"""
"""This login may become it."""
