"""Starts messaging."""

from messaging.app import build
from messaging.settings import MessagingSettings
from runtime import process

if __name__ == "__main__":
    settings = MessagingSettings.read()
    process.run(build(settings), settings)
