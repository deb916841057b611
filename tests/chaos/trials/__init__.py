"""One module per kind of fault; see `chaos.trial`."""
