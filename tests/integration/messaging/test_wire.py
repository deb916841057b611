"""E-mails over real SMTP: each way in which a server can misbehave, under the loop that production runs on."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from fakes.provider import ACCEPT_AND_DROP, ACCEPT_LATE, DROP, STALL
from fakes.smtp_server import FakeSmtpServer
from integration.messaging.rig import Node, World
from messaging.adapters.smtp.mailer import SmtpMailer
from messaging.domain.provider import Patience, Provider
from platform_for_tests import FreshDatabase
from runtime import database
from unit.messaging.builders import chunk, requested

SHORT = Patience(connect=0.5, command=0.5, answer=0.5)
COUNT = 12
Scene = Callable[[World, FakeSmtpServer, Node], Awaitable[None]]


def play(dsn: str, scene: Scene, **server: float) -> None:
    """The scene under uvloop: a world, a server that the scene tells how to behave, and a node that mails to it."""

    async def run() -> None:
        pool = await database.connect(dsn, name="test")
        world = World(pool)
        async with FakeSmtpServer(**server) as smtp:  # type: ignore[arg-type]
            async with Node(world, SmtpMailer(Provider.of(smtp.url, SHORT)), connections=3) as node:
                await node.launches(requested())
                await node.sends(chunk(COUNT))
                await scene(world, smtp, node)
            assert node.meter.bugs == 0
            await world.check()
            twice = [id for id, times in Counter(mail.id for mail in smtp.accepted).items() if times > 1]
            assert twice == []
            told = {state: {key.send_id for key, now in world.told.items() if now == state} for state in world.counts}
            has = {mail.id for mail in smtp.accepted}
            assert told.get("accepted", set()) <= has <= told.get("accepted", set()) | told.get("unknown", set())
        await pool.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


@pytest.fixture
def dsn(fresh_database: FreshDatabase) -> str:
    with asyncio.Runner() as runner:
        return runner.run(fresh_database("messaging"))


def test_a_server_that_behaves_gets_each_mail_once_over_few_connections(dsn: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        await node.until_ended(COUNT)
        assert world.counts == {"accepted": COUNT}
        assert smtp.connections <= 3

    play(dsn, scene)


@pytest.mark.parametrize("reaction", [ACCEPT_AND_DROP, DROP, STALL, ACCEPT_LATE])
def test_no_answer_after_the_dot_makes_exactly_these_unknown(dsn: str, reaction: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        smtp.next("dot", reaction, reaction)
        await node.until_ended(COUNT)
        smtp.release()
        await node.round()
        assert world.counts == {"unknown": 2, "accepted": COUNT - 2}

    play(dsn, scene)


@pytest.mark.parametrize("place", ["connect", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reaction", [DROP, STALL, "421 shutting down"])
def test_trouble_before_the_dot_costs_no_mail(dsn: str, place: str, reaction: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        smtp.next(place, reaction, reaction)
        await node.until_ended(COUNT)
        assert world.counts == {"accepted": COUNT}

    play(dsn, scene)


def test_a_storm_of_4xx_passes_or_fails_in_the_end(dsn: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        smtp.next("RCPT", *["451 storm"] * 10)
        smtp.next("dot", *["452 storm"] * 10)
        await node.until_ended(COUNT)
        assert set(world.counts) <= {"accepted", "failed"}

    play(dsn, scene)


def test_a_server_that_refuses_everything_fails_all_of_them(dsn: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        smtp.always("RCPT", "550 no")
        await node.until_ended(COUNT)
        assert set((await world.rows()).values()) == {("failed", "smtp:550")}

    play(dsn, scene)


def test_a_server_that_comes_back_gets_what_waited(dsn: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        await smtp.stop()
        for _ in range(5):
            await node.round()
            await asyncio.sleep(0.05)
        assert world.counts == {"planned": COUNT}
        await smtp.start()
        await node.until_ended(COUNT)
        assert world.counts == {"accepted": COUNT}

    play(dsn, scene)


def test_a_server_cut_off_in_the_middle_leaves_only_those_at_the_dot_unknown(dsn: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        smtp.next("dot", *["250 ok"] * 4, ACCEPT_LATE, ACCEPT_LATE)
        await node.until(lambda: len(smtp.accepted) >= 6)
        await smtp.cut()
        await node.until_ended(COUNT)
        assert 2 <= world.counts["unknown"] <= 3

    play(dsn, scene)


def test_a_server_that_answers_one_byte_at_a_time_is_given_up_and_costs_no_mail(dsn: str) -> None:
    async def scene(world: World, smtp: FakeSmtpServer, node: Node) -> None:
        for _ in range(5):
            await node.round()
            await asyncio.sleep(0.2)
        assert world.counts == {"planned": COUNT}
        smtp.seconds_per_byte = 0
        await node.until_ended(COUNT)
        assert world.counts == {"accepted": COUNT}

    play(dsn, scene, seconds_per_byte=0.1)
