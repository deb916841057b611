"""What the services say to do names requests, as programs send them (`GET /v1/launches`): here is the command for each.

It is said once, and a person at the command line reads the same with commands in it.
"""

import re
from typing import Final

COMMANDS: Final = {
    "GET /openapi.json": "slipway --help",
    "/readyz": "slipway status",
    "Slipway-As": "--as",
    "If-Match": "--revision",
    "?service=": "--service",
    '"{name}": "2024"': """--context {name}='"2024"'""",
    "GET /v1/projects": "slipway project list",
    'POST /v1/projects {"key": "{key}"}': "slipway project create {key}",
    'POST /v1/projects {"key": "{key}", "launches_per_hour": …}': "slipway project set {key} --launches-per-hour N",
    "GET /v1/keys": "slipway key list",
    "POST /v1/keys": "slipway key create",
    'POST /v1/keys {"grants": [{grants}]}': "slipway key create --grant {grants}",
    "GET /v1/users": "slipway user list",
    "POST /v1/users": "slipway user create",
    'POST /v1/users/{user}/grant {"grants": [{grants}]}': "slipway user grant {user} --grant {grants}",
    "POST /v1/contacts": "slipway contacts import FILE",
    "GET /v1/groups": "slipway groups list",
    "POST /v1/groups": "slipway groups create",
    "POST /v1/groups/{group}/contacts": "slipway groups add {group} CONTACT",
    "GET /v1/segments": "slipway segment list",
    "GET /v1/segments/{segment}": "slipway segment show {segment}",
    "GET /v1/suppressions": "slipway suppress list",
    "GET /v1/scenarios": "slipway scenario list",
    "GET /v1/scenarios/{scenario}/versions": "slipway scenario versions {scenario}",
    "POST /v1/scenarios/{scenario}/instances": "slipway start {scenario} CONTACT",
    "POST /v1/counts": "slipway count",
    "GET /v1/launches": "slipway launches",
    "POST /v1/launches": "slipway launch",
    "GET /v1/launches/{launch}": "slipway show {launch}",
    "GET /v1/launches/{launch}/progress": "slipway watch {launch}",
    "GET /v1/launches/{launch}/instances?step={step}": "slipway outcomes {launch} --step {step}",
    "GET /v1/launches/{launch}/deliveries?step={step}": "slipway outcomes {launch} --message {step}",
    "POST /v1/launches/{launch}/validate": "slipway validate-launch {launch}",
    "POST /v1/launches/{launch}/confirm": "slipway confirm {launch}",
    'POST /v1/launches/{launch}/approve {"count_token": …}': "slipway approve {launch} --recount",
    "POST /v1/launches/{launch}/decline": "slipway decline {launch} --reason TEXT",
    "POST /v1/launches/{launch}/stop": "slipway stop {launch}",
    "POST /v1/launches/{launch}/resume": "slipway resume {launch}",
    "GET /v1/incidents": "slipway incidents",
    "POST /v1/incidents/{incident}/fail": "slipway incidents resolve {incident} --fail",
    "GET /v1/parked": "slipway parked",
}
"""By the request, or what of it is named alone: a header, a parameter, a part of its body."""
_QUOTED: Final = re.compile(r"`([^`]+)`")
_NAMED: Final = re.compile(r"\{(\w+)\}")


def as_commands(text: str) -> str:
    """`text` with the command in the place of each request that it has in backquotes. One of which no command is known
    (the services may be newer) stays as it is."""
    return _QUOTED.sub(lambda quoted: f"`{_command(quoted[1])}`", text)


def _command(request: str) -> str:
    for shape, command in _SHAPES.items():
        if named := shape.fullmatch(request):
            return _NAMED.sub(lambda name: _typed(named[name[1]]), command)
    return request


def _typed(given: str) -> str:
    """Of a list in a body, which only permissions are, each with the option again."""
    return " --grant ".join(re.findall(r'"([^"]+)"', given)) or given


def _shape(request: str) -> re.Pattern[str]:
    pieces = _NAMED.split(request)  # text and names in turn
    return re.compile(
        "".join(rf"(?P<{piece}>[^/?]+)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    )


_SHAPES: Final = {_shape(request): command for request, command in COMMANDS.items()}
