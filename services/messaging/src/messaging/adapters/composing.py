"""Mails from templates: compiled once per scenario version and step, filled per contact."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

import orjson

from contracts.scenario import Message, Sender
from contracts.targets import Snapshot
from contracts.words import LaunchMode
from messaging.domain.addresses import envelope_address
from messaging.domain.launches import Plan
from messaging.domain.links import Links, Reference
from messaging.domain.mime import Skeleton, Unsendable, headers_of, unrendered
from messaging.domain.sends import Mail, SendKey
from runtime.templates import RenderError, Template, TemplateError, compile_template

PARTS = ("subject", "text", "html")
_KEPT = 256
"""How many steps' compiled templates a process keeps at hand."""


class TemplateComposers:
    """`ports.mailing.Composers`."""

    def __init__(self, links: Links | None = None) -> None:
        self._links = links or Links()
        self._compiled = lru_cache(maxsize=_KEPT)(_Compiled.of)

    def of(self, plan: Plan, step: str) -> "TemplateComposer":
        return TemplateComposer(self._compiled(plan.sender, plan.messages[step]), plan, step, self._links)


class _Compiled:
    """One message of one scenario version; the same text and sender are compiled once, whatever the version."""

    def __init__(self, skeleton: Skeleton | Unsendable, templates: list[Template | None] | Unsendable) -> None:
        self.skeleton = skeleton
        self.templates = templates
        parts = [] if isinstance(templates, Unsendable) else [part for part in templates if part is not None]
        self.reads = frozenset(chain.from_iterable(part.reads for part in parts))

    @classmethod
    def of(cls, sender: Sender | None, message: Message) -> "_Compiled":
        return cls(_skeleton(sender), _templates(message))


def _skeleton(sender: Sender | None) -> Skeleton | Unsendable:
    address = None if sender is None else envelope_address(sender.address)
    if sender is None or address is None:
        return Unsendable("sender", "the scenario has no sender address that can be sent from")
    try:
        return Skeleton.of(sender.name, address)
    except Unsendable as problem:
        return problem


def _templates(message: Message) -> list[Template | None] | Unsendable:
    sources = (message.subject or "", message.text, message.html)
    templates: list[Template | None] = []
    for part, source in zip(PARTS, sources, strict=True):
        try:
            templates.append(None if source is None else compile_template(source, part == "html"))
        except TemplateError as error:
            return unrendered(f"{part}: {error}")
    return templates


def _rendered(part: str, template: Template | None, values: Mapping[str, Any]) -> str | None:
    """Raises Unsendable."""
    if template is None:
        return None
    try:
        return template.render(values)
    except RenderError as error:
        raise unrendered(f"{part}: {error}") from error


class TemplateComposer:
    """`ports.mailing.Composer`."""

    def __init__(self, compiled: _Compiled, plan: Plan, step: str, links: Links) -> None:
        self._compiled = compiled
        self._project = plan.project
        self._context = plan.context
        self._message_type = plan.messages[step].message_type
        self._marketing = plan.is_marketing(step)
        self._mode = plan.mode
        self._links = links

    def facts(self, targets: Snapshot) -> list[str]:
        reads = self._compiled.reads
        columns: dict[str, list[Any]] = {}
        if _reads(reads, "zone"):
            columns["zone"] = targets.zones
        if _reads(reads, "phone") and targets.phones is not None:
            columns["phone"] = targets.phones
        if _reads(reads, "active") and targets.active is not None:
            columns["active"] = targets.active
        if _reads(reads, "groups") and targets.groups is not None:
            columns["groups"] = targets.groups
        attributes = {name: column for name, column in targets.attributes.items() if _reads(reads, "attributes", name)}
        consents = targets.consents if _reads(reads, "consent") else {}
        if not columns and not attributes and not consents:
            return ["{}"] * len(targets.contact_ids)
        return [
            orjson.dumps(
                {name: column[index] for name, column in columns.items()}
                | {"attributes": {name: column[index] for name, column in attributes.items()}}
                | {"consent": {name: column[index] for name, column in consents.items()}}
            ).decode()
            for index in range(len(targets.contact_ids))
        ]

    def compose(self, key: SendKey, address: str, facts: Mapping[str, Any], now: datetime) -> Mail:
        skeleton, templates = self._compiled.skeleton, self._compiled.templates
        if isinstance(skeleton, Unsendable):
            raise Unsendable(skeleton.reason, str(skeleton))
        if isinstance(templates, Unsendable):
            raise Unsendable(templates.reason, str(templates))
        recipient = envelope_address(address)
        if recipient is None:
            raise Unsendable("address", "not an address that can be sent to")
        contact = {"attributes": {}, "groups": [], "consent": {}, "active": True, **facts}
        contact |= {"id": key.contact_id, "email": address}
        values: dict[str, Any] = {"contact": contact, "context": self._context}
        reference = Reference(self._project, key.contact_id, self._message_type, *_where(key), self._mode.value)
        token = self._links.token(reference)
        url = self._links.url(token) if self._marketing else None
        if url is not None:
            values["unsubscribe_url"] = url
        parts = zip(PARTS, templates, strict=True)
        subject, text, html = (_rendered(part, template, values) for part, template in parts)
        if self._mode is LaunchMode.TEST:
            subject = f"[Test] {subject or ''}"
        headers = headers_of(token, self._links.proof(token, recipient), url)
        content = skeleton.fill(key.send_id, recipient, subject or "", text, html, now, headers)
        return Mail(skeleton.sender, recipient, content)


def _where(key: SendKey) -> tuple[str, str, int]:
    return key.launch_id, key.step, key.occurrence


def _reads(reads: frozenset[str], *path: str) -> bool:
    """Whether a template names this part of a contact, something in it, or all of what it is part of."""
    name = ".".join(("contact", *path))
    return any(read == name or read.startswith(name + ".") or name.startswith(read + ".") for read in reads)
