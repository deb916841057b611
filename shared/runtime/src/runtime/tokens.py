"""The short tokens between console and services: JWT, HS256, minted by launcher for ten minutes."""

import time
from dataclasses import dataclass
from typing import Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import OctKey

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "slipway"
ISSUER: Final = "slipway-launcher"
SECONDS: Final = 600
LEEWAY: Final = 30
"""How far the clocks of two machines may differ."""
EVERYTHING: Final = "*"


class InvalidToken(Exception):
    """Not a token of ours, altered, expired, or for somebody else."""


class UntimelyToken(InvalidToken):
    """Ours, but expired, or issued in the future: where that does not pass by asking again, clocks differ."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `project` is theirs, `*` for an administrator; `grants` are permissions, `*` stands for all."""

    project: str
    subject: str
    """User or key id."""
    grants: frozenset[str]

    def may(self, permission: str) -> bool:
        return permission in self.grants or EVERYTHING in self.grants


def mint(caller: Caller, token_key: str, *, seconds: int = SECONDS, now: float | None = None) -> str:
    """A signed token that says who the caller is. `now` is in seconds since the epoch."""
    issued = int(time.time() if now is None else now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": caller.subject,
        "iat": issued,
        "exp": issued + seconds,
        "project": caller.project,
        "grants": sorted(caller.grants),
    }
    return jwt.encode({"alg": ALGORITHM}, claims, OctKey.import_key(token_key), algorithms=[ALGORITHM])


def verify(token: str, token_key: str, *, now: float | None = None) -> Caller:
    """Raises InvalidToken, UntimelyToken. No other algorithm is accepted, whatever the token's header says."""
    claims = jwt.JWTClaimsRegistry(
        now=int(time.time() if now is None else now),
        leeway=LEEWAY,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        project={"essential": True},
    )
    try:
        decoded = jwt.decode(token, OctKey.import_key(token_key), algorithms=[ALGORITHM]).claims
        claims.validate(decoded)
        return Caller(str(decoded["project"]), str(decoded["sub"]), frozenset(map(str, decoded["grants"])))
    except ExpiredTokenError as error:
        raise UntimelyToken(type(error).__name__) from None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, InvalidClaimError) and error.claim == "iat":
            raise UntimelyToken("issued in the future") from None
        raise InvalidToken(type(error).__name__) from None
