"""Whom a launch is for and with what, as options say it."""

import re
from typing import Annotated, Any, NoReturn

import orjson
import typer

from cli.output import Exit, fail

Intersect = Annotated[
    bool, typer.Option("--intersect-with-launcher", help="Only contacts that whoever launches may send to, too.")
]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Of a group or a segment."""


def participants(
    everybody: bool,
    groups: list[str] | None,
    contacts: list[str] | None,
    segment: str | None = None,
    results: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The selection, said in exactly one way; all is never meant by saying nothing."""
    if [everybody, bool(groups), bool(contacts), segment is not None, results is not None].count(True) != 1:
        fail(
            Exit.USAGE,
            "who is targeted?",
            "Say exactly one of --all, --group G (may repeat), --contact ID (may repeat), --segment CEL; count and "
            "launch know --of LAUNCH, too.",
        )
    if results is not None:
        return {"kind": "results", **results}
    if segment is not None:
        return {"kind": "segment", "where": condition(segment)}
    if everybody:
        return {"kind": "all"}
    for group in groups or ():
        if not NAME.fullmatch(group):
            _no_group(group)
    return {"kind": "groups", "groups": groups} if groups else {"kind": "contacts", "contacts": contacts}


def in_words(who: dict[str, Any], selected: int | None = None) -> str:
    """Participants, as a question to a person says them. `selected`: how many were named one by one, if not who."""
    kind = who["kind"]
    if kind == "all":
        return "ALL contacts"
    if kind == "segment":
        return f"contacts for whom {who['where']}"
    if kind == "results":
        [(what, said)] = [(name, said) for name, said in who.items() if name not in ("kind", "launch_id")]
        return f"the targets of {who['launch_id']} with {what} {said}"
    names = who.get(kind)
    if not names:
        return f"{selected or 0:,} {kind}"
    return f"{kind} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"


def condition(segment: str) -> str:
    """What `--segment` was given, unless that is empty, or a name: no condition looks like one, but for `true` and
    `false`."""
    if not segment.strip():
        fail(
            Exit.USAGE,
            "--segment wants a condition, and it is empty",
            "A condition: --segment 'contact.attributes.score > 50'; one that is kept (was it found?): "
            '--segment "$(slipway segment show NAME)". Everybody: --all.',
        )
    if segment not in ("true", "false") and NAME.fullmatch(segment):
        fail(
            Exit.USAGE,
            f"--segment wants a condition, and {segment} is a name",
            f'The condition kept as {segment}: --segment "$(slipway segment show {segment})". '
            f"A group: --group {segment}. A condition: --segment 'contact.attributes.score > 50'.",
        )
    return segment


def segment_name(name: str) -> str:
    """Where a segment's name is meant. A condition is none."""
    if not NAME.fullmatch(name):
        fail(
            Exit.USAGE,
            f"a segment's name is meant, and {name!r} is none",
            "A name is up to 63 of a-z, 0-9, _ and -, such as good-ones; `slipway segment list` lists them. The "
            "condition comes after it: slipway segment add good-ones 'contact.attributes.score > 50'.",
        )
    return name


def _no_group(given: str) -> NoReturn:
    fail(
        Exit.USAGE,
        f"--group wants a group's name, and {given!r} is none",
        "`slipway groups list` lists them. A condition is said with --segment: --segment "
        "'contact.attributes.score > 50'.",
    )


def results(of: str | None, outcome: str | None, reason: str | None, delivery: str | None) -> dict[str, str] | None:
    """Targets of an earlier launch, as `--of` and what goes with it say them; None: nothing of that is said."""
    if of is not None:
        return {"launch_id": of, **became(outcome, reason, delivery, option="--of-reason")}
    if outcome or reason or delivery:
        fail(Exit.USAGE, "targets of which launch?", "Say --of LAUNCH, too.")
    return None


def became(outcome: str | None, reason: str | None, delivery: str | None, option: str = "--reason") -> dict[str, str]:
    """Which targets of an earlier launch, said in exactly one way. `option` is what the reason is given with."""
    given = {"outcome": outcome, "reason": reason, "delivery": delivery}
    chosen = {name: said for name, said in given.items() if said is not None}
    if len(chosen) != 1:
        fail(Exit.USAGE, "which targets?", f"Say exactly one of --outcome O, {option} R, --delivery unknown.")
    if delivery not in (None, "unknown"):
        fail(
            Exit.USAGE,
            f"--delivery {delivery}: messages are sent again only where nobody can know what became of them",
            "Say --delivery unknown, or name an outcome.",
        )
    return chosen


def lifting(include_all: bool, reason: str | None) -> dict[str, Any]:
    """The options of a launch; consent is never lifted without saying why."""
    if include_all and not reason:
        fail(Exit.USAGE, "--include-all needs a reason", "Say --reason TEXT; it is kept in the audit.")
    if reason is not None and not include_all:
        fail(
            Exit.USAGE,
            "--reason says why consent is lifted, and nothing lifts it",
            "Say --include-all, too, or leave --reason out. Targets of an earlier launch by their reason: --of LAUNCH "
            "--of-reason R.",
        )
    return {"consent_override": {"reason": reason}} if include_all else {}


def narrowing(intersect: bool) -> dict[str, Any]:
    return {"intersect_with_launcher": True} if intersect else {}


def context_values(pairs: list[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` as JSON where it parses, as text where it does not."""
    values: dict[str, Any] = {}
    for pair in pairs or []:
        name, found, text = pair.partition("=")
        if not found:
            fail(Exit.USAGE, f"--context {pair}: no `=`", "Write --context NAME=VALUE.")
        if name in values:
            fail(Exit.USAGE, f"--context {name} stands twice", "Say each value once.")
        try:
            values[name] = orjson.loads(text)
        except orjson.JSONDecodeError:
            values[name] = text
    return values
