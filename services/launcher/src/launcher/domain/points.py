"""Validation points: what is wrong, where, and what to do about it."""

from collections.abc import Iterable

from contracts.checks import Point
from contracts.words import Severity


def error(code: str, place: str, remedy: str) -> Point:
    """A point that blocks."""
    return Point(code=code, severity=Severity.ERROR, place=place, remedy=remedy)


def warning(code: str, place: str, remedy: str) -> Point:
    return Point(code=code, severity=Severity.WARNING, place=place, remedy=remedy)


def blocks(points: Iterable[Point]) -> bool:
    return any(point.severity is Severity.ERROR for point in points)
