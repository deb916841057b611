"""Work that goes on later goes on with the trace of what asked for it."""

from dataclasses import replace

from fakes.mailer import FakeMailer
from fakes.transaction import received
from integration.messaging.rig import Node, World
from runtime import tracing
from runtime.spans import HEADER
from unit.messaging.builders import chunk, requested

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def test_a_chunk_that_had_to_wait_follows_what_brought_it(world: World, mailer: FakeMailer) -> None:
    sends = received(chunk(3))
    headers = {**sends.record.headers, HEADER: f"00-{TRACE}-{SPAN}-01".encode()}
    async with Node(world, mailer) as node:
        async with node.lease().transaction() as tx:
            await node.handlers.on_sends(tx, [replace(sends, record=replace(sends.record, headers=headers))])
        await node.launches(requested(channel="discard"))
        with tracing.recorded() as recorded:
            await node.round()
    [span] = recorded.get_finished_spans()
    assert span.name == "messaging pick up" and span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)
    assert world.counts == {"accepted": 3}
