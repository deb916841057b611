"""Judges a run of the platform from outside: dumps in, violations out. Imports nothing of the project."""
