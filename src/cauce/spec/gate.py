"""What a model must show before it takes charge, who is told when one does, and what its card says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cauce.language import gettext_noop as _
from cauce.spec.findings import Finding
from cauce.spec.positions import KeyPath
from cauce.spec.settings import (
    EMPTY,
    Exact,
    Flag,
    FrozenMap,
    Name,
    NotNegative,
    Number,
    section,
    setting,
)

_BY_NAME = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_LOCAL_NAMES = ("localhost", "localhost.localdomain")

Confidence = Annotated[float, Exact(ge=0.5, lt=1)]


@section
class Webhook:
    """Who is told by a signed POST request when another model takes charge."""

    url: Name = setting(
        _("Where to: https://…, or env:NAME where the address itself is a secret."),
        example="https://example.org/models",
    )
    secret: Name | None = setting(
        _("The environment variable with the secret that signs the message, such as env:WEBHOOK_SECRET."),
        default=None,
    )
    allow_http: Flag = setting(
        _("Whether http may go to another machine than this, unencrypted."), default=False
    )


@section
class Gate:
    """What a model must show on test rows before it takes charge."""

    require: FrozenMap[Number] = setting(
        _("Limits on test rows by metric: the least, or the most where lower is better."), default=EMPTY
    )
    better_than_champion: Flag = setting(
        _("Whether it must be shown to be better than the champion, on rows that neither has seen."),
        default=False,
    )
    margin: NotNegative = setting(
        _("By how much it must be better than the champion, in the metric that decides."), default=0.0
    )
    confidence: Confidence = setting(_("How sure the comparison with the champion must be."), default=0.95)
    promote: Literal["auto", "ask", "never"] = setting(
        _(
            "When a run puts its model in charge: auto, whenever it passes; ask, only where nobody is in "
            "charge, else by `cauce promote`; never, only by `cauce promote`."
        ),
        default="ask",
    )
    webhook: Webhook | None = setting(
        _("Who is told by a signed POST request when another model takes charge."), default=None
    )


@section
class Card:
    """What the model card says that only people know."""

    owner: Name | None = setting(_("Who answers for the model."), default=None)
    licence: Name | None = setting(_("Under which licence the model may be used."), default=None)
    intended_use: Name | None = setting(_("What the model is meant for, and what not."), default=None)
    notes: Name | None = setting(_("What else a user should know."), default=None)


def gate_findings(gate: Gate) -> Iterator[Finding]:
    """E2008 for a webhook whose messages others could read, E2016 for a secret written down."""
    place: KeyPath = ("gate", "webhook")
    webhook = gate.webhook
    if webhook is None:
        return
    by_name = _BY_NAME.fullmatch(webhook.url)
    if not by_name and not is_safe(webhook.url, allow_http=webhook.allow_http):
        yield Finding("E2008", (*place, "url"), {"key": "gate.webhook.url"}, ((*place, "allow_http"),))
    if webhook.secret is not None and not _BY_NAME.fullmatch(webhook.secret):
        yield Finding("E2016", (*place, "secret"), {"key": "gate.webhook.secret"})


def is_safe(url: str, *, allow_http: bool) -> bool:
    """Whether a message may go to `url`: https, or http to this machine; elsewhere only if allowed.

    A user or password in it is never safe.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _port = parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (allow_http or _is_this_machine(host)))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _LOCAL_NAMES
