"""Validates launches, answers the CRM and controls what runs."""
