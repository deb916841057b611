"""The shape that every event shares: frozen data with a CloudEvents type of its own."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Part of an event. Readers ignore unknown fields, so that writers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """One CloudEvent's data. `TYPE` is its `ce_type`; the last label is the major version."""

    TYPE: ClassVar[str]
