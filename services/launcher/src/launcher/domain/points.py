"""Validation points: what is wrong, where, and what to do about it."""

from collections.abc import Iterable
from difflib import get_close_matches

from contracts.checks import Point
from contracts.words import Severity


def error(code: str, place: str, remedy: str) -> Point:
    """A point that blocks."""
    return Point(code=code, severity=Severity.ERROR, place=place, remedy=remedy)


def warning(code: str, place: str, remedy: str) -> Point:
    return Point(code=code, severity=Severity.WARNING, place=place, remedy=remedy)


def blocks(points: Iterable[Point]) -> bool:
    return any(point.severity is Severity.ERROR for point in points)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`: did you mean \\`next\\`?`, or nothing where no known word is close."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f": did you mean `{close[0]}`?" if close else ""
