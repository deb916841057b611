"""Keys of programs. Secrets are in the answer that made the key and nowhere else."""

from fastapi import Response
from pydantic import Field

from contracts.words import Permission
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Optional
from launcher.api.shapes import Output, Page, PathWord, Permitted, Time, Word, granted
from launcher.domain.parties import Key
from launcher.handlers.projects import ProjectHandlers
from launcher.ports import Keys
from runtime.transaction import Transaction


class KeyGiven(Permitted):
    name: Word = "key"
    """For people to tell keys apart."""
    launches_per_hour: int | None = Field(None, ge=0, le=1_000_000)
    """How many launches it may ask for; null: as many as everybody."""


class KeyShown(Output):
    key_id: str
    project: str
    name: str
    grants: list[Permission]
    revoked: bool
    launches_per_hour: int | None
    created_by: str
    created_at: Time


class KeyMade(KeyShown):
    token: str
    """Bearer token for HTTP, `<key_id>.<secret>`; shown once."""
    signing_secret: str
    """For `slipway-signature` on Kafka; shown once."""


def add(doors: Doors, parties: ProjectHandlers, keys: Keys, idempotency: Idempotency) -> None:
    resources = doors.resources

    @doors("POST", "/v1/keys", status_code=201, response_model=KeyMade)
    async def make_key(given: KeyGiven, asker: Asking, idempotency_key: Optional = None) -> Response:
        """A key with these permissions, at most the caller's own."""

        async def work(tx: Transaction) -> tuple[int, KeyMade]:
            made = granted(await parties.make_key(tx, asker, given.name, given.permissions, given.launches_per_hour))
            shown = _shown(made.key).model_dump()
            return 201, KeyMade(**shown, token=made.token, signing_secret=made.signing_secret)

        asked = ["POST /v1/keys", given.model_dump(mode="json")]
        return await idempotency.once(resources, asker, idempotency_key, asked, work)

    @doors("GET", "/v1/keys")
    async def list_keys(asker: Asking) -> Page[KeyShown]:
        """The project's keys, revoked ones too."""
        async with resources.pool.acquire() as connection:
            return Page(items=[_shown(key) for key in await keys.of_project(connection, asker.project)])

    @doors("POST", "/v1/keys/{key_id}/revoke")
    async def revoke_key(key_id: PathWord, asker: Asking) -> KeyShown:
        """Nothing signed with it is taken any more; tokens minted for it end within ten minutes."""
        async with resources.transaction() as tx:
            return _shown(granted(await parties.revoke_key(tx, asker, key_id)))


def _shown(key: Key) -> KeyShown:
    return KeyShown(
        key_id=key.key_id,
        project=key.project,
        name=key.name,
        grants=sorted(key.grants),
        revoked=key.revoked,
        launches_per_hour=key.launches_per_hour,
        created_by=key.created_by,
        created_at=key.created_at,
    )
