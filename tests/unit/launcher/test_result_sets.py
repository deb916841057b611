"""Counts of result sets: each contact once, whatever the pages; lists that go on where they ended."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import pytest

from contracts.checks import Point
from contracts.crm import ResultsGiven
from contracts.launches import Contacts, Options
from contracts.words import Figure, Outcome
from fakes.results import AWAY, FakeResults
from launcher.domain.counting import Counted, Figures, Found, Listing, MessageFigures, Selected, merged
from launcher.domain.parties import Asker
from launcher.domain.points import error
from launcher.domain.refusals import Denied
from launcher.domain.results import empty
from launcher.handlers import result_sets
from launcher.handlers.result_sets import ResultSets
from unit.launcher.builders import candidate

ANN = Asker("demo", "ann", frozenset())
FAILED = ResultsGiven(kind="results", launch_id="first", outcome=Outcome.FAILURE)
MANY = [f"c-{number:03}" for number in range(100)]
NOBODY_THERE = error("empty_selection", "participants.contacts", "None of them exists.")


def selected() -> Selected:
    version = candidate().version
    assert version is not None
    return Selected(version, Contacts(), Options(), {}, "ann", retry=True)


class Contactful:
    """`launcher.ports.Counting` that looks at the contacts it is given, and keeps how many those were."""

    def __init__(self, excluded: Mapping[str, str] | None = None, against: Point | None = None) -> None:
        """`excluded`: why, by contact. Others start, and the one message reaches them."""
        self.excluded = dict(excluded or {})
        self.skipped: dict[str, str] = {}
        """Why the message skips them, by contact: they start."""
        self.against = against
        self.portions: list[int] = []
        self.away = False

    async def count(self, asker: Asker, selected: Selected) -> Counted | Denied:
        assert isinstance(selected.participants, Contacts) and asker == ANN and selected.retry
        contacts = selected.participants.contacts
        assert len(contacts) == len(set(contacts))
        if self.away:
            return Denied("busy", "others count", "ask again")
        self.portions.append(len(contacts))
        why = Counter(self.excluded[contact] for contact in contacts if contact in self.excluded)
        starting = len(contacts) - why.total()
        nobody = [NOBODY_THERE] if why["deleted"] == len(contacts) else []
        points = [*nobody, *([self.against] if self.against else [])]
        message = MessageFigures("greet", "email", "promo", starting, {"no_address": why["no_address"]})
        no_consent = {"promo": why["no_consent"]} if why["no_consent"] else {}
        return Counted(Figures(len(contacts), starting, dict(why)), no_consent, (message,), tuple(points))

    async def listed(self, asker: Asker, selected: Selected, listing: Listing) -> Found | Denied:
        assert isinstance(selected.participants, Contacts) and asker == ANN
        if self.away:
            return Denied("busy", "others count", "ask again")
        assert listing.figure is not None, "every page says the same"
        told = self.excluded if listing.figure is Figure.EXCLUDED else self.skipped
        behind = [one for one in selected.participants.contacts if told.get(one) == listing.reason]
        page = sorted(one for one in behind if one > (listing.cursor or ""))[: listing.limit + 1]
        following = page[listing.limit - 1] if len(page) > listing.limit else None
        return Found(listing.figure, page[: listing.limit], following)


def behind(entries: Sequence[str], page: int) -> FakeResults:
    return FakeResults(entries, page)


async def counted(results: FakeResults, contacts: Contactful) -> Counted:
    found = await ResultSets(results, contacts).count(ANN, selected(), FAILED)
    assert isinstance(found, Counted)
    return found


async def every_page(results: FakeResults, contacts: Contactful, reason: str, limit: int) -> list[list[str]]:
    listing: Listing | None = Listing(reason, limit=limit)
    pages = []
    while listing is not None:
        found = await ResultSets(results, contacts).listed(ANN, selected(), FAILED, listing)
        assert not isinstance(found, Denied)
        pages.append(found.contact_ids)
        listing = found.following
        assert len(pages) < 1000
    return pages


@pytest.fixture(params=[1, 7, 30, 1000])
def portion(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(result_sets, "PORTION", request.param)
    return int(request.param)


@pytest.mark.parametrize("page", [1, 3, 50, 100, 1000])
async def test_figures_are_the_same_whatever_the_pages_and_portions(page: int, portion: int) -> None:
    excluded = dict.fromkeys(MANY[:10], "no_consent") | dict.fromkeys(MANY[40:80], "deleted")
    contacts = Contactful(excluded | {MANY[99]: "no_address"})
    found = await counted(behind(MANY, page), contacts)
    assert found.figures == Figures(100, 49, {"no_consent": 10, "deleted": 40, "no_address": 1})
    assert found.no_consent == {"promo": 10}
    assert found.messages == (MessageFigures("greet", "email", "promo", 49, {"no_address": 1}),)
    assert found.points == (), "some of them exist"
    assert max(contacts.portions) < portion + page


async def test_a_portion_has_so_many_bytes_of_ids_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_sets, "PORTION_BYTES", 60)
    contacts = Contactful()
    long = [f"ü{'x' * 28}{number:02}" for number in range(20)]  # 32 bytes each
    assert (await counted(behind(long, 1), contacts)).figures.targeted == 20
    assert contacts.portions == [2] * 10


@pytest.mark.parametrize("page", [1, 2, 3, 5, 1000])
async def test_a_contact_with_several_such_messages_counts_once(page: int, portion: int) -> None:
    entries = [contact for contact in MANY for _ in range(3)]
    assert (await counted(behind(entries, page), Contactful())).figures == Figures(100, 100, {})
    pages = await every_page(behind(entries, page), Contactful(dict.fromkeys(MANY, "inactive")), "inactive", 7)
    assert [one for ids in pages for one in ids] == MANY


async def test_what_stands_against_all_of_them_stands_against_the_launch(portion: int) -> None:
    against = error("unknown_user", "scenario.creator", "Transfer it.")
    assert (await counted(behind(MANY, 10), Contactful(against=against))).points == (against,)
    gone = Contactful(dict.fromkeys(MANY, "deleted"))
    assert (await counted(behind(MANY, 10), gone)).points == (NOBODY_THERE,)


async def test_a_set_with_nobody_in_it_is_told() -> None:
    contacts = Contactful()
    assert (await counted(behind([], 10), contacts)).points == (empty("first"),)
    assert contacts.portions == []
    assert await every_page(behind([], 10), contacts, "inactive", 10) == [[]]


@pytest.mark.parametrize("page", [1, 4, 100, 1000])
@pytest.mark.parametrize("limit", [1, 3, 10, 1000])
async def test_a_list_names_each_contact_once_in_byte_order(page: int, limit: int) -> None:
    wanted = [one for number, one in enumerate(MANY) if number % 3 == 0 or number > 90]
    contacts = Contactful(dict.fromkeys(wanted, "inactive") | {MANY[1]: "no_address"})
    pages = await every_page(behind(MANY, page), contacts, "inactive", limit)
    assert [one for ids in pages for one in ids] == wanted
    assert all(len(ids) <= limit for ids in pages)


async def test_a_page_of_a_list_reads_so_many_pages_of_the_set_at_most() -> None:
    results, contacts = behind(MANY, 1), Contactful({MANY[99]: "inactive"})
    pages = await every_page(results, contacts, "inactive", 10)
    assert pages == [[], [], [], [], [MANY[99]]]
    assert len(results.asked) == 200, "counted, then read"


async def test_what_a_reason_means_is_the_same_on_every_page() -> None:
    contacts = Contactful({MANY[99]: "no_consent"})
    contacts.skipped = dict.fromkeys(MANY[:50], "no_consent")
    assert list(chain(*await every_page(behind(MANY, 10), contacts, "no_consent", 10))) == [MANY[99]]
    contacts.excluded = {}
    assert list(chain(*await every_page(behind(MANY, 10), contacts, "no_consent", 10))) == MANY[:50]


def denials() -> Iterator[tuple[FakeResults, Contactful, str]]:
    away = behind(MANY, 10)
    away.away = 1
    yield away, Contactful(), AWAY.code
    busy = Contactful()
    busy.away = True
    yield behind(MANY, 10), busy, "busy"


@pytest.mark.parametrize("nth", [0, 1])
async def test_who_cannot_be_asked_is_told(nth: int) -> None:
    results, contacts, code = list(denials())[nth]
    found = await ResultSets(results, contacts).count(ANN, selected(), FAILED)
    assert isinstance(found, Denied) and found.code == code
    results, contacts, code = list(denials())[nth]
    listed = await ResultSets(results, contacts).listed(ANN, selected(), FAILED, Listing("inactive"))
    assert isinstance(listed, Denied) and listed.code == code


def test_one_part_is_the_whole() -> None:
    message = MessageFigures("greet", "email", "promo", 2, {"no_address": 1})
    part = Counted(Figures(4, 3, {"inactive": 1}), {}, (message,), (NOBODY_THERE,))
    assert merged([part]) == part
