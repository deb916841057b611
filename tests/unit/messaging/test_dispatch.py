"""Which number's mail a worker carries next."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer, Attempt
from messaging.domain.sends import Mail, SendKey
from messaging.jobs.dispatch import ABREAST, TURN_SECONDS, Dispatch
from messaging.jobs.parcel import Parcel
from runtime.transaction import Lease
from unit.messaging.builders import LAUNCH, STEP, stored

MAIL = Mail("news@acme.example", "ann@x.example", b"Subject: Hi\r\n\r\n")


@dataclass
class Number:
    number: int
    epoch: int = 1

    def wake(self, *jobs: str) -> None:
        pass


def offer(dispatch: Dispatch, number: int, mails: int) -> None:
    desk = dispatch.desk(cast(Lease, Number(number)))
    for place in range(mails):
        key = SendKey(LAUNCH, f"c-{number}-{place}", STEP, 1)
        desk.add(Attempt(stored()._replace(key=key), "ann@x.example"), MAIL)


def numbers(parcels: list[Parcel]) -> dict[int, int]:
    return dict(Counter(parcel.desk.number for parcel in parcels))


async def test_two_numbers_share_the_workers_and_the_others_wait_for_their_turn() -> None:
    dispatch = Dispatch(burst=8)
    for number in range(4):
        offer(dispatch, number, 20)
    assert numbers([await dispatch.next() for _ in range(8)]) == {0: 4, 1: 4}


async def test_a_worker_stays_with_its_number() -> None:
    dispatch = Dispatch(burst=8)
    for number in range(3):
        offer(dispatch, number, 20)
    carried = [await dispatch.next() for _ in range(8)]
    following = [dispatch.next_now(parcel) for parcel in carried]
    assert [parcel.desk for parcel in following if parcel] == [parcel.desk for parcel in carried]


async def test_a_number_that_comes_later_gets_workers_from_the_one_that_has_them_all() -> None:
    dispatch = Dispatch(burst=2)
    offer(dispatch, 0, 20)
    carried = [await dispatch.next() for _ in range(2)]
    offer(dispatch, 1, 20)
    assert numbers([cast(Parcel, dispatch.next_now(parcel)) for parcel in carried]) == {1: 1, 0: 1}


async def test_a_turn_ends_and_the_next_number_has_workers() -> None:
    dispatch = Dispatch(burst=2)
    for number in range(ABREAST + 1):
        offer(dispatch, number, 200)
    carried: list[Any] = [await dispatch.next() for _ in range(2)]
    async with asyncio.timeout(20 * TURN_SECONDS):
        while ABREAST not in numbers(carried):
            await asyncio.sleep(0.01)
            for place, parcel in enumerate(carried):
                following = dispatch.next_now(parcel)
                parcel.desk.answered(parcel, Answer(Act.ACCEPT))
                carried[place] = following
