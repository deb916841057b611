"""One module per subject; each has one or more typer apps, which `cli.app` puts together."""
