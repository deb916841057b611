"""A name where a condition is meant, and the other way round: which option is meant, and what to type."""

import pytest

from unit.cli.answering import slipway


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("count", "welcome", "--segment", "good-ones"), '--segment "$(slipway segment show good-ones)"'),
        (("count", "welcome", "--segment", ""), "it is empty"),
        (("launch", "welcome", "--segment", "  "), "Everybody: --all."),
        (("launch", "welcome", "--segment", "vip"), "A group: --group vip."),
        (("rehearse", "welcome", "--segment", "5"), "--segment wants a condition"),
        (("count", "welcome", "--group", "contact.active"), "--segment 'contact.attributes.score > 50'"),
        (("crm", "launch", "welcome", "--group", "vip", "--group", "a > b"), "'a > b' is none"),
        (("segment", "add", "contact.active", "good-ones"), "segment add good-ones 'contact.attributes.score > 50'"),
        (("segment", "show", "contact.active"), "a segment's name is meant"),
        (("launch", "welcome", "--all", "--reason", "recall", "--yes"), "Say --include-all, too"),
        (("start", "welcome", "c-1", "--reason", "recall"), "Say --include-all, too"),
        (("crm", "launch", "welcome", "--all", "--reason", "recall"), "--of LAUNCH --of-reason R"),
        (("retry", "l-1", "--delivery", "failed", "--yes"), "Say --delivery unknown, or name an outcome."),
    ],
)
def test_what_belongs_to_another_option_is_refused(
    monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], told: str
) -> None:
    here = slipway(monkeypatch, {})
    answer = here(*typed)
    assert (answer.exit_code, told in " ".join(answer.stderr.split())) == (2, True), answer.stderr
    assert here.seen == []


@pytest.mark.parametrize("where", ["true", "false", "contact.active", "'vip' in contact.groups", "!contact.active"])
def test_conditions_are_conditions(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    here = slipway(monkeypatch, {"POST /v1/counts": (200, {"token": None, "points": []})})
    assert here("count", "welcome", "--segment", where).exit_code == 1
    assert len(here.seen) == 1
