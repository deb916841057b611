"""What contacts decides, as pure functions on frozen data."""
