"""A mail server that misbehaves in every way at once, in one launch: each outcome and each mail is as expected."""

import re
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from e2e.slipway import Slipway

EACH = 5
WON, FAILED, DOUBT = ("success", "end:won"), ("failure", "error:send"), ("other", "end:doubt")


@dataclass(frozen=True)
class Trouble:
    """How the server treats an address, and what must become of the contact behind it."""

    kind: str
    outcome: tuple[str, str]
    delivery: str
    mails: int
    """That the server has accepted in the end, whatever it said."""
    times: int | None = None
    """How often it misbehaves before it behaves; None: for ever."""


TROUBLES = {
    "never": Trouble("5xx", FAILED, "failed", 0),
    "spam": Trouble("5xx-data", FAILED, "failed", 0),
    "later": Trouble("4xx", WON, "accepted", 1, times=2),
    "full": Trouble("4xx-data", WON, "accepted", 1, times=2),
    "forever": Trouble("4xx", FAILED, "failed", 0),
    "leaving": Trouble("421", WON, "accepted", 1, times=2),
    "cut": Trouble("hang-up", WON, "accepted", 1, times=2),
    "lost": Trouble("lose", DOUBT, "unknown", 0),
    "dropped": Trouble("drop", DOUBT, "unknown", 1),
    "stalled": Trouble("stall", DOUBT, "unknown", 0),
    "late": Trouble("late", DOUBT, "unknown", 1),
    "fine": Trouble("none", WON, "accepted", 1),
}
AT_THE_DOOR = [{"kind": kind, "times": 15} for kind in ("busy", "close", "refuse")]


def kinds(project: Slipway) -> dict[str, Trouble]:
    """By contact id."""
    return {
        f"{project.project}-{name}-{number}": trouble
        for name, trouble in TROUBLES.items()
        for number in range(10 * EACH if name == "fine" else EACH)
    }


@pytest.fixture
def project(slipway: Slipway) -> Iterator[Slipway]:
    slipway.until_ready()
    project = slipway.of(f"m{uuid.uuid4().hex[:10]}")
    yield slipway.with_contacts(project.project or "", "doubtful", kinds(project))
    slipway.mail_sink_misbehaves()


def behaviours(troubles: dict[str, Trouble]) -> list[dict[str, Any]]:
    """For each address its own, so that each is counted alone."""
    return [
        {"kind": trouble.kind, "to": f"^{re.escape(id_)}@", "times": trouble.times}
        for id_, trouble in troubles.items()
        if trouble.kind != "none"
    ]


def unreachable(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        return 'slipway_smtp_unavailable{service="messaging"} 1.0' in answer.read().decode()


@pytest.mark.behaviour(31)
def test_a_mail_server_in_every_kind_of_trouble(slipway: Slipway, project: Slipway) -> None:
    expected = kinds(project)
    [messaging] = [row for row in slipway.status()["services"] if row["name"] == "messaging"]
    key, sink = project.key("process:start", "launch:preapproved"), slipway.server("smtp")
    slipway.mail_sink_misbehaves(*AT_THE_DOOR, *behaviours(expected))
    with slipway.nothing_restarts():
        sink.kill()
        launch_id = str(project.json("crm", "launch", "doubtful", "--all", *key)["launch_id"])
        slipway.until(lambda: unreachable(messaging["url"]), "messaging says that nobody takes mails")

    figures = project.json("watch", launch_id, timeout=120)["figures"]

    project("reconcile", launch_id)
    assert project.outcomes(launch_id) == {id_: trouble.outcome for id_, trouble in expected.items()}
    assert figures["by_reason"] == Counter(trouble.outcome[1] for trouble in expected.values())
    deliveries = {state: count for state, count in figures["deliveries"].items() if count}
    assert deliveries == Counter(trouble.delivery for trouble in expected.values())
    mails = Counter({id_: trouble.mails for id_, trouble in expected.items() if trouble.mails})
    assert project.mails_to(f"{project.project}-") == mails
    # what is unknown stays so: neither the next owner nor a server that behaves again changes that
    slipway.mail_sink_misbehaves()
    slipway.kill("messaging")
    slipway.until_ready()
    project("reconcile", launch_id)
    assert project.mails_to(f"{project.project}-") == mails
