"""Starts console."""

from console.app import build
from console.settings import ConsoleSettings
from runtime import process

if __name__ == "__main__":
    settings = ConsoleSettings.read()
    process.run(build(settings), settings)
