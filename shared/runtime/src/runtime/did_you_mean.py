"""What somebody probably meant who wrote a word that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str], most: int = 1) -> str:
    """`: did you mean \\`next\\`?`, with up to `most` of the known words; empty where none is close."""
    close = get_close_matches(word, sorted(known), n=most, cutoff=0.6)
    return f": did you mean {' or '.join(f'`{each}`' for each in close)}?" if close else ""
