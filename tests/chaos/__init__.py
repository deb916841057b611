"""Proof from outside: real processes, faults on purpose, and an oracle that judges what is left."""
