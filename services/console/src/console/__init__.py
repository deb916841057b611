"""One public address for the services' HTTP."""
