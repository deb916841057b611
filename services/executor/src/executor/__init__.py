"""Runs one durable process instance per target."""
