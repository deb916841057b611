"""Which service answers what, and which headers pass."""
