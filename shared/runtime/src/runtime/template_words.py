"""What Jinja has against a template, in words: its own name tokens."""

import re
from collections.abc import Callable
from typing import Final

_TOKENS: Final = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "begin of print statement": "{{",
    "begin of statement block": "{%",
    "name": "a name",
}


def readable(message: str) -> str:
    for pattern, words in _RULES:
        if found := pattern.match(message):
            return words(found)
    return message


def failed(error: Exception) -> str:
    """What Python has against a rendering: its own words may hold data."""
    return next((words for kind, words in _FAILED if isinstance(error, kind)), "these values cannot be put in")


def _token(name: str) -> str:
    known = _TOKENS.get(name, name)
    return known if known == "a name" else f"`{known}`"


_FAILED: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TypeError, "values are compared, searched, cut or taken apart that are not of a kind for that"),
    (ValueError, "a value does not have as many parts as there are names for, or is cut in steps of 0"),
    (OverflowError, "calculates with too large numbers"),
)
_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"Unexpected end of template\. Jinja was .*needs to be closed is '(.+?)'"),
     lambda found: f"{{% {found[1]} … %}} has no end: write {{% end{found[1]} %}} where it ends"),
    (re.compile(r"unexpected end of template, expected '(.+?)'"),
     lambda found: f"{_token(found[1])} is missing at the end"),
    (re.compile(r"Expected an expression, got '(.+?)'"), lambda found: f"a value is missing before {_token(found[1])}"),
    (re.compile(r"expected token '(.+?)', got '(.+?)'"),
     lambda found: f"{_token(found[1])} has to stand before {_token(found[2])}"),
    (re.compile(r"unexpected '(.+?)', expected '(.+?)'"),
     lambda found: f"{_token(found[2])} has to stand before {_token(found[1])}"),
    (re.compile(r"expected name or number"), lambda _: "a name is missing after the dot: {{ contact.id }}"),
    (re.compile(r"unexpected char ['\"](.+?)['\"] at"),
     lambda found: f"{found[1]} cannot stand here" if found[1] not in "'\"" else f"the text in {found[1]} has no end"),
    (re.compile(r"unexpected '(end of .+?)'"), lambda found: f"something is missing before {_token(found[1])}"),
    (re.compile(r"unexpected '(.+?)'"), lambda found: f"{_token(found[1])} cannot stand here"),
    (re.compile(r"Encountered unknown tag 'end(.+?)'"),
     lambda found: f"{{% end{found[1]} %}} ends nothing: {{% {found[1]} … %}} comes before it"),
    (re.compile(r"Encountered unknown tag '(.+?)'"),
     lambda found: f"there is no {{% {found[1]} %}}: values stand in {{{{ }}}}, {{% if … %}} and {{% for … %}} decide"),
)  # fmt: skip
