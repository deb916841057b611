"""The `slipway` command as a person uses it, for tests: run it, read what it prints."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True)
class Slipway:
    home: Path
    project: str | None = None
    user: str | None = None

    def of(self, project: str, user: str | None = None) -> "Slipway":
        return Slipway(self.home, project, user)

    def __call__(self, *arguments: str, check: bool = True, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Runs a command; with `check` anything but exit 0 fails the test and shows what was printed."""
        where = [*(["--project", self.project] if self.project else []), *(["--as", self.user] if self.user else [])]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
        done = subprocess.run(
            [sys.executable, "-m", "cli", *where, *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**environment, "SLIPWAY_HOME": str(self.home)},
        )
        if check and done.returncode != 0:
            raise AssertionError(f"slipway {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments: str, check: bool = True, timeout: float = 120) -> Any:
        return json.loads(self(*arguments, "--json", check=check, timeout=timeout).stdout)

    def status(self) -> Any:
        """Also of a platform that is not ready (exit 1)."""
        return self.json("status", check=False)

    def until_ready(self, seconds: float = 60) -> None:
        """Returns when every process is ready again after a fault; fails the test if that takes longer."""
        deadline = time.monotonic() + seconds
        while self("status", "--json", check=False).returncode != 0:
            assert time.monotonic() < deadline, f"not ready within {seconds:g} s: {self.status()}"
            time.sleep(0.5)

    def supervisor(self) -> psutil.Process:
        """Parent of every process of the platform."""
        parent = psutil.Process(self.status()["services"][0]["pid"]).parent()
        assert parent is not None
        return parent

    def with_mailing(self, project: str, contacts: int) -> "Slipway":
        """A new project with scenario `plain` and so many contacts, all of whom may get it; ids `<project>-<n>`."""
        here = self.of(project)
        here("project", "create", project)
        here("scenario", "push", str(Path(__file__).parent / "scenarios" / "plain.yaml"))
        here("scenario", "activate", "plain")
        people = (
            {
                "id": f"{project}-{number}",
                "email": f"{project}-{number}@example.com",
                "consent": {"promotional": True},
                "attributes": {"first_name": "Ann"},
            }
            for number in range(contacts)
        )
        here("contacts", "import", here.write_contacts(f"{project}.ndjson", people))
        return here

    def write_contacts(self, name: str, contacts: Iterable[dict[str, Any]]) -> str:
        file = self.home / name
        file.write_text("".join(json.dumps(contact) + "\n" for contact in contacts))
        return str(file)

    def key(self, *grants: str) -> list[str]:
        """Options with which `crm` commands sign."""
        made = self.json("key", "create", *(part for grant in grants for part in ("--grant", grant)))
        return ["--key", made["key_id"], "--secret", made["signing_secret"]]

    def mails(self) -> Counter[tuple[str, str]]:
        """(recipient, subject) of what the sink accepted, from its ledger; counts above one are doubled mails."""
        ledger = self.home / "mails.jsonl"
        if not ledger.exists():
            return Counter()
        mails = (json.loads(line) for line in ledger.read_text().splitlines())
        return Counter(
            (mail["rcpt"] if isinstance(mail["rcpt"], str) else mail["rcpt"][0], mail["subject"]) for mail in mails
        )

    def outcomes(self, launch_id: str) -> dict[str, tuple[str, str]]:
        """(outcome, reason) of every target that ended."""
        rows = self.json("outcomes", launch_id, timeout=300)
        found = {row["contact_id"]: (row["outcome"], row["reason"]) for row in rows}
        assert len(found) == len(rows), "a contact is listed twice"
        return found
