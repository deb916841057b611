"""Long arrays as one text parameter: `string_to_array($1, chr(31))` on the other side.

asyncpg looks at every element of an array twice before it encodes it, which would be most of what a chunk costs in
Python. Nothing that is packed has control characters: contact ids (refused where they come in), ids of ours, numbers,
JSON.
"""

from collections.abc import Collection

from runtime.errors import Permanent

SEPARATOR = "\x1f"


def packed(values: Collection[str]) -> str:
    """No values are the empty text, which is the empty array again. Raises Permanent for what cannot be told apart."""
    text = SEPARATOR.join(values)
    if values and text.count(SEPARATOR) != len(values) - 1:
        raise Permanent("an id with a control character")
    return text
