"""Who starts, and the one reason for which somebody does not: every combination, against the table read out loud."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.judgement import Standing, judge
from contacts.domain.plan import Message

EMAIL, QUIET = Message(True, "promo"), Message(False, "news")
FREE = Message(False, "administrative")


def standing(active: bool, permitted: bool, suppressed: bool, addressed: bool, promo: bool, news: bool) -> Standing:
    return Standing([active], [permitted], [suppressed], [addressed], {"promo": [promo], "news": [news]})


def expected(facts: tuple[bool, ...], deciding: Sequence[Message], override: bool) -> str | None:
    active, permitted, suppressed, addressed, promo, news = facts
    if not active:
        return "inactive"
    reasons = []
    for message in deciding:
        given = (
            message.message_type == "administrative" or override or {"promo": promo, "news": news}[message.message_type]
        )
        reasons.append(
            "not_permitted" if not permitted
            else "suppressed" if suppressed
            else "no_address" if message.needs_address and not addressed
            else None if given
            else "no_consent"
        )  # fmt: skip
    return reasons[0] if reasons and None not in reasons else None


@pytest.mark.parametrize("deciding", [(), (EMAIL,), (QUIET,), (FREE,), (EMAIL, QUIET), (QUIET, EMAIL), (EMAIL, FREE)])
@pytest.mark.parametrize("override", [False, True])
def test_first_reason_decides(deciding: tuple[Message, ...], override: bool) -> None:
    for facts in itertools.product((True, False), repeat=6):
        assert judge(standing(*facts), deciding, override=override) == [expected(facts, deciding, override)]


@given(st.lists(st.tuples(*[st.booleans()] * 6), max_size=20), st.booleans())
def test_many_are_judged_like_each_alone(people: list[tuple[bool, ...]], override: bool) -> None:
    columns = [list(column) for column in zip(*people, strict=True)] if people else [[] for _ in range(6)]
    active, permitted, suppressed, addressed, promo, news = columns
    crowd = Standing(active, permitted, suppressed, addressed, {"promo": promo, "news": news})
    alone = [judge(standing(*facts), (EMAIL, QUIET), override=override)[0] for facts in people]
    assert judge(crowd, (EMAIL, QUIET), override=override) == alone
