"""A launch stopped, a contact of it removed or moved on."""

from typing import Literal

from fastapi import Response
from pydantic import Field

from contracts.crm import ContactId
from contracts.launches import OrderKind
from contracts.words import LaunchState
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Optional
from launcher.api.shapes import Input, Output, PathWord, granted, problem
from launcher.domain.parties import Asker
from launcher.domain.remains import remains
from launcher.handlers.launches import LaunchHandlers
from launcher.handlers.ordering import Ordering
from runtime.cloudevents import rfc3339
from runtime.transaction import Transaction


class ContactNamed(Input):
    contact_id: ContactId


class LaunchStoppedShown(Output):
    launch_id: str
    state: LaunchState
    done: dict[str, int]
    """Targets by outcome when it was stopped: what is done stays done. As of the newest figures, a second old."""
    in_flight: int
    """Messages that the provider had in hand: they come to their end."""
    to_cancel: int
    """Targets in progress, and expected ones that were not chosen yet, as of the same figures. How many there were
    in the end says `by_reason` of `GET /v1/launches/{launch_id}/progress`, once it has ended."""


class ContactOrderShown(Output):
    order_id: str
    launch_id: str
    contact_id: str
    kind: OrderKind
    state: Literal["ordered"] = "ordered"
    """What becomes of it: `GET /v1/launches/{launch_id}/orders/{order_id}`."""


class Pacing(Input):
    per_second: float | None = Field(default=None, gt=0)


def add(doors: Doors, control: LaunchHandlers, ordering: Ordering, idempotency: Idempotency) -> None:
    resources = doors.resources

    @doors("POST", "/v1/launches/{launch_id}/stop")
    async def stop(launch_id: PathWord, asker: Asking) -> LaunchStoppedShown:
        """Steps done stay done and counted; the rest is cancelled. Again is harmless."""
        async with resources.transaction() as tx:
            stopped = granted(await control.stop(tx, asker, launch_id))
        left = remains(stopped)
        return LaunchStoppedShown(
            launch_id=stopped.launch_id,
            state=stopped.state,
            done=left.done,
            in_flight=left.in_flight,
            to_cancel=0 if stopped.state is LaunchState.REJECTED else left.to_cancel,
        )

    @doors("POST", "/v1/launches/{launch_id}/remove", status_code=202, response_model=ContactOrderShown)
    async def remove(
        launch_id: PathWord, given: ContactNamed, asker: Asking, idempotency_key: Optional = None
    ) -> Response:
        """The contact leaves the launch: `abandon/removed`, no message more. One that is no target yet starts none."""
        return await order(launch_id, given.contact_id, "remove", asker, idempotency_key)

    @doors("POST", "/v1/launches/{launch_id}/advance", status_code=202, response_model=ContactOrderShown)
    async def advance(
        launch_id: PathWord, given: ContactNamed, asker: Asking, idempotency_key: Optional = None
    ) -> Response:
        """The contact goes on from the wait it is at, now. One that is at no wait stays where it is."""
        return await order(launch_id, given.contact_id, "advance", asker, idempotency_key)

    @doors("POST", "/v1/launches/{launch_id}/pacing")
    async def pacing(launch_id: PathWord, given: Pacing, asker: Asking) -> None:
        """Not available yet: of a launch that there is always 422 `unsupported`."""
        async with resources.pool.acquire() as connection:
            raise problem(await ordering.pace(connection, asker, launch_id))

    async def order(launch_id: str, contact_id: str, kind: OrderKind, asker: Asker, key: str | None) -> Response:
        async def work(tx: Transaction) -> tuple[int, ContactOrderShown]:
            cause = key if key is not None else rfc3339(tx.now)
            made = granted(await ordering.order(tx, asker, launch_id, contact_id, kind, f"{asker.subject} {cause}"))
            return 202, ContactOrderShown(order_id=made.order_id, launch_id=launch_id, contact_id=contact_id, kind=kind)

        asked = [f"POST /v1/launches/{launch_id}/{kind}", contact_id]
        return await idempotency.once(resources, asker, key, asked, work)
