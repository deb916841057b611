"""What messaging tells Prometheus."""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from contracts.words import DeliveryState

SERVICE = "messaging"


class PrometheusMeter:
    """`ports.mailing.Meter`. Counted when decided, so a transaction that is rolled back and done again counts twice."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._sends = Counter(
            "slipway_sends_total", "Sends by the state they came into.", ["service", "result"], registry=registry
        )
        self._unavailable = Gauge(
            "slipway_smtp_unavailable",
            "1 while the last try to open a session with the mail provider failed: alert on it.",
            ["service"],
            registry=registry,
        )
        self._bugs = Counter(
            "slipway_sends_impossible_total",
            "Things that cannot happen to a send, refused: alert on any.",
            ["service"],
            registry=registry,
        )
        self._by_state = {state: self._sends.labels(SERVICE, state.value) for state in DeliveryState}
        self._unavailable.labels(SERVICE).set(0)
        self._bugs.labels(SERVICE)

    def count(self, states: Iterable[DeliveryState]) -> None:
        for state, number in Tally(states).items():
            self._by_state[state].inc(number)

    def provider(self, available: bool) -> None:
        self._unavailable.labels(SERVICE).set(0 if available else 1)

    def bug(self) -> None:
        self._bugs.labels(SERVICE).inc()
