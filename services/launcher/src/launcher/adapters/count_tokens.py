"""Counts as tokens: JWT, HS256, with an audience of their own, so that neither kind passes for the other.

Who counted decides on the figures that the token carries, whatever instance of launcher gave it out.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from launcher.domain.counting import Basis, Figures, Reach
from launcher.domain.refusals import Denied
from runtime.tokens import ALGORITHM, ISSUER

AUDIENCE: Final = "slipway-count"
LIFETIME: Final = timedelta(minutes=15)
MOST: Final = 32 * 1024
"""Characters of a token. Ours have about a thousand, and up to 250 for each message."""
MOST_MESSAGES: Final = 100
"""Of a scenario with more, the token says nothing of what each reaches."""
_INVALID = Denied("count_token_invalid", "this is not a count of this project", "count again: `POST /v1/counts`")
_EXPIRED = Denied("count_token_expired", "this count is more than 15 minutes old", "count again: `POST /v1/counts`")


class SignedCountTokens:
    def __init__(self, token_key: str) -> None:
        self._key = token_key

    def mint(self, basis: Basis, now: datetime) -> tuple[str, datetime]:
        expires_at = now + LIFETIME
        figures = {**asdict(basis.figures), "excluded": dict(basis.figures.excluded)}
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "sub": basis.subject,
            "project": basis.project,
            "scenario": basis.scenario,
            "version": basis.version,
            "selection": basis.selection,
            "options": basis.options,
            "figures": figures,
        }
        if len(basis.messages) <= MOST_MESSAGES:
            claims["messages"] = {step: [each.reached, dict(each.skipped)] for step, each in basis.messages.items()}
        token = jwt.encode({"alg": ALGORITHM}, claims, OctKey.import_key(self._key), algorithms=[ALGORITHM])
        return token, expires_at

    def read(self, token: str, project: str, now: datetime) -> Basis | Denied:
        wanted = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            project={"essential": True, "value": project},
        )
        try:
            claims = jwt.decode(token[:MOST], OctKey.import_key(self._key), algorithms=[ALGORITHM]).claims
            wanted.validate(claims)
            return _basis(claims)
        except ExpiredTokenError:
            return _EXPIRED
        except (JoseError, ValueError, TypeError, KeyError):
            return _INVALID


def _basis(claims: dict[str, Any]) -> Basis:
    figures = claims["figures"]
    return Basis(
        project=claims["project"],
        subject=claims["sub"],
        scenario=claims["scenario"],
        version=claims["version"],
        selection=claims["selection"],
        options=claims["options"],
        figures=Figures(figures["targeted"], figures["starting"], figures["excluded"]),
        messages={step: Reach(*each) for step, each in claims.get("messages", {}).items()},
    )
