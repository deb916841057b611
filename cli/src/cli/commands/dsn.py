"""`slipway dsn`: what a mail server pipes returned mails to. Its exit codes are those that mail servers know."""

import sys
import time
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import httpx
import typer

from cli.connection import at, connection
from cli.output import say
from runtime.webhook_signing import read_secret, sign

dsn = typer.Typer(no_args_is_help=True)

MOST_BYTES = 256 * 1024
"""Of a mail: what is behind them is not looked at."""
WRONG, LATER = 65, 75
"""EX_DATAERR: the mail goes back. EX_TEMPFAIL: the mail server keeps it and tries again."""


@dsn.command("dsn")
def take(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="The name that this secret has in SLIPWAY_DELIVERY_SECRETS.")] = "dsn",
    secret: Annotated[
        str | None, typer.Option(envvar="SLIPWAY_DSN_SECRET", help="`whsec_…`; better in a file.", show_default=False)
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="A file with the secret that only this user can read.", dir_okay=False)
    ] = None,
) -> None:
    """Take in a returned mail from standard input: a delivery report (RFC 3464) or a complaint (RFC 5965).

    For the pipe of a mail server. Exit 0: taken, or about no mail that we know; 65: no such report; 75: try again.
    """
    if not secret and secret_file is None:
        here = f"the platform has it in SLIPWAY_DELIVERY_SECRETS, as {name}:whsec_…"
        say(f"slipway dsn: there is no secret: give --secret-file or SLIPWAY_DSN_SECRET; {here}", "red")
        raise typer.Exit(LATER)
    try:
        key = read_secret((secret_file.read_text() if secret_file else secret or "").strip())
        address = connection(context).http + at("deliveries", name)
    except (OSError, ValueError) as error:
        say(f"slipway dsn: the secret cannot be used: {error}", "red")
        raise typer.Exit(LATER) from None
    except typer.Exit:  # it has been said that nobody knows where the platform is
        raise typer.Exit(LATER) from None
    raise typer.Exit(_report(address, key, sys.stdin.buffer.read()[:MOST_BYTES]))


def _report(address: str, key: bytes, mail: bytes) -> int:
    id, timestamp = f"dsn_{uuid4().hex}", str(int(time.time()))
    headers = {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(key, id, timestamp, mail),
        "content-type": "message/rfc822",
    }
    try:
        answer = httpx.post(address, content=mail, headers=headers, timeout=30, trust_env=False)
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        say(f"slipway dsn: {address} does not answer ({type(error).__name__})", "red")
        return LATER
    if answer.is_success:
        nameless = told.get("without_ref", 0)
        say(f"taken: {told['taken']}; about mails that are not ours: {told['unknown'] - nameless}")
        if nameless:
            say(f"without X-Slipway-Ref in what came back, so about nobody knows which: {nameless}", "yellow")
        return 0
    say(f"slipway dsn: {told.get('detail', answer.status_code)}", "red")
    return WRONG if answer.status_code == 422 else LATER
