"""The slipway command: local platform, supervisor and the user's commands."""
