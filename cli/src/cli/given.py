"""Which servers `migrate` and `topics apply` mean: those of the environment, else the local platform's."""

from cli.output import Exit, fail
from cli.platform.home import find_home
from cli.platform.state import read_state
from runtime.settings import Settings


class ServerSettings(Settings):
    """Nothing is needed by itself: what is missing is taken from the local platform."""

    needs = ()


def given_servers() -> Settings:
    """Exit 2 if a setting is wrong, 3 if there is no platform to mean."""
    settings = ServerSettings.read()
    if settings.kafka and settings.postgres:
        return settings
    home = find_home()
    state = read_state(home.state)
    if state is None:
        fail(
            Exit.UNREACHABLE,
            f"which servers? No platform was started in {home.root}",
            f"Set SLIPWAY_KAFKA and SLIPWAY_POSTGRES. (That folder is meant because {home.why}.)",
        )
    own = {"kafka": settings.kafka or state.kafka, "postgres": settings.postgres or state.postgres}
    return settings.model_copy(update={**own, "partitions": state.partitions})
