"""Web addresses as sources: what may stand behind "#", and the file behind the rest."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import quote

from cauce.core.secrets import resolve_secret
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.sources.brought import Brought, Report, Wanted
from cauce.sources.downloads import Download
from cauce.sources.http_client import Broken, Request, asked, plain_url
from cauce.sources.http_files import WebFile, fetched_file
from cauce.sources.http_policy import Policy
from cauce.sources.http_retry import check_status
from cauce.spec.addresses import Address, is_secret_name, options_beside

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
_SIZE = re.compile(r"([0-9]{1,6})(KB|MB|GB|TB)")
_BYTES = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
POLICY_OPTIONS = frozenset(("private", "most", "seconds", "idle", "tries"))
_KNOWN = frozenset(("sha256", "token", "password"))
Options = Mapping[str, str]


@dataclass(frozen=True)
class RemoteFile:
    """A file behind a web address."""

    address: Address
    policy: Policy
    sha256: str | None

    def check(self) -> tuple[str, ...]:
        """That the server has the file, by its first byte."""
        request = self._request().with_headers(Range="bytes=0-0")
        try:
            with asked(request) as response:
                check_status(response, request, good=(200, 206))
                changed = response.header("last-modified") or response.header("etag")
        except Broken as problem:
            raise CauceError("E2608", url=request.shown, tries=1, reason=problem.reason) from None
        said = translate(_("{url} is there, last changed {when}"))
        return (said.format(url=request.shown, when=changed or translate(_("unknown"))),)

    def bring(self, folder: Path, report: Report) -> Brought:
        """Fetch the file, or what changed of it. E2601 to E2616."""
        path = fetched_file(WebFile(self._request(), self.sha256), Download(folder), report=report)
        return Brought((path.relative_to(folder).as_posix(),))

    def _request(self) -> Request:
        return Request(url_of(self.address), secret=_credentials(self.address), policy=self.policy)


def open_web_file(address: Address, wanted: Wanted) -> RemoteFile:
    """The file behind `address`. E2611 for an option that is not known or cannot be so."""
    _ = wanted
    check_options(address, POLICY_OPTIONS | _KNOWN)
    sha256 = address.options.get("sha256")
    if sha256 is not None and _SHA256.fullmatch(sha256.lower()) is None:
        raise CauceError("E2611", option="sha256", value=sha256, known="64 x 0-9a-f")
    return RemoteFile(address, policy_of(address.options), sha256 and sha256.lower())


def check_options(address: Address, known: frozenset[str]) -> None:
    """E2611 for an option that is not known, and for an address without a host."""
    for name in options_beside(address, dict.fromkeys(known)):
        raise CauceError("E2611", option=name, value=address.options[name], known=", ".join(sorted(known)))
    if not address.host:
        raise CauceError("E2500", address=f"{address.scheme}://…", part="host")


def policy_of(options: Options) -> Policy:
    """What options say of how far and how long a download goes."""
    found = Policy()
    if "private" in options:
        if options["private"] != "allow":
            raise CauceError("E2611", option="private", value=options["private"], known="allow")
        found = replace(found, private=True)
    if "most" in options:
        size = _SIZE.fullmatch(options["most"])
        if size is None:
            raise CauceError("E2611", option="most", value=options["most"], known="20GB")
        found = replace(found, most_bytes=int(size[1]) * _BYTES[size[2]])
    for name in ("seconds", "idle"):
        if name in options:
            found = replace(found, **{name: float(natural(name, options[name]))})  # type: ignore[arg-type]
    return replace(found, tries=natural("tries", options["tries"])) if "tries" in options else found


def natural(name: str, text: str, *, most: int = 10**7) -> int:
    """An option that is a whole number from 1 to `most`; E2611."""
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= most):
        raise CauceError("E2611", option=name, value=text, known=f"1, 2, …, {most}")
    return int(text)


def url_of(address: Address) -> str:
    """The address as it is asked for, with the secrets that its query refers to."""
    host = written_host(address)
    port = "" if address.port is None else f":{address.port}"
    path, mark, query = address.path.partition("?")
    filled = "&".join(_filled(part) for part in query.split("&")) if query else ""
    return f"{address.scheme}://{host}{port}/{quote(path, safe=_AS_WRITTEN)}{mark}{filled}"


def written_host(address: Address) -> str:
    """The host as it stands in a URL. E2602 where no host can be called so."""
    host = address.host
    try:
        if ":" in host:
            return f"[{IPv6Address(host)}]"
        name = host.encode("idna").decode()
    except (UnicodeError, ValueError):
        name = ""
    if _HOST.fullmatch(name) is None:
        raise CauceError("E2602", host=host, reason="?")
    return name


_AS_WRITTEN = "/%:@!$&'()*+,;=-._~"


def _filled(part: str) -> str:
    name, _, value = part.partition("=")
    if is_secret_name(name):
        return f"{name}={quote(resolve_secret(value).reveal(), safe='')}"
    return quote(part, safe=f"{_AS_WRITTEN}?")


def _credentials(address: Address) -> Mapping[str, str]:
    """The header that says who asks. E2616 where it would cross the net in the open."""
    token, password = address.options.get("token"), address.options.get("password")
    if token is None and password is None:
        return {}
    if address.scheme == "http" and address.options.get("private") != "allow":
        raise CauceError("E2616", url=plain_url(url_of(replace(address, path=""))))
    if token is not None:
        return {"Authorization": f"Bearer {_header(token)}"}
    pair = f"{address.user}:{_header(str(password))}".encode()
    return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def _header(reference: str) -> str:
    secret = resolve_secret(reference).reveal()
    if not secret.isprintable() or not secret.isascii():
        raise CauceError("E2611", option="token", value=reference, known="ASCII")
    return secret
