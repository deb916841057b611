"""What launcher decides: pure functions on frozen data."""
