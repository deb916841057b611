"""A service as a process: it waits for its servers, says what is missing, and stops in order."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from integration.runtime.harness import Bench, until
from runtime.tokens import Caller, mint

TESTS = Path(__file__).parents[2]
TOKEN_KEY = "k" * 32
_ports = iter(range(20_000 + os.getpid() % 5_000, 32_000))


def root() -> dict[str, str]:
    """Headers. Made anew each time: a token is good for minutes, the whole suite takes more."""
    return {
        "Authorization": f"Bearer {mint(Caller('*', 'root', frozenset({'*'})), TOKEN_KEY)}",
        "Slipway-Project": "acme",
    }


def ann() -> dict[str, str]:
    return {"Authorization": f"Bearer {mint(Caller('acme', 'ann', frozenset({'view'})), TOKEN_KEY)}"}


class Running:
    """A process and what it logged."""

    def __init__(self, process: asyncio.subprocess.Process, http: httpx.AsyncClient, port: int) -> None:
        self.process, self.http, self.port = process, http, port
        self.out: list[bytes] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.out.append(line)

    def logged(self, message: str) -> list[dict[str, Any]]:
        lines = [orjson.loads(line) for line in self.out if line.startswith(b"{")]
        return [line for line in lines if line["message"] == message]

    async def alive(self) -> None:
        await until(self._alive, 60, lambda: "a process that is alive")

    async def _alive(self) -> bool:
        try:
            return (await self.http.get("/healthz")).status_code == 200
        except httpx.TransportError:
            assert self.process.returncode is None, b"".join(self.out).decode()
            return False

    async def ready(self) -> None:
        await self.alive()
        await until(self._ready, 60, lambda: "a process that is ready")

    async def _ready(self) -> bool:
        return (await self.http.get("/readyz")).status_code == 200

    async def ended(self) -> int:
        code = await asyncio.wait_for(self.process.wait(), 60)
        await self._reading
        return code


@asynccontextmanager
async def serving(*arguments: str, **environment: str) -> AsyncIterator[Running]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "integration.runtime.served_process",
        *arguments,
        env={
            **os.environ,
            "PYTHONPATH": str(TESTS),
            "SLIPWAY_TOKEN_KEY": TOKEN_KEY,
            "SLIPWAY_HTTP_PORT": str(port),
            **environment,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        try:
            yield Running(process, http, port)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def free_port() -> int:
    """Another one each time. Below 32768: above, a client that tries again and again can connect to itself."""
    for port in _ports:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no free port")


@asynccontextmanager
async def forwarding(port: int, host: str, target: int) -> AsyncIterator[None]:
    """The server appears on `port`."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, target)
        await asyncio.gather(pipe(reader, there_writer), pipe(there_reader, writer))

    server = await asyncio.start_server(accepted, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def test_a_service_without_servers_carries_neither_client_in_memory() -> None:
    async with serving("console") as console:
        await console.ready()
        answer = await console.http.get("/v1/loaded", headers=ann())
        assert answer.json() == []
        console.process.terminate()
        assert await console.ended() == 0
    assert console.logged("stopped")


async def test_a_port_in_use_is_said_with_what_to_do() -> None:
    async with serving("console") as first:
        await first.alive()
        async with serving("console", SLIPWAY_HTTP_PORT=str(first.port)) as second:
            assert await second.ended() == 2
            (line,) = second.logged("cannot serve http")
            assert line["address"] == f"127.0.0.1:{first.port}"
            assert "SLIPWAY_HTTP_PORT" in line["remedy"]


async def test_missing_settings_are_said_before_anything_starts() -> None:
    async with serving(SLIPWAY_KAFKA="", SLIPWAY_POSTGRES="") as process:
        assert await process.ended() == 2


async def test_servers_that_come_late_are_waited_for(bench: Bench) -> None:
    kafka_host, _, kafka_port = bench.kafka.rpartition(":")
    postgres = httpx.URL(bench.postgres.replace("{service}", "x"))
    late_kafka = free_port()
    late_postgres = free_port()
    environment = bench.environment(
        "a",
        SLIPWAY_KAFKA=f"127.0.0.1:{late_kafka}",
        SLIPWAY_POSTGRES=bench.postgres.replace(f":{postgres.port}", f":{late_postgres}"),
    )
    async with serving(**environment) as ledger:
        await ledger.alive()
        not_ready = await ledger.http.get("/readyz")
        assert not_ready.status_code == 503
        assert "the database is not reached yet" in not_ready.json()["problems"]["stream"]
        assert (await ledger.http.post("/v1/answers?name=a", headers=root())).json()["code"] == "starting"
        await until(lambda: bool(ledger.logged("postgres is not reachable: trying again")), 30)
        async with forwarding(late_postgres, str(postgres.host), postgres.port or 5432):
            await until(lambda: bool(ledger.logged("kafka is not reachable: trying again")), 30)
            answer = await ledger.http.post("/v1/answers?name=a", headers=root())
            assert answer.status_code == 202, answer.text
            async with forwarding(late_kafka, kafka_host, int(kafka_port)):
                await ledger.ready()
                ids = await bench.note(4)
                await bench.until_noted(len(ids))
                await until_answered(bench, "a")
                ledger.process.terminate()
                assert await ledger.ended() == 0


async def until_answered(bench: Bench, name: str) -> None:
    async def answered() -> bool:
        return any(record.key == name.encode() for record in await bench.answers())

    await until(answered, 20)


@pytest.mark.parametrize(("number", "leave"), [(signal.SIGTERM, True), (signal.SIGHUP, False), (signal.SIGINT, True)])
async def test_a_signal_stops_in_order(bench: Bench, number: signal.Signals, leave: bool) -> None:
    async with serving(**bench.environment("a")) as ledger:
        await ledger.ready()
        ledger.process.send_signal(number)
        assert await ledger.ended() == 0
    assert ledger.logged("stopping")[0]["leave"] is leave
    assert b"lifespan ended while the database was there\n" in ledger.out
    assert ledger.logged("stopped")


async def test_another_partition_count_is_not_ready_and_says_so(bench: Bench) -> None:
    async with serving(**bench.environment("a")) as ledger:
        await ledger.ready()
        ledger.process.terminate()
        await ledger.ended()
    async with serving(**bench.environment("a", SLIPWAY_PARTITIONS="5")) as ledger:
        await until(lambda: bool(ledger.logged("not starting: somebody has to act")), 20)
        answer = await ledger.http.get("/readyz")
        assert "made with 4 partitions" in answer.json()["problems"]["process"]
        ledger.process.terminate()
        assert await ledger.ended() == 0


async def test_operators_see_partitions_and_only_administrators_what_is_parked(bench: Bench) -> None:
    async with serving(**bench.environment("a")) as ledger:
        await ledger.ready()
        await bench.send(b"{", [])
        await until(lambda: bool(ledger.logged("record parked")), 20)
        partitions = (await ledger.http.get("/v1/partitions", headers=ann())).json()["items"]
        assert [row["number"] for row in partitions] == [0, 1, 2, 3]
        assert (await ledger.http.get("/v1/parked", headers=ann())).status_code == 403
        (parked,) = (await ledger.http.get("/v1/parked", headers=root())).json()["items"]
        one = f"/v1/parked/{parked['id']}"
        assert (await ledger.http.get(one, headers=ann())).status_code == 403
        assert (await ledger.http.get(one, headers=root())).json()["reason"] == parked["reason"]
        assert (await ledger.http.get("/v1/parked/none%00", headers=root())).json()["code"] == "unknown_parked"
        assert (await ledger.http.post(f"{one}/replay", headers=root())).status_code == 202
        assert (await ledger.http.post("/v1/parked/none/replay", headers=root())).json()["code"] == "unknown_parked"
        metrics = (await ledger.http.get("/metrics")).text
        assert 'slipway_parked_total{service="ledger",topic="ledger.in"} 1.0' in metrics
