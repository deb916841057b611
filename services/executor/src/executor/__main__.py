"""Starts executor."""

from executor.app import build
from runtime import process
from runtime.settings import Settings

if __name__ == "__main__":
    settings = Settings.read()
    process.run(build(settings), settings)
