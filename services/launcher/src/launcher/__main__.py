"""`python -m launcher`: one process of the service."""

from launcher.app import build
from launcher.settings import Settings
from runtime.process import run

if __name__ == "__main__":
    settings = Settings.read()
    run(build(settings), settings)
