"""What a provider reports after it has accepted a mail: delivered, bounced and complained stay apart, and whoever
bounced for good or complained gets nothing more.
"""

from typing import Any

import pytest

from e2e.mailing import Mailing, mailing
from e2e.provider import NAME, WRITTEN, report
from e2e.provider import returned as written
from e2e.slipway import Slipway

NAMES = ("delivered", "bounced", "complained", "soft", "silent", "returned")
PIPE = ("dsn", "--name", NAME, "--secret", WRITTEN)
"""What a mail server runs for each mail that comes back."""


def by_reference(made: Mailing, contact_id: str, event: str, **more: Any) -> dict[str, Any]:
    """The message is named by the header that a bounce brings back."""
    return {"ref": made.mails[contact_id]["X-Slipway-Ref"], "event": event, **more}


def by_parts(made: Mailing, contact_id: str, event: str) -> dict[str, Any]:
    return {"launch_id": made.launch.launch_id, "contact_id": contact_id, "step": "before", "event": event}


@pytest.mark.behaviour(31, 32)
def test_reports_move_deliveries_and_suppress_before_the_next_send(slipway: Slipway) -> None:
    with mailing(slipway, *NAMES) as made:
        project = str(made.here.project)
        delivered, bounced, complained, soft, silent, returned = ids = [f"{project}-{name}" for name in NAMES]
        assert made.launch.in_state("accepted") == set(ids), "accepted is not delivered"
        told = [
            by_reference(made, delivered, "delivered"),
            by_reference(made, bounced, "bounced", recipient=f"{bounced}@example.com"),
            by_parts(made, complained, "complained"),
            by_reference(made, soft, "bounced", hard=False),
            by_parts(made, f"{project}-nobody", "bounced"),
        ]
        for wrong in (report(made.http, *told, secret=b"another secret of sixteen"), report(made.http, *told, age=900)):
            assert (wrong.status_code, wrong.json()["code"]) == (401, "unauthenticated")
        assert made.launch.in_state("accepted") == set(ids)

        answers = [report(made.http, *told) for _ in range(2)]

        assert [(answer.status_code, answer.json()) for answer in answers] == [
            (202, {"taken": 4, "unknown": 1, "without_ref": 0})
        ] * 2
        comes_back(made, soft, "5.2.2")
        comes_back(made, returned, "5.1.1")
        none = made.here(*PIPE, given="Subject: I am on holiday\n\nBack on Monday", check=False)
        assert (none.returncode, "no multipart/report" in none.stderr) == (65, True)
        made.here.until(lambda: made.launch.in_state("accepted") == {soft, silent}, "the reports are taken in")
        for state in ("delivered", "complained"):
            assert made.launch.in_state(state) == {f"{project}-{state}"}
        assert made.launch.in_state("bounced") == {bounced, returned}
        counted = {"accepted": 2, "delivered": 1, "bounced": 2, "complained": 1}
        made.here.until(lambda: nonzero(made) == counted, "each message is counted once, by its latest state")

        made.all_move_on()

        assert made.got("after") == {delivered, soft, silent}
        assert {row["contact_id"]: row["reason"] for row in made.launch.listed("deliveries", state="skipped")} == {
            bounced: "suppressed",
            complained: "suppressed",
            returned: "suppressed",
        }
        assert made.launch.outcomes() == dict.fromkeys(ids, ("success", "end:won")), "a later bounce changes none"
        listed = made.here.json("suppress", "list")
        assert {row["contact_id"]: row["reason"] for row in listed if row["contact_id"]} == {
            bounced: "hard_bounce",
            complained: "complaint",
            returned: "hard_bounce",
        }
        assert {row["address"]: row["reason"] for row in listed if row["address"]} == {
            f"{bounced}@example.com": "hard_bounce",
            f"{returned}@example.com": "hard_bounce",
        }, "the report, and the mail that came back, say where the message had gone"
        made.here.imports([{"id": f"{project}-other", "email": f"{returned}@example.com"}])
        assert made.here.json("contacts", "show", f"{project}-other")["suppressed"], "whoever has it"
        made.here("reconcile", made.launch.launch_id)


def comes_back(made: Mailing, contact_id: str, status: str) -> None:
    said = made.here(*PIPE, given=written(made.mails[contact_id], status)).stderr
    assert "taken: 1" in said


def nonzero(made: Mailing) -> dict[str, int]:
    return {state: count for state, count in made.launch.figures()["deliveries"].items() if count}
