"""`slipway login`: who asks, and where, remembered for the commands that follow."""

import os
from typing import Annotated

import httpx
import orjson
import typer

from cli.connection import LOGIN
from cli.output import Exit, fail, say

login = typer.Typer()


@login.command("login")
def remember(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Where Slipway answers, such as https://slipway.acme.example.")
    ],
    token: Annotated[
        str,
        typer.Option(prompt="Token", hide_input=True, envvar="SLIPWAY_TOKEN", help="Of `user create` or `key create`."),
    ],
) -> None:
    """Check a token and keep it, readable by you alone, in ~/.config/slipway/login.json."""
    try:
        answer = httpx.get(
            f"{address.rstrip('/')}/v1/launches",
            params={"limit": 1},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        fail(Exit.UNREACHABLE, f"{address} does not answer ({type(error).__name__})", "Is the address right?")
    if answer.status_code == 401:
        fail(Exit.NO, "the token is not known there", "Was it revoked? `slipway user create` shows a new one.")
    file = LOGIN.expanduser()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as kept:
        kept.write(orjson.dumps({"http": address.rstrip("/"), "token": token}))
    say(f"logged in at {address}; `rm {file}` logs out")
