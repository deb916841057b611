"""Links in messages: where they lead must be sayable by whoever writes them, and open for whoever gets them.

What a template fills in is not known here: of `https://{{ context.host }}/sale` only the scheme is judged.
"""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

SCHEMES = ("http", "https", "mailto", "tel")
_FILLED = "\ue000"
"""In the place of what a template fills in or decides."""
_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_HREF = re.compile(r"""(?<![\w-])href\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_BARE = re.compile(r"(?<![a-z0-9+.\-])[a-z][a-z0-9+.\-]{0,30}://[^\s<>\"']*", re.IGNORECASE)
_SENTENCE = ".,;:!?)]}»”’"
"""Behind a bare link these belong to the sentence."""


def wrong_links(source: str, *, html: bool) -> Iterator[tuple[str, str]]:
    """Each link of a template's source that leads nowhere, as it stands there, and why. `html`: those of `href`."""
    plain, filled = _without_templates(source)
    found = _HREF if html else _BARE
    for match in found.finditer(plain):
        link = match.group(1).strip("\"'").strip() if html else match.group().rstrip(_SENTENCE)
        if why := _wrong(link, html=html):
            before = plain.count(_FILLED, 0, match.start())
            shown = iter(filled[before:])
            yield "".join(next(shown) if char == _FILLED else char for char in link), why


def _without_templates(source: str) -> tuple[str, list[str]]:
    """The source with one mark for each `{{ … }}`, `{% … %}` and `{# … #}`, and what stood there."""
    plain: list[str] = []
    filled: list[str] = []
    at = 0
    while opening := _OPENING.search(source, at):
        end = source.find(_CLOSING[opening.group()], opening.end())
        if end < 0:  # no template
            break
        plain += (source[at : opening.start()], _FILLED)
        filled.append(source[opening.start() : end + 2])
        at = end + 2
    return "".join([*plain, source[at:]]), filled


def _wrong(link: str, *, html: bool) -> str | None:
    if not link:
        return "it is empty"
    if link.startswith((_FILLED, "#")):
        return None
    try:
        parts = urlsplit(link)
        parts.port  # noqa: B018 - raises for one that is none
    except ValueError as error:
        return str(error)
    if not parts.scheme:
        return "it says no scheme: write `https://…`" if html else None
    if parts.scheme not in SCHEMES:
        return f"a link begins with one of {', '.join(SCHEMES)}, not `{parts.scheme}`"
    return _without_host(parts) if parts.scheme in ("http", "https") else _without_path(parts)


def _without_host(parts: SplitResult) -> str | None:
    if _FILLED in parts.netloc:
        return None
    if parts.username is not None or parts.password is not None:
        return "user and password in it are there for everybody to read"
    if not parts.hostname or any(char.isspace() for char in parts.netloc):
        return "it names no host"
    return None


def _without_path(parts: SplitResult) -> str | None:
    if _FILLED in parts.path or (parts.scheme == "tel" and parts.path.strip("+")):
        return None
    return None if "@" in parts.path else f"it says nobody behind `{parts.scheme}:`"
