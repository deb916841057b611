"""A launch as its routes show it."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Launch:
    http: httpx.Client
    launch_id: str

    def listed(self, what: str, **wanted: str) -> list[dict[str, Any]]:
        """The first 1,000 of a list: `outcomes`, `deliveries`, `instances`."""
        params = {"limit": "1000", **wanted}
        answer = self.http.get(f"/v1/launches/{self.launch_id}/{what}", params=params).raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def figures(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"/v1/launches/{self.launch_id}/progress").raise_for_status().json()
        return answer

    def at(self, step: str) -> set[str]:
        """Contacts that stand there."""
        return {row["contact_id"] for row in self.listed("instances", step=step)}

    def in_state(self, state: str) -> set[str]:
        """Contacts with a delivery in that state."""
        return {row["contact_id"] for row in self.listed("deliveries", state=state)}

    def outcomes(self) -> dict[str, tuple[str, str]]:
        """(outcome, reason) of every target that ended."""
        return {row["contact_id"]: (row["outcome"], row["reason"]) for row in self.listed("outcomes")}
