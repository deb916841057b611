"""Owns contacts, consent and suppression; checks drafted launches and resolves whom they target."""
