"""Every released event still parses, with nothing lost. Golden files are never edited: a break is a new version."""

import json
from pathlib import Path

import pytest

from contracts.event import Event
from contracts.topics import TOPICS

GOLDEN = Path(__file__).parent / "golden"
EVENTS = {event.TYPE.removeprefix("com.slipway."): event for topic in TOPICS.values() for event in topic.events}


def test_every_event_has_a_golden_file() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(EVENTS)


def test_every_event_lies_on_one_topic_or_is_a_reply() -> None:
    types = [event.TYPE for topic in TOPICS.values() for event in topic.events]
    assert {kind for kind in types if types.count(kind) > 1} == {"com.slipway.command.rejected.v1"}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_released_event_reads_as_it_was_written(name: str) -> None:
    text = (GOLDEN / f"{name}.json").read_text()
    event = EVENTS[name].model_validate_json(text)
    assert _written(event, json.loads(text)) == json.loads(text)


@pytest.mark.parametrize(
    "name", sorted(name for name, event in EVENTS.items() if event.model_config["extra"] == "ignore")
)
def test_a_reader_ignores_a_field_it_does_not_know(name: str) -> None:
    document = json.loads((GOLDEN / f"{name}.json").read_text())
    assert EVENTS[name].model_validate({**document, "added_later": 1})


def _written(event: Event, golden: dict[str, object]) -> object:
    """What is written now, without the fields that were added since."""
    return _known(event.model_dump(mode="json", by_alias=True), golden)


def _known(written: object, golden: object) -> object:
    if isinstance(written, dict) and isinstance(golden, dict):
        return {name: _known(value, golden[name]) for name, value in written.items() if name in golden}
    return written
