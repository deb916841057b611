"""Counts outcomes, decides completion and publishes both."""
