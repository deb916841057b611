"""What the handlers need kept. Every method runs in the transaction of the connection it is given.

The adapters are `launcher.adapters`; the handlers' tests run them on a real PostgreSQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contracts.channels import ChannelSet
from contracts.checks import Point
from contracts.crm import LaunchFigures, ResultsGiven
from contracts.words import LaunchMode, LaunchState
from launcher.domain.counting import Basis, Counted, Found, Listing, Selected
from launcher.domain.expressions import Written
from launcher.domain.launch import Launch
from launcher.domain.parties import Asker, Key, Project, User
from launcher.domain.refusals import Denied
from launcher.domain.results import ResultPage
from launcher.domain.scenarios import StoredScenario, StoredVersion
from runtime.transaction import Connection


class Projects(Protocol):
    async def load(self, connection: Connection, project: str) -> Project | None: ...

    async def all(self, connection: Connection) -> list[Project]: ...

    async def lock(self, connection: Connection, project: str) -> Project | None:
        """Nobody else changes it or counts against its quota before the transaction has ended."""
        ...

    async def insert(self, connection: Connection, project: Project) -> bool:
        """False: somebody was quicker."""
        ...

    async def update(self, connection: Connection, project: Project) -> None:
        """Zone, settings and revision, of a locked row."""
        ...


class Keys(Protocol):
    async def load(self, connection: Connection, key_id: str) -> Key | None:
        """Of whatever project: the key itself says which."""
        ...

    async def of_project(self, connection: Connection, project: str) -> list[Key]: ...

    async def insert(self, connection: Connection, key: Key) -> None: ...

    async def revoke(self, connection: Connection, project: str, key_id: str) -> Key | None:
        """The key as it is now; None: the project has no such key, or it was revoked before."""
        ...


class Users(Protocol):
    async def load(self, connection: Connection, project: str, user: str) -> User | None: ...

    async def by_token(self, connection: Connection, token_id: str) -> User | None: ...

    async def of_project(self, connection: Connection, project: str) -> list[User]: ...

    async def insert(self, connection: Connection, user: User) -> bool:
        """False: there is one of that name already."""
        ...

    async def lock(self, connection: Connection, project: str, user: str) -> User | None: ...

    async def hold(self, connection: Connection, project: str, user: str) -> User | None:
        """As they are, and stay until the transaction ends: others may hold them too, nobody may change them."""
        ...

    async def update(self, connection: Connection, user: User) -> None:
        """Grants, restriction, disabled and revision, of a locked row."""
        ...

    async def pausing(self, connection: Connection, project: str, user: str, left: bool) -> None:
        """`left`: launches of theirs still have to be paused."""
        ...

    async def any_pausing(self, connection: Connection) -> bool: ...

    async def still_pausing(self, connection: Connection, most: int) -> list[User]:
        """Of whatever project: disabled, with launches left to be paused. Locked, what others have locked left out."""
        ...


class Scenarios(Protocol):
    async def load(self, connection: Connection, project: str, key: str) -> StoredScenario | None: ...

    async def lock(self, connection: Connection, project: str, key: str) -> StoredScenario | None: ...

    async def hold(self, connection: Connection, project: str, key: str) -> StoredScenario | None:
        """As it is, and stays until the transaction ends: others may hold it too, nobody may change it."""
        ...

    async def of_project(self, connection: Connection, project: str) -> list[StoredScenario]: ...

    async def insert(self, connection: Connection, scenario: StoredScenario) -> bool:
        """False: somebody was quicker."""
        ...

    async def update(self, connection: Connection, scenario: StoredScenario) -> None:
        """Name, creator, state, versions and revision, of a locked row."""
        ...

    async def version(self, connection: Connection, project: str, key: str, version: int) -> StoredVersion | None: ...

    async def versions(self, connection: Connection, project: str, key: str) -> list[StoredVersion]:
        """Newest first."""
        ...

    async def active_versions(self, connection: Connection, project: str) -> list[StoredVersion]:
        """Of every scenario that can be launched, by key."""
        ...

    async def insert_version(self, connection: Connection, project: str, key: str, version: StoredVersion) -> None: ...


@dataclass(frozen=True, slots=True)
class LaunchFilter:
    """Which launches to list: newest first, after `before` (drafted at, id) if given."""

    state: LaunchState | None = None
    scenario: str | None = None
    user: str | None = None
    since: datetime | None = None
    before: tuple[datetime, str] | None = None
    limit: int = 50
    until: datetime | None = None
    """Drafted before then."""
    mode: LaunchMode = LaunchMode.LIVE


class Launches(Protocol):
    async def exists(self, connection: Connection, launch_id: str) -> bool: ...

    async def insert(self, connection: Connection, launch: Launch, asked: dict[str, Any] | None = None) -> None:
        """`asked`: the request as it was given, of a launch that may be judged again."""
        ...

    async def asked(self, connection: Connection, launch_id: str) -> dict[str, Any] | None: ...

    async def lock(self, connection: Connection, launch_ids: Iterable[str]) -> dict[str, Launch]:
        """Rows are locked in the order of their ids, so that two transactions never wait for each other."""
        ...

    async def update(self, connection: Connection, launch: Launch) -> None:
        """What may change, of a locked row."""
        ...

    async def load(self, connection: Connection, project: str, launch_id: str) -> Launch | None: ...

    async def listed(self, connection: Connection, project: str, wanted: LaunchFilter) -> list[Launch]: ...

    async def asked_at(
        self, connection: Connection, project: str, subject: str | None, since: datetime, number: int
    ) -> datetime | None:
        """When the so-manieth newest launch (from 1) since then was asked for, by this subject or anybody.

        None: there were fewer.
        """
        ...

    async def any_open(self, connection: Connection, project: str, scenario: str) -> bool: ...

    async def running_of(
        self, connection: Connection, project: str, user: str, most: int, *, free: bool
    ) -> list[Launch]:
        """Requested or running launches that this user asked for, or whose scenario they created; by id, locked.

        `free`: only what nobody else has locked.
        """
        ...

    async def any_running_of(self, connection: Connection, project: str, user: str) -> bool:
        """The same, whoever has them locked."""
        ...

    async def collecting(self, connection: Connection, most: int) -> list[Launch]:
        """Those whose result set is not read to its end, the one drafted first at first. Not locked."""
        ...

    async def trials(self, connection: Connection, most: int) -> list[Launch]:
        """Tests and rehearsals that were requested a moment ago or longer and have not ended, the oldest first."""
        ...

    async def undecided(self, connection: Connection, before: datetime, most: int) -> list[Launch]:
        """Drafted before then and still undecided, oldest first; locked, what others have locked left out."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that was taken under its id, and its answer: `{"type": …, "data": {…}}`, None while it is awaited."""

    type: str
    fingerprint: bytes
    answer: dict[str, Any] | None


Identity = tuple[str, str, str]
"""Project, source and id of a command."""


class Commands(Protocol):
    async def claim(
        self, connection: Connection, identity: Identity, type: str, fingerprint: bytes, now: datetime
    ) -> Asked | None:
        """None: it is new and now this transaction's. Waits for another transaction that is claiming it."""
        ...

    async def answer(self, connection: Connection, identity: Identity, answer: dict[str, Any]) -> None: ...

    async def forget(self, connection: Connection, before: datetime, most: int) -> int:
        """How many commands and HTTP requests were received before then and are gone now."""
        ...


class Channels(Protocol):
    async def keep(self, connection: Connection, channel: ChannelSet) -> None:
        """The highest revision stays."""
        ...

    async def missing(self, connection: Connection) -> frozenset[str]:
        """Channels that messaging says it cannot send on. One that it has not told of yet is not among them."""
        ...


class Seals(Protocol):
    """Secrets at rest. Raises if the secret key is another one than that they were sealed with."""

    def seal(self, text: str) -> str: ...

    def unseal(self, sealed: str) -> str: ...


class Credentials(Protocol):
    """The only randomness here: ids and secrets that nobody can guess."""

    def new_id(self, prefix: str) -> str: ...

    def new_secret(self) -> str: ...

    def hashed(self, secret: str) -> bytes: ...


class Counting(Protocol):
    """contacts' figures of a selection, over the network: never inside a transaction.

    Whether the caller may ask has been judged before; `asker` is named to contacts as who does. Both give Denied with
    `busy` (contacts counts for others already) or `unavailable`: asking again helps.
    """

    async def count(self, asker: Asker, selected: Selected) -> Counted | Denied: ...

    async def listed(self, asker: Asker, selected: Selected, listing: Listing) -> Found | Denied:
        """Contacts behind one figure."""
        ...


class Conditions(Protocol):
    """What contacts says to conditions and templates, over the network: never inside a transaction."""

    async def mistaken(self, asker: Asker, written: Written) -> list[Point]:
        """`condition_type`: what they take for another kind of value than it is. `unknown_attribute`: what no contact
        has. Empty, too, where contacts cannot be asked: it is advice."""
        ...


class Results(Protocol):
    """What became of an earlier launch's targets, asked of the service that counts it: never inside a transaction."""

    async def page(self, asker: Asker, wanted: ResultsGiven, cursor: str | None) -> ResultPage | Denied:
        """At most 1,000 entries behind `cursor` (None: from the first). `unavailable`: asking again helps."""
        ...


class Progress(Protocol):
    """log's figures of a launch, for those that it publishes nowhere: never inside a transaction."""

    async def of(self, asker: Asker, launch_id: str) -> LaunchFigures | Denied: ...


class CountTokens(Protocol):
    """Counts as they are handed out and shown again: signed, good for 15 minutes. `now` is PostgreSQL's clock."""

    def mint(self, basis: Basis, now: datetime) -> tuple[str, datetime]:
        """The token, and when it expires."""
        ...

    def read(self, token: str, project: str, now: datetime) -> Basis | Denied:
        """Denied: `count_token_invalid` (not ours, altered, another project's) or `count_token_expired`.

        Whether it is about this launch, `launcher.domain.counting.mismatch` says.
        """
        ...
