"""Runs contacts as a process."""

from contacts.app import build
from contacts.settings import Settings
from runtime.process import run

if __name__ == "__main__":
    settings = Settings.read()
    run(build(settings), settings)
