"""Fixtures that every test folder may use."""

pytest_plugins = ["platform_for_tests"]
