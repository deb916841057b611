"""How a target ends: the table of outcomes and reasons."""

from typing import Final

from contracts.scenario import EndType
from contracts.words import Outcome
from executor.domain.cohort import SENT

ERROR_CONDITION: Final = "error:condition"
ERROR_INTERNAL: Final = "error:internal"
ERROR_STEP_LIMIT: Final = "error:step_limit"
ERROR_UPDATE: Final = "error:update"

_ENDS: Final = {
    EndType.SUCCESS: Outcome.SUCCESS,
    EndType.FAILURE: Outcome.FAILURE,
    EndType.ABANDON: Outcome.ABANDON,
    EndType.NEUTRAL: Outcome.OTHER,
}


def outcome_of_end(type: EndType, step: str, messages: str | None) -> tuple[Outcome, str]:
    """Outcome and reason of an instance that reached the end `step`; `messages` as in `Cohort`."""
    if type is EndType.NEUTRAL and messages not in (None, SENT):
        return Outcome.OTHER, f"skipped:{messages}"
    return _ENDS[type], f"end:{step}"


def send_error(reason: str | None) -> str:
    """Reason of an instance that ends because its message failed: rendering is told apart from sending."""
    return "error:render" if reason == "render" else "error:send"
