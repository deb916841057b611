"""Starts the command `slipway`. Everything is loaded inside, so that Ctrl-C is quiet from the first moment."""

import sys

INTERRUPTED = 130
"""As `cli.output.Exit` has it."""


def main() -> None:
    try:
        from cli.app import run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
