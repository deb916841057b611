"""One thing, or contacts, as the result of a command: in words for people and pipes, or the document as it came."""

import json
from typing import Any

import pytest

from unit.cli.answering import slipway

ANN = {"id": "c-1", "attributes": {"score": 51}}
VIPS = {"segment": "vips", "where": "contact.active", "revision": 2}
MEMBERS = [{"contact_id": "c-1"}, {"contact_id": "c-2"}]


@pytest.mark.parametrize(
    ("command", "path", "answer", "document", "words"),
    [
        (("contacts", "show", "c-1"), "contacts/c-1", ANN, ANN, "score: 51"),
        (("segment", "show", "vips"), "segments/vips", VIPS, VIPS, "contact.active\n"),
        (("groups", "show", "vip"), "groups/vip/contacts", {"items": MEMBERS, "next": None}, MEMBERS, "c-1\nc-2\n"),
    ],
)
def test_it_is_shown_in_words_or_as_one_document(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], path: str, answer: Any, document: Any, words: str
) -> None:
    told = slipway(monkeypatch, {f"GET /v1/{path}": (200, answer)})
    assert json.loads(told(*command, "--json").stdout) == document
    assert words in told(*command).stdout
