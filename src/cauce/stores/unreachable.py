"""Why a server could not be asked, in words, from what a client's failure says of itself."""

from __future__ import annotations

import re

from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate

_CERTIFICATES = (
    ("UnknownIssuer|unable to get|self-signed", _("no authority known here signed it")),
    ("NotValidForName|mismatch", _("it is for another host")),
    ("NotValidYet", _("it holds from a later day on")),
    ("Expired|expired", _("it has expired")),
    ("InvalidCertificate|CERTIFICATE_VERIFY_FAILED", _("it cannot be checked")),
)
_CAUSES = (
    ("ConnectionRefused", _("nothing answers at that address and port")),
    ("dns error|gaierror", _("the name of its host is not known")),
    (
        "NetworkUnreachable|HostUnreachable|No route to host|Network is unreachable",
        _("no network leads to it"),
    ),
    (r"TimedOut|Timeout|Elapsed", _("it did not answer in time")),
    (
        "InvalidMessage|WRONG_VERSION_NUMBER|packet length too long",
        _("it does not speak TLS: perhaps its endpoint is http://, not https://"),
    ),
    ("AlertReceived|SSLError", _("it and this machine agree on no way to speak TLS")),
    (r"Parse\(|BadStatusLine", _("what answers there does not speak HTTP")),
    (
        "ConnectionReset|ConnectionAborted|BrokenPipe|UnexpectedEof|Incomplete|RemoteDisconnected",
        _("the connection broke off"),
    ),
)
_ASKED = re.compile(r"Error performing [A-Z]+ https?://([^/\s]+)")
_ROLE = re.compile(r"169\.254\.\d+\.\d+(:\d+)?|\[fd00:ec2::\w+\](:\d+)?|sts\.[\w.-]*amazonaws\.com(\.cn)?")
"""Where a machine, a container or a web identity asks for its role's keys."""
_BUSY = re.compile(r"\b(429|5\d\d) [A-Z]")
"""A status that says to ask again."""


def words_of(text: str) -> str | None:
    """What kept the question from being asked or answered; None where that is not known. text: of the
    client, which may show anything; none of it is in the words."""
    return _first(_CAUSES, text)


def untrusted(text: str) -> CauceError | None:
    """E2606 where the server's certificate is not to be trusted."""
    reason = _first(_CERTIFICATES, text)
    return None if reason is None else CauceError("E2606", reason=reason)


def is_keyless(text: str) -> bool:
    """Whether the bucket was not asked at all, because the keys to ask with could not be had."""
    asked = _ASKED.search(text)
    if asked and _BUSY.search(text):
        return False
    return "Failed to read token file" in text or bool(asked and _ROLE.fullmatch(asked[1]))


def _first(known: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((translate(words) for pattern, words in known if re.search(pattern, text)), None)
