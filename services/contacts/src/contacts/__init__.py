"""Owns contacts and consent; resolves who a launch targets."""
