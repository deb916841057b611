"""What contacts does with each stream."""
