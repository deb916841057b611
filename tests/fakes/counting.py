"""`launcher.ports.Counting` and `CountTokens` without contacts and without signatures.

```python
counting = FakeCounting(figures(targeted=100, starting=90, no_consent=10))
counting.answer = Denied("busy", …)          # what the next calls give
tokens = FakeCountTokens()
token, expires_at = tokens.mint(basis, now)
```
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.words import Figure
from launcher.domain.counting import Basis, Counted, Figures, Found, Listing, Selected
from launcher.domain.parties import Asker
from launcher.domain.points import blocks
from launcher.domain.refusals import Denied, nobody_behind

LIFETIME = timedelta(minutes=15)


def figures(targeted: int, starting: int | None = None, **excluded: int) -> Figures:
    """They have to add up; `starting` left out: all others."""
    starting = targeted - sum(excluded.values()) if starting is None else starting
    assert targeted == starting + sum(excluded.values())
    return Figures(targeted, starting, excluded)


class FakeCounting:
    """Answers what it was told to, and keeps what it was asked."""

    def __init__(self, counted: Figures, behind: Sequence[str] = ()) -> None:
        """`behind`: the contacts of every list."""
        self.answer: Counted | Denied = Counted(counted, {})
        self.behind = sorted(behind)
        self.asked: list[tuple[Asker, Selected]] = []

    def now(self, counted: Figures) -> None:
        """From here on there are so many."""
        self.answer = Counted(counted, {})

    async def count(self, asker: Asker, selected: Selected) -> Counted | Denied:
        self.asked.append((asker, selected))
        return self.answer

    async def listed(self, asker: Asker, selected: Selected, listing: Listing) -> Found | Denied:
        self.asked.append((asker, selected))
        if isinstance(self.answer, Denied):
            return self.answer
        if blocks(self.answer.points):
            return nobody_behind(self.answer.points)
        page = [contact for contact in self.behind if contact > (listing.cursor or "")][: listing.limit + 1]
        more = len(page) > listing.limit
        following = page[listing.limit - 1] if more else None
        return Found(listing.figure or Figure.EXCLUDED, page[: listing.limit], following)


class FakeCountTokens:
    """Tokens that anybody can read, in memory: expiry and project are judged as by the real ones."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Basis, datetime]] = {}

    def mint(self, basis: Basis, now: datetime) -> tuple[str, datetime]:
        token, expires_at = f"count-{len(self._known)}", now + LIFETIME
        self._known[token] = basis, expires_at
        return token, expires_at

    def read(self, token: str, project: str, now: datetime) -> Basis | Denied:
        basis, expires_at = self._known.get(token, (None, now))
        if basis is None or basis.project != project:
            return Denied("count_token_invalid", "this is not a count of ours", "count again: POST /v1/counts")
        if expires_at <= now:
            return Denied("count_token_expired", "this count is too old", "count again: POST /v1/counts")
        return basis
