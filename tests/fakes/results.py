"""`launcher.ports.Results` without log and messaging."""

from collections.abc import Sequence

from contracts.crm import ResultsGiven
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from launcher.domain.results import ResultPage

AWAY = Denied("unavailable", "log cannot be asked just now", "ask again")


class FakeResults:
    """Gives `behind` in pages, whatever is asked for, and keeps what it was asked."""

    def __init__(self, behind: Sequence[str] = (), limit: int = 1000) -> None:
        self.limit = limit
        self.now(behind)

    def now(self, behind: Sequence[str], *, away: int = 0) -> None:
        """From here on these are the entries; `away`: so many questions are not answered."""
        self.behind = list(behind)
        self.away = away
        self.asked: list[tuple[Asker, ResultsGiven, str | None]] = []

    async def page(self, asker: Asker, wanted: ResultsGiven, cursor: str | None) -> ResultPage | Denied:
        self.asked.append((asker, wanted, cursor))
        if self.away:
            self.away -= 1
            return AWAY
        start = int(cursor or 0)
        end = start + self.limit
        return ResultPage(self.behind[start:end], str(end) if end < len(self.behind) else None)
