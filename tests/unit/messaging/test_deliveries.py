"""The life of a delivery, every (state, act) pair by name."""

from itertools import product

import pytest

from contracts.words import DeliveryState as State
from messaging.domain.deliveries import Act, Stay, advance

ENDS = [State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.FAILED, State.SKIPPED, State.CANCELLED]
REPORTS = [Act.DELIVER, Act.BOUNCE, Act.COMPLAIN]
ANSWERS: dict[tuple[State, Act], State | Stay] = {
    (State.PLANNED, Act.HAND_OVER): State.SENDING,
    (State.PLANNED, Act.ACCEPT): Stay.REFUSE,
    (State.PLANNED, Act.REFUSE): State.FAILED,
    (State.PLANNED, Act.DEFER): State.PLANNED,
    (State.PLANNED, Act.LOSE): Stay.REFUSE,
    (State.PLANNED, Act.GIVE_BACK): Stay.IGNORE,
    (State.PLANNED, Act.SKIP): State.SKIPPED,
    (State.PLANNED, Act.CANCEL): State.CANCELLED,
    (State.PLANNED, Act.HOLD): State.HELD,
    (State.PLANNED, Act.RELEASE): Stay.IGNORE,
    (State.HELD, Act.HOLD): Stay.IGNORE,
    (State.HELD, Act.RELEASE): State.PLANNED,
    (State.SENDING, Act.HOLD): Stay.IGNORE,
    (State.SENDING, Act.RELEASE): Stay.IGNORE,
    (State.HELD, Act.HAND_OVER): Stay.IGNORE,
    (State.HELD, Act.ACCEPT): Stay.REFUSE,
    (State.HELD, Act.REFUSE): State.FAILED,
    (State.HELD, Act.DEFER): Stay.IGNORE,
    (State.HELD, Act.LOSE): Stay.REFUSE,
    (State.HELD, Act.GIVE_BACK): Stay.IGNORE,
    (State.HELD, Act.SKIP): State.SKIPPED,
    (State.HELD, Act.CANCEL): State.CANCELLED,
    (State.SENDING, Act.HAND_OVER): Stay.REFUSE,
    (State.SENDING, Act.ACCEPT): State.ACCEPTED,
    (State.SENDING, Act.REFUSE): State.FAILED,
    (State.SENDING, Act.DEFER): State.PLANNED,
    (State.SENDING, Act.LOSE): State.UNKNOWN,
    (State.SENDING, Act.GIVE_BACK): State.PLANNED,
    (State.SENDING, Act.SKIP): Stay.IGNORE,
    (State.SENDING, Act.CANCEL): Stay.IGNORE,
    **{(State.UNKNOWN, act): Stay.IGNORE for act in Act},
    **{(end, act): Stay.REFUSE if act is Act.ACCEPT else Stay.IGNORE for end in ENDS for act in Act},
    **{(State.SENDING, act): Stay.IGNORE for act in REPORTS},
    **{(State.PLANNED, act): Stay.IGNORE for act in REPORTS},
    **{(State.HELD, act): Stay.IGNORE for act in REPORTS},
    (State.ACCEPTED, Act.DELIVER): State.DELIVERED,
    **{(state, Act.BOUNCE): State.BOUNCED for state in (State.ACCEPTED, State.DELIVERED)},
    **{(state, Act.COMPLAIN): State.COMPLAINED for state in (State.ACCEPTED, State.DELIVERED, State.BOUNCED)},
}


@pytest.mark.parametrize(("state", "act"), list(product(State, Act)), ids=lambda value: str(value))
def test_each_act_in_each_state_has_its_answer(state: State, act: Act) -> None:
    assert advance(state, act) == ANSWERS[state, act]


def test_a_second_acceptance_is_refused() -> None:
    accepted = advance(State.SENDING, Act.ACCEPT)
    assert isinstance(accepted, State)
    assert advance(accepted, Act.ACCEPT) is Stay.REFUSE


def test_nothing_leads_from_an_end_back_to_sending() -> None:
    for end, act in product([*ENDS, State.UNKNOWN], Act):
        assert isinstance(advance(end, act), Stay) or (end in ENDS[:3] and act in REPORTS)
