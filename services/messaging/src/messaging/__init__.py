"""Sends messages, never twice, and says honestly what became of them."""
