"""A launch of `slow` whose contacts have got the first of two messages, read whole, and wait an hour for the second."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message

import httpx

from e2e.look import Launch
from e2e.slipway import Slipway


@dataclass(frozen=True)
class Mailing:
    here: Slipway
    http: httpx.Client
    launch: Launch
    mails: dict[str, Message]
    """The first message of each contact, by its id."""

    def all_move_on(self) -> None:
        """All are moved on from the wait; returns when they have ended."""
        for contact_id in self.mails:
            asked = self.http.post(f"/v1/launches/{self.launch.launch_id}/advance", json={"contact_id": contact_id})
            asked.raise_for_status()
        self.here.until(lambda: len(self.launch.outcomes()) == len(self.mails), "all have ended")

    def got(self, message: str) -> set[str]:
        """Contacts that got `before` or `after`, each once."""
        sent = {subject: count for (_, subject), count in self.here.mails().items() if subject.startswith(message)}
        ours = {contact_id: sent.get(f"{message} {contact_id}", 0) for contact_id in self.mails}
        assert set(ours.values()) <= {0, 1}
        return {contact_id for contact_id, count in ours.items() if count}


@contextmanager
def mailing(slipway: Slipway, *contacts: str) -> Iterator[Mailing]:
    """On contacts `<project>-<name>`, of a project of their own."""
    slipway.until_ready()
    project = f"u{uuid.uuid4().hex[:10]}"
    ids = [f"{project}-{name}" for name in contacts]
    here = slipway.with_contacts(project, "slow", ids)
    slipway.mail_sink_misbehaves({"kind": "keep", "to": f"^{project}-"})
    try:
        launch_id = str(here.json("launch", "slow", "--all", "--yes")["launch_id"])
        with here.http() as http:
            launch = Launch(http, launch_id)
            here.until(lambda: launch.at("pause") == set(ids), "all have the first message")
            mails = here.whole_mails(project)
            yield Mailing(here, http, launch, {mail["To"].removesuffix("@example.com"): mail for mail in mails})
    finally:
        slipway.mail_sink_misbehaves()
