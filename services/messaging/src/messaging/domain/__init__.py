"""What messaging decides, as pure functions on frozen data."""
