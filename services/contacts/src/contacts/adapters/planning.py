"""How PostgreSQL is to look things up: by key, whatever it believes about the size of a table.

All of our statements touch some hundred or thousand rows by their keys. A planner whose statistics are old (a table
that is just being filled), or that sees many keys, reads the whole table instead: a page then costs what the whole
project has.
"""

from typing import Final

from runtime.transaction import Connection

_BY_KEY: Final = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"


async def by_key(connection: Connection) -> None:
    """For the rest of the transaction."""
    await connection.execute(_BY_KEY)
