"""Walls between projects in every service's database: whatever a route's statement says, other projects' rows are not
there. Every table is looked at, also those that somebody makes later."""
# ruff: noqa: S608 - names of tables come from the catalog

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from platform_for_tests import FreshDatabase
from runtime import database, walls, web
from runtime.auth import mint, requires
from runtime.health import Readiness
from runtime.settings import Settings
from runtime.tokens import Caller

SERVICES: Final = ("launcher", "contacts", "executor", "messaging", "log")
KEY: Final = "k" * 32
OPEN: Final = {
    **dict.fromkeys(walls.OWN_RIGHTS, "the runtime's; the role of routes cannot read it"),
    "channel": "what can be sent on, the same for all projects",
    "changes_read": "how far a topic has been read",
}
"""Tables whose rows are nobody's, and why."""
OTHERS: Final = "b"


class Ground:
    """A service's database with one row of project a and one of project b in every table that is somebody's."""

    def __init__(self, pool: database.Pool, walled: database.Pool) -> None:
        self.pool, self.walled = pool, walled
        self.columns: dict[str, dict[str, asyncpg.Record]] = {}
        self.numbers: dict[str, int] = {}

    async def fill(self) -> None:
        rows = await self.pool.fetch(
            "SELECT c.relname AS table, a.attname AS column, a.attnotnull AS needed, a.attidentity <> '' AS counted,"
            " format_type(a.atttypid, NULL) AS type,"
            " (SELECT enumlabel FROM pg_enum WHERE enumtypid = a.atttypid ORDER BY enumsortorder LIMIT 1) AS word"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum"
        )
        for row in rows:
            self.columns.setdefault(row["table"], {})[row["column"]] = row
        async with self.pool.acquire() as connection:
            for check in await connection.fetch(
                "SELECT conrelid::regclass::text AS table, conname FROM pg_constraint"
                " WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace"
            ):
                await connection.execute(f'ALTER TABLE {check["table"]} DROP CONSTRAINT "{check["conname"]}"')
            for project in ("a", OTHERS):
                if "launch" in self.columns:
                    await connection.execute(self.insert("launch", project))
                    if "number" in self.columns["launch"]:
                        number = "SELECT number FROM launch WHERE project = $1"
                        self.numbers[project] = await connection.fetchval(number, project)
                for table in self.somebodys():
                    if table != "launch":
                        await connection.execute(self.insert(table, project))

    def somebodys(self) -> list[str]:
        """Tables with rows that belong to a project."""
        return [table for table in self.columns if table not in OPEN]

    def insert(self, table: str, project: str) -> str:
        wanted = {name: one for name, one in self.columns[table].items() if self._said(name, one)}
        values = ", ".join(self._value(name, one, project) for name, one in wanted.items())
        return f'INSERT INTO "{table}" ({", ".join(wanted)}) VALUES ({values})'

    def owner(self, table: str) -> tuple[str, str, str]:
        """The column that says whose a row is, and what it says of a and b."""
        columns = self.columns[table]
        name = next(each for each in ("project", "launch", "launch_id") if each in columns)
        return name, self._value(name, columns[name], "a"), self._value(name, columns[name], OTHERS)

    def _said(self, name: str, column: asyncpg.Record) -> bool:
        owns = name in ("project", "launch", "launch_id")
        return not column["counted"] and (owns or column["needed"])

    def _value(self, name: str, column: asyncpg.Record, project: str) -> str:
        number = 1 if project == "a" else 2
        if name == "project":
            return f"'{project}'"
        if name == "launch" and column["type"] in ("integer", "bigint"):
            return str(self.numbers[project])
        if column["word"] is not None:
            return f"'{column['word']}'"
        kinds = {
            "text": f"'{project}'",
            "bytea": f"'{project}'::bytea",
            "boolean": "true",
            "json": "'{}'",
            "jsonb": "'{}'",
            "timestamp with time zone": f"timestamptz '2026-01-0{number}'",
            **dict.fromkeys(("smallint", "integer", "bigint", "real", "double precision", "numeric"), str(number)),
        }
        if column["type"].endswith("[]"):
            return f"'{{}}'::{column['type']}"
        return kinds[column["type"]]

    async def as_of(self, project: str, statement: str) -> Any:
        """What a route's connection gives whose request is of this project; nothing of it stays."""
        walls.narrow(project)
        async with self.walled.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                if statement.startswith("SELECT"):
                    return await connection.fetchval(statement)
                return int((await connection.execute(statement)).rpartition(" ")[2])
            finally:
                await transaction.rollback()


@pytest.fixture(params=SERVICES)
async def ground(request: pytest.FixtureRequest, fresh_database: FreshDatabase) -> AsyncIterator[Ground]:
    url = await fresh_database(request.param)
    pool = await database.connect(url, name="test")
    walled = await database.connect(url, name="test", walled=True)
    ground = Ground(pool, walled)
    await ground.fill()
    yield ground
    await walled.close()
    await pool.close()


async def test_no_statement_of_a_route_reaches_rows_of_another_project(ground: Ground) -> None:
    for table in ground.somebodys():
        column, own, others = ground.owner(table)
        count = f'SELECT count(*) FROM "{table}"'
        assert await ground.pool.fetchval(count) == 2, table
        seen = [await ground.as_of(project, count) for project in ("a", OTHERS, "c", walls.NOWHERE, walls.EVERYWHERE)]
        assert seen == [1, 1, 0, 0, 2], table
        assert await ground.as_of("a", f"{count} WHERE {column} = {others}") == 0, table
        assert await ground.as_of("a", f"{count} WHERE {column} = {own} OR true") == 1, table
        assert await ground.as_of("a", f'UPDATE "{table}" SET {column} = {column}') == 1, table
        assert await ground.as_of("a", f'DELETE FROM "{table}" WHERE {column} = {others}') == 0, table
        assert await ground.as_of("a", f'DELETE FROM "{table}"') == 1, table
        for statement in (ground.insert(table, OTHERS), f'UPDATE "{table}" SET {column} = {others}'):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await ground.as_of("a", statement)


async def test_every_table_has_its_wall_or_is_nobodys_for_a_reason(ground: Ground) -> None:
    walled = {row["tablename"] for row in await ground.pool.fetch("SELECT tablename FROM pg_policies")}
    assert walled == set(ground.somebodys())
    assert not walled & OPEN.keys()
    async with ground.pool.acquire() as connection:
        assert await walls.pending(connection) == [], "what is there stays as it is"


async def test_a_view_shows_no_more_than_whoever_asks_may_see(ground: Ground) -> None:
    views = await ground.pool.fetch(
        "SELECT relname, reloptions FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    )
    assert all("security_invoker=true" in (view["reloptions"] or ()) for view in views), views


async def test_the_role_of_routes_owns_nothing_and_is_bound_by_the_walls(ground: Ground) -> None:
    role = await ground.pool.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", walls.ROLE)
    assert role is not None
    mighty = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication", "rolbypassrls")
    assert [role[each] for each in mighty] == [False] * len(mighty)
    owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = $1"
    assert await ground.pool.fetchval(owned, walls.ROLE) == 0
    assert await ground.walled.fetchval("SELECT current_user") == walls.ROLE
    for table in walls.OWN_RIGHTS:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await ground.walled.fetch(f"SELECT * FROM {table}")


async def test_requests_at_the_same_time_see_their_own_project_each(fresh_database: FreshDatabase) -> None:
    """Also while an answer is still being written, and whoever had the connection before."""
    url = await fresh_database("contacts")
    pool = await database.connect(url, name="test")
    walled = await database.connect(url, name="test", walled=True, size=2)
    await pool.execute(
        "INSERT INTO contact_group (project, group_id)"
        " SELECT project, project || number FROM unnest('{a,b}'::text[]) AS project, generate_series(1, 3) AS number"
    )
    router = APIRouter()
    names = "SELECT string_agg(group_id, ' ' ORDER BY group_id) FROM contact_group"

    @router.get("/groups")
    async def groups(_: Annotated[Caller, Depends(requires("view"))]) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            for _ in range(3):
                await asyncio.sleep(0)
                yield f"{await walled.fetchval(names)}\n"

        return StreamingResponse(pieces())

    settings = Settings(token_key=KEY)
    server = web.Web("test", settings, Readiness("test"))
    listening = web.listen(settings)
    server.start(listening)
    server.open(router)

    async def ask(http: httpx.AsyncClient, project: str, named: str | None = None) -> set[str]:
        token = mint(Caller(project, "ann", frozenset({"view"})), KEY)
        headers = {"Authorization": f"Bearer {token}"} | ({"Slipway-Project": named} if named else {})
        answer = await http.get("/groups", headers=headers)
        return set(answer.raise_for_status().text.splitlines())

    async with httpx.AsyncClient(base_url=web.address(listening), trust_env=False) as http:
        own = {"a": {"a1 a2 a3"}, "b": {"b1 b2 b3"}, "c": {"None"}}
        asked = [project for _ in range(20) for project in own]
        assert await asyncio.gather(*(ask(http, project) for project in asked)) == [own[project] for project in asked]
        assert await ask(http, "*", "b") == own["b"], "an administrator is of the project that they name"
    await server.stop()
    await walled.close()
    await pool.close()
