"""YAML as people write it: the core schema of YAML 1.2 without anchors, tags and duplicate keys.

A time such as `09:00` stays text and `no` is a word, unlike in YAML 1.1. Errors name line and column.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from launcher.adapters.yaml_words import readable
from runtime.documents import Unreadable, flaw
from runtime.nesting import DEEPEST

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.capitalize(), word.upper())
}


class _Refused(Exception):
    def __init__(self, event: yaml.Event, message: str, code: str = "syntax") -> None:
        super().__init__(message)
        mark = event.start_mark
        self.why = Unreadable(message, code, mark.line + 1, mark.column + 1) if mark else Unreadable(message, code)


def read_yaml(raw: bytes) -> Any | Unreadable:
    """The value of one YAML document in UTF-8."""
    try:
        value = _Composer(yaml.parse(raw.decode("utf-8-sig"), Loader=yaml.CSafeLoader)).document()
        return flaw(value) or value
    except UnicodeDecodeError as error:
        return Unreadable(f"not UTF-8 at byte {error.start}", code="encoding")
    except _Refused as refused:
        return refused.why
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = readable(", ".join(part for part in (error.problem, error.context) if part))
        return Unreadable(said, line=mark.line + 1, column=mark.column + 1) if mark else Unreadable(said)
    except yaml.YAMLError as error:
        return Unreadable(f"not YAML: {readable(str(error))}")


class _Composer:
    """Values from the parser's events."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events

    def document(self) -> Any:
        value: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Refused(event, "a second document begins here: one file holds one scenario")
                value = self._value(next(self._events), 1)
        return value

    def _value(self, event: yaml.Event, depth: int) -> Any:
        if depth > DEEPEST and isinstance(event, yaml.CollectionStartEvent):
            raise _Refused(event, f"nested deeper than {DEEPEST} levels", "too_deep")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(event, "anchors and aliases (`&`, `*`) cannot be used: write it out")
        if getattr(event, "tag", None) not in (None, "!"):
            raise _Refused(event, "tags (`!`) cannot be used")
        match event:
            case yaml.ScalarEvent():
                return _scalar(event)
            case yaml.SequenceStartEvent():
                return [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
            case _:
                return self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key in self._until(yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise _Refused(key, "a key is a plain word")
            if key.value in mapping:
                raise _Refused(key, f"the key `{key.value[:64]}` stands twice in one mapping", "duplicate_key")
            mapping[key.value] = self._value(next(self._events), depth + 1)
        return mapping

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self._events), end):
            yield event


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if event.style or event.tag == "!":
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
