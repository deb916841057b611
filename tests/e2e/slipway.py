"""The `slipway` command as a person uses it, for tests: run it, read what it prints."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import psutil

from cli.platform import control
from cli.platform.home import Home

PORTION = 1000
SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True)
class Slipway:
    home: Path
    project: str | None = None
    user: str | None = None

    def of(self, project: str, user: str | None = None) -> "Slipway":
        return Slipway(self.home, project, user)

    def __call__(
        self,
        *arguments: str,
        check: bool = True,
        timeout: float = 120,
        settings: Mapping[str, str] | None = None,
        given: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command; with `check` anything but exit 0 fails the test and shows what was printed. `given`: on its
        standard input."""
        where = [*(["--project", self.project] if self.project else []), *(["--as", self.user] if self.user else [])]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
        done = subprocess.run(
            [sys.executable, "-m", "cli", *where, *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**environment, **(settings or {}), "SLIPWAY_HOME": str(self.home)},
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

    def until(self, holds: Callable[[], Any], what: str, seconds: float = 60) -> None:
        """Returns when it does; fails the test if that takes longer."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not so within {seconds:g} s: {what}"
            time.sleep(0.05)

    def http(self) -> httpx.Client:
        """The public address, as the installation's administrator in this project; `Authorization` may name another."""
        status = control.ask(Home(self.home), do="status")
        (address,) = {row["url"] for row in status["services"] if row["name"] == "console"}
        headers = {
            "Authorization": f"Bearer {Home(self.home).admin_token.read_text().strip()}",
            "Slipway-Project": str(self.project),
        }
        return httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False)

    def supervisor(self) -> psutil.Process:
        """Ancestor of every process of the platform."""
        return psutil.Process(self._running()["pid"])

    def server(self, name: str) -> psutil.Process:
        """The process of `postgres`, `kafka`, `smtp` or `zygote`, which the services are forked from."""
        return psutil.Process(self._running()["others"][name])

    def _running(self) -> dict[str, Any]:
        return control.ask(Home(self.home), do="status")

    def kill(self, service: str) -> None:
        """kill -9 of one instance of that service, if one runs right now."""
        pids = [row["pid"] for row in self.status()["services"] if row["name"] == service and row["pid"]]
        if pids:
            os.kill(pids[0], signal.SIGKILL)

    @contextmanager
    def nothing_restarts(self) -> Iterator[None]:
        """What is killed in the block stays away until its end: the supervisor is frozen (`status` too)."""
        supervisor = self.supervisor()
        supervisor.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            supervisor.send_signal(signal.SIGCONT)

    def with_mailing(self, project: str, contacts: int) -> "Slipway":
        """A new project with scenario `plain` and so many contacts, all of whom may get it; ids `<project>-<n>`."""
        return self.with_contacts(project, "plain", (f"{project}-{number}" for number in range(contacts)))

    def with_contacts(self, project: str, scenario: str, ids: Iterable[str]) -> "Slipway":
        """A new project with that scenario and these contacts, all of whom may get its mails at `<id>@example.com`."""
        here = self.with_scenarios(project, scenario)
        people = (
            {
                "id": id_,
                "email": f"{id_}@example.com",
                "consent": {"promotional": True},
                "attributes": {"first_name": "Ann"},
            }
            for id_ in ids
        )
        here.imports(people)
        return here

    def with_scenarios(self, project: str, *scenarios: str) -> "Slipway":
        """A new project with these scenarios, active."""
        here = self.of(project)
        with here.http() as http:
            http.post("/v1/projects", json={"key": project}).raise_for_status()
            for scenario in scenarios:
                file, kind = SCENARIOS / f"{scenario}.yaml", {"Content-Type": "application/yaml"}
                http.post("/v1/scenarios", content=file.read_bytes(), headers=kind).raise_for_status()
                http.post(f"/v1/scenarios/{scenario}/activate", json={}).raise_for_status()
        return here

    def with_user(self, user: str, *grants: str) -> "Slipway":
        """A new user of the project, to act as."""
        with self.http() as http:
            http.post("/v1/users", json={"user": user, "grants": grants}).raise_for_status()
        return self.of(str(self.project), user)

    def imports(self, contacts: Iterable[Mapping[str, Any]]) -> None:
        """New contacts of the project, as in a file; all are taken."""
        lines = [json.dumps(contact) for contact in contacts]
        with self.http() as http:
            for first in range(0, len(lines), PORTION):
                portion, kind = "\n".join(lines[first : first + PORTION]), {"Content-Type": "application/x-ndjson"}
                answer = http.post("/v1/contacts", content=portion, headers=kind).raise_for_status().json()
                assert answer["rejected"] == []

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
        return Counter((mail["rcpt"], mail["subject"]) for mail in self._ledger())

    def whole_mails(self, prefix: str) -> list[Message]:
        """Mails to addresses that begin so, of those that the sink was told to `keep` whole."""
        return [message_from_string(mail["mail"]) for mail in self._ledger() if mail["rcpt"].startswith(prefix)]

    def _ledger(self) -> list[dict[str, Any]]:
        ledger = self.home / "mails.jsonl"
        if not ledger.exists():
            return []
        whole, _, _ = ledger.read_bytes().rpartition(b"\n")  # the last line may be half written yet
        return [json.loads(line) for line in whole.splitlines()]

    def mails_to(self, prefix: str) -> Counter[str]:
        """How many mails each contact whose id begins so has been sent, by contact id (`with_contacts`)."""
        mails = Counter[str]()
        for (address, _), count in self.mails().items():
            if address.startswith(prefix):
                mails[address.removesuffix("@example.com")] += count
        return mails

    def mail_sink_misbehaves(self, *behaviours: dict[str, Any]) -> None:
        """See `cli/platform/sink_behaviour.py`; without any it behaves again."""
        file = self.home / "mails.behaviour.json"
        unfinished = file.with_suffix(".new")
        unfinished.write_text(json.dumps(behaviours))
        unfinished.rename(file)

    def outcomes(self, launch_id: str) -> dict[str, tuple[str, str]]:
        """(outcome, reason) of every target that ended."""
        rows = self.json("outcomes", launch_id, timeout=300)
        found = {row["contact_id"]: (row["outcome"], row["reason"]) for row in rows}
        assert len(found) == len(rows), "a contact is listed twice"
        return found


def problems(url: str) -> dict[str, str] | None:
    """What `/readyz` of a process says is wrong: `{check: why}`, empty if it is ready; None if it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
            return dict(json.load(answer)["problems"])
    except urllib.error.HTTPError as refusal:
        return dict(json.load(refusal)["problems"])
    except OSError:
        return None
