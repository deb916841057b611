"""`executor.updates`: contact data that instances set. Key: launch id; all of one partition."""

from typing import Any, ClassVar

from contracts.event import Event


class AttributesSet(Event):
    """By executor, when instances reach `update_contact`. contacts answers each with a ContactChange.

    The cause of that change is `update_ids[i]`, also when nothing changed or the contact is gone.
    """

    TYPE: ClassVar[str] = "com.slipway.attributes-set.v1"
    project: str
    launch_id: str
    step: str
    contact_ids: list[str]
    update_ids: list[str]
    """One per contact, derived from (launch, contact, step, occurrence)."""
    values: dict[str, Any]
    """The same for all; null removes."""
    hops: int = 1
