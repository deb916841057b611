"""`launcher.launches`: the gate of each launch, and what a stop, a resume or an order leaves to do per partition."""

from collections.abc import Sequence
from typing import Any

from contracts.launches import ContactOrdered, LaunchControlled, LaunchRequested
from executor.domain.launch import Control, order_for
from executor.ports import Stores
from runtime.records import Received
from runtime.spans import HEADER
from runtime.transaction import Transaction


class Controls:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def on_launches(self, tx: Transaction, events: Sequence[Received[Any]]) -> None:
        """The highest revision wins, whenever it comes. Instances are not touched here: their owners do that."""
        controls: dict[str, Control] = {}
        ordered: list[tuple[ContactOrdered, str | None]] = []
        for received in events:
            match received.event:
                case LaunchRequested() | LaunchControlled() as event:
                    trace = received.record.header(HEADER)
                    control = Control(event.launch_id, event.project, event.state, event.revision, trace)
                    known = controls.setdefault(control.launch_id, control)
                    controls[control.launch_id] = max(known, control, key=lambda one: one.revision)
                case ContactOrdered() as event:
                    ordered.append((event, received.record.header(HEADER)))
        gates = await self._stores.gates.shut(tx, controls.keys()) if controls else {}
        for launch_id, control in controls.items():
            before, revision = gates.get(launch_id, (None, 0))
            if control.revision > revision and control.state is before:
                await self._stores.gates.renew(tx, control)
            elif control.revision > revision:
                await self._stores.gates.turn(tx, control, order_for(before, control.state))
        if ordered:
            await self._stores.orders.keep(tx, ordered)
