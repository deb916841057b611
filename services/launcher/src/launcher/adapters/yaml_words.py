"""What the YAML parser has against a file, in words: its own name tokens, nodes and indicators."""

from typing import Final

_WORDS: Final = {
    "mapping values are not allowed": "`:` cannot stand here: put a text that holds it in quotes, or look at the "
    "indentation",
    "did not find expected ',' or ']'": "a list in [ ] goes on here: `,` or `]` is missing",
    "did not find expected ',' or '}'": "what begins with { goes on here: `,` or `}` is missing",
    "found unexpected end of stream": "a text begins with a quote and has no end: close the quote",
    "found character that cannot start any token": "a value cannot begin with a tab, @, % or `: put it in quotes, and "
    "indent with spaces",
    "found a tab character": "indent with spaces, not with tabs",
    "did not find expected '-' indicator": "each item of a list begins with `- `, and here is something else",
    "did not find expected key": "this line is indented otherwise than those before it",
    "could not find expected ':'": "a name stands here without `:` behind it, as in `name: Spring`",
    "did not find expected node content": "a value is missing before this, or one bracket is too many",
    "did not find expected <document start>": "the file was at its end before this: a bracket or quote is too many",
    "did not find expected comment or line break": "behind `|` or `>` the line ends, and the text begins on the next",
    "found unknown escape character": "there is no such `\\` escape: write \\\\, or put the text in single quotes",
    "found unknown directive name": "a line cannot begin with %",
    "control characters are not allowed": "a control character cannot be in it: remove it",
}
"""By a part of the parser's message."""


def readable(said: str) -> str:
    return next((words for part, words in _WORDS.items() if part in said), said)
