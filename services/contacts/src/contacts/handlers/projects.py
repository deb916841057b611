"""`launcher.projects`: the keys that sign records, and the users whose reach restricts launches."""

from collections.abc import Callable, Sequence

from contacts.ports import Directory
from contracts.event import Event
from contracts.projects import KeySet, ProjectSet, UserSet
from runtime.records import Received
from runtime.transaction import Connection, Transaction


class ProjectHandlers:
    def __init__(self, directory: Callable[[Connection], Directory]) -> None:
        self._directory = directory

    async def on_launcher_projects(self, tx: Transaction, events: Sequence[Received[Event]]) -> None:
        """Scenarios lie on the topic too and are of no interest here: a launch brings its version along."""
        directory = self._directory(tx.connection)
        said = [received.event for received in events]
        await directory.set_projects([event for event in said if isinstance(event, ProjectSet)])
        await directory.set_keys([event for event in said if isinstance(event, KeySet)])
        await directory.set_users([event for event in said if isinstance(event, UserSet)])
