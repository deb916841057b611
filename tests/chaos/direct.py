"""HTTP straight to a platform under test, as its administrator: where the start of a command line takes too long."""

import json
import time
import uuid
from collections.abc import Iterable
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from chaos.case import Ground
from chaos.oracle.plain import Command
from cli.platform import control
from cli.platform.home import Home

PATIENCE = 60.0
RESTARTING = (502, 503, 504)


class Direct:
    """`with Direct(ground) as direct:`. What it is refused fails the trial; who is restarting is asked again."""

    def __init__(self, ground: Ground) -> None:
        self._made, self._project = ground.made, str(ground.project.project)
        home = Home(ground.home)
        services = control.ask(home, do="status")["services"]
        [console] = [row["url"] for row in services if row["name"] == "console"]
        token = home.admin_token.read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Slipway-Project": self._project}
        self._http = httpx.Client(base_url=console, headers=headers, timeout=30, trust_env=False)

    def __enter__(self) -> "Direct":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def launch(self, scenario: str, *contacts: str) -> str:
        """On these contacts, else on all; under one idempotency key until it is answered. Noted as the asker's."""
        key = uuid.uuid4().hex
        who = {"kind": "contacts", "contacts": list(contacts)} if contacts else {"kind": "all"}
        body = {"scenario": scenario, "participants": who}
        launch_id = str(self._asked("POST", "/v1/launches", json=body, headers={"Idempotency-Key": key})["launch_id"])
        self._made.note(Command(self._project, "/http", key, "accepted", launch_id))
        self._made.launches.append(launch_id)
        return launch_id

    def state(self, launch_id: str) -> str:
        return str(self._asked("GET", f"/v1/launches/{launch_id}")["state"])

    def figures(self, launch_id: str) -> dict[str, Any]:
        """The counts that a user is shown."""
        return dict(self._asked("GET", f"/v1/launches/{launch_id}")["figures"])

    def until_requested(self, launch_id: str, seconds: float = PATIENCE) -> None:
        """Nothing but a rejection can follow an earlier stop: a launch is one from here on."""
        deadline = time.monotonic() + seconds
        while self.state(launch_id) in ("draft", "validating"):
            assert time.monotonic() < deadline, f"launch {launch_id} is not requested after {seconds:g} s"
            time.sleep(0.01)

    def until_ended(self, launch_id: str, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while (state := self.state(launch_id)) not in ("completed", "stopped"):
            assert time.monotonic() < deadline, f"launch {launch_id} is {state} after {seconds:g} s"
            time.sleep(0.05)

    def stop(self, launch_id: str) -> float:
        """Seconds until it was acknowledged."""
        began = time.monotonic()
        answer = self._http.post(f"/v1/launches/{launch_id}/stop")
        took = time.monotonic() - began
        assert answer.status_code == 200 or answer.json()["code"] == "wrong_state", answer.text
        return took

    def change(self, people: Iterable[dict[str, Any]]) -> None:
        """Imports contacts as they are given: at most a thousand."""
        lines = "".join(json.dumps(person) + "\n" for person in people)
        answer = self._asked(
            "POST", "/v1/contacts", content=lines.encode(), headers={"Content-Type": "application/x-ndjson"}
        )
        assert not answer["rejected"], answer["rejected"][:3]

    def delete(self, *contacts: str) -> None:
        for contact in contacts:
            self._asked("DELETE", f"/v1/contacts/{quote(contact, safe='')}", gone=True)

    def suppress(self, contacts: list[str]) -> None:
        self._asked("POST", "/v1/suppressions", json={"contacts": contacts})

    def _asked(self, method: str, path: str, *, gone: bool = False, **options: Any) -> Any:
        """Each of these may be said twice. `gone`: that there is no such thing is an answer."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                assert time.monotonic() < deadline, repr(error)
            else:
                if answer.status_code not in RESTARTING or time.monotonic() > deadline:
                    break
            time.sleep(0.2)
        assert not answer.is_error or (gone and answer.status_code == 404), f"{path}: {answer.text}"
        return answer.json() if answer.content else None
