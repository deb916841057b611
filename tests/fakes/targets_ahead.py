"""Stands for executor's backlog: as full as the test says."""


class FakeTargetsAhead:
    """`contacts.ports.TargetsAhead`."""

    def __init__(self, contacts: int = 0) -> None:
        self.waiting = contacts

    async def contacts(self) -> int:
        return self.waiting
