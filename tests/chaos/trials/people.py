"""Contacts that change while a launch is on its way to them."""

import random
from collections.abc import Callable
from typing import Any

from chaos.case import Case, Ground
from chaos.direct import Direct
from chaos.trial import trial

CONTACTS = 4_000
LAUNCHES = 4
MOST = 50


@trial(
    fault=f"contacts changed, withdrawn, suppressed, deleted and made again, up to {MOST} at once, without a pause",
    holds="base; no mail to whom messaging knows to have withdrawn",
)
def contacts_change(case: Case) -> None:
    with case.platform(contacts=CONTACTS, processes=2, scenario="two") as ground:
        with Direct(ground) as direct:
            changes = 0
            for _ in range(LAUNCHES):
                launch = direct.launch("two")
                while direct.state(launch) not in ("completed", "rejected"):
                    with case.fault():
                        _change(direct, ground, case.chance)
                    changes += 1
            case.figure("changes", changes)
        case.rest(ground)


def _change(direct: Direct, ground: Ground, chance: random.Random) -> None:
    chosen = [
        f"{ground.project.project}-{number}" for number in chance.sample(range(CONTACTS), chance.randint(1, MOST))
    ]
    changes: list[Callable[[], None]] = [
        lambda: direct.change(_person(id_, chance, promotional=True) for id_ in chosen),
        lambda: direct.change(_person(id_, chance, promotional=False) for id_ in chosen),
        lambda: direct.suppress(chosen),
        lambda: direct.delete(*chosen[:5]),
    ]
    chance.choices(changes, [6, 3, 1, 1])[0]()


def _person(id_: str, chance: random.Random, *, promotional: bool) -> dict[str, Any]:
    return {
        "id": id_,
        "email": f"{id_}@example.com",
        "consent": {"promotional": promotional, "newsletter": chance.random() < 0.5},
        "attributes": {"first_name": chance.choice(["Ann", "Bob"]), "score": chance.randint(0, 99)},
    }
