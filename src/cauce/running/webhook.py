"""Tells a webhook who is in charge: signed, at least once, and never at the cost of the promotion.

The standard library's http.client does it: it follows no redirect, repeats nothing, reads no proxy from the
environment and adds no dependency; a message is one small request.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from cauce.core.canonical import canonical_json
from cauce.core.promotion.history import Change
from cauce.errors import shown, warn
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.promotion_history import Entries, history_of
from cauce.running.workspace import Workspace
from cauce.spec.gate import Webhook, is_safe
from cauce.version import __version__

FORMAT = 1
SECONDS = 2.0
PAUSES = (0.25, 0.5)
MOST_ROUNDS = 10
DELIVERED, ROUND = "told", "try"
_ENVIRONMENT = "env:"
_AGAIN = frozenset((408, 425, 429))


@dataclass(frozen=True)
class Answer:
    """What became of one request. reason: why it did not arrive, "" where it did; final: it never will."""

    reason: str = ""
    final: bool = False


def tell_webhook(work: Workspace, entries: Entries) -> None:
    """Tell the project's webhook of every change that it was not told of, in order; W2013 and W2015 where
    it does not take one. Nothing where no webhook is declared."""
    webhook = work.project.gate.webhook
    if webhook is None or not any(one.notify for one in entries):
        return
    history = history_of(work)
    notes = history.notes()
    for change in entries:
        known = notes.get(change.number, {})
        rounds = sum(name.startswith(ROUND) for name in known)
        if not change.notify or DELIVERED in known or rounds >= MOST_ROUNDS:
            continue
        answer, where = _tell(webhook, change), _where(webhook)
        noted = {"when": datetime.now(UTC).isoformat(), "where": where, "reason": answer.reason}
        if not answer.reason:
            history.note(change.number, DELIVERED, content=noted)
            continue
        history.note(change.number, f"{ROUND}-{rounds + 1:03d}", content=noted)
        if rounds + 1 >= MOST_ROUNDS:
            warn("W2015", where=where, number=change.number, name=change.model, tries=rounds + 1)
        else:
            warn("W2013", where=where, number=change.number, name=change.model, reason=answer.reason)
        return


def message(change: Change) -> dict[str, object]:
    """What is sent: who was and is in charge, who did it, when and why. key: the same for each repetition."""
    held = {"from": change.before, "to": change.after}
    return {
        "format": FORMAT,
        "key": change.digest,
        "event": change.event,
        "model": change.model,
        "number": change.number,
        "digest": None if change.after is None else change.after.digest,
        **{name: None if one is None else one.to_json() for name, one in held.items()},
        **{name: getattr(change, name) for name in ("who", "host", "why", "run", "forced")},
        "when": change.when.isoformat(),
    }


def signature(secret: str, body: bytes) -> str:
    """The value of the header Cauce-Signature: HMAC-SHA256 of the body under the secret."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _tell(webhook: Webhook, change: Change) -> Answer:
    """One message, tried a few times."""
    url, secret = _known(webhook.url), None if webhook.secret is None else _known(webhook.secret)
    for named, found in ((webhook.url, url), (webhook.secret or "", secret)):
        if named.startswith(_ENVIRONMENT) and not found:
            text = translate(_("the environment variable {name} is not set"))
            return Answer(text.format(name=named.removeprefix(_ENVIRONMENT)), final=True)
    if not is_safe(url, allow_http=webhook.allow_http):
        return Answer(translate(_("its address is neither https nor on this machine")), final=True)
    body = canonical_json(message(change))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"cauce/{__version__}",
        "Idempotency-Key": change.digest,
    }
    if secret:
        headers["Cauce-Signature"] = signature(secret, body)
    for pause in (*PAUSES, None):
        answer = _post(urlsplit(url), body, headers)
        if not answer.reason or answer.final or pause is None:
            return answer
        time.sleep(pause)
    raise AssertionError


def _known(text: str) -> str:
    return os.environ.get(text.removeprefix(_ENVIRONMENT), "") if text.startswith(_ENVIRONMENT) else text


def _where(webhook: Webhook) -> str:
    """The host alone: paths of webhooks are often secrets."""
    try:
        return shown(urlsplit(_known(webhook.url)).hostname or "–")
    except ValueError:
        return "–"


def _post(url: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
    """One request, given up after SECONDS in all, looking up the name included."""
    found: list[Answer] = []
    worker = threading.Thread(target=lambda: found.append(_asked(url, body, headers)), daemon=True)
    worker.start()
    worker.join(SECONDS)
    return found[0] if found else _too_late()


def _too_late() -> Answer:
    return Answer(translate(_("no answer within two seconds")))


def _asked(url: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
    import http.client  # with ssl it takes as long to load as a small run's plan
    import ssl

    connection: http.client.HTTPConnection
    if url.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            str(url.hostname), url.port, timeout=SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=SECONDS)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        status = connection.getresponse().status
    except TimeoutError:
        return _too_late()
    except (OSError, http.client.HTTPException, ValueError) as error:
        # Its name alone: the text of a failure may hold the address.
        return Answer(type(error).__name__)
    finally:
        connection.close()
    if 200 <= status < 300:
        return Answer()
    return Answer(f"HTTP {status}", final=status < 500 and status not in _AGAIN)
