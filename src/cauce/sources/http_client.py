"""One request over HTTP at a time: to an address that was checked, by the standard library alone.

`http.client` leaves to us what matters here: which address is connected to, which redirects are followed and
what is kept from one host to the next. It follows none and repeats nothing by itself.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from cauce.errors import CauceError, raise_alone, shown
from cauce.sources.http_policy import Policy, allowed_endpoints, check_literal
from cauce.version import __version__

_MOVED = frozenset((301, 302, 303, 307, 308))
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Request:
    """What to ask for. secret: headers for the first host only (credentials), never shown."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    policy: Policy = field(default_factory=Policy)

    def with_headers(self, **headers: str) -> Request:
        """The same with more headers, whose names are written with "_"."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **more})

    @property
    def shown(self) -> str:
        """Scheme, host and path: a query may hold a secret."""
        return plain_url(self.url)


@dataclass(frozen=True)
class Response:
    """What came back. body: to be read within the context; url: where it came from in the end."""

    status: int
    headers: Mapping[str, str]
    body: http.client.HTTPResponse
    url: str = field(repr=False)

    def header(self, name: str) -> str | None:
        """A header's value by its name in small letters."""
        return self.headers.get(name)

    @property
    def length(self) -> int | None:
        """How many bytes the server says the body has."""
        said = self.header("content-length")
        return int(said) if said is not None and said.isascii() and said.isdigit() else None

    @property
    def chunked(self) -> bool:
        """Whether the body tells by itself where it ends."""
        return (self.header("transfer-encoding") or "").lower() == "chunked"


class Broken(Exception):  # noqa: N818 - not an error for a user: what may be tried again
    """The connection or the answer failed in a way that may pass. reason: in one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def asked(request: Request) -> Iterator[Response]:
    """The answer to a GET, redirects followed.

    Raises Broken for what may pass; E2601 to E2603 for hosts that may not or cannot be reached, E2604 for
    a redirect that is not followed.
    """
    url, secret = request.url, dict(request.secret)
    for _ in range(request.policy.redirects + 1):
        connection = _connected(url, request)
        try:
            response = _response(connection, url, {**request.headers, **secret})
            place = response.header("location")
            if response.status not in _MOVED or place is None:
                yield response
                return
        finally:
            connection.close()
        following = _following(url, place, request)
        if _origin(following) != _origin(request.url):
            secret = {}
        url = following
    raise CauceError("E2604", url=request.shown, target=shown(_host_of(url)))


@contextmanager
def translated() -> Iterator[None]:
    """What the network does to a connection inside, as Broken."""
    try:
        yield
    except TimeoutError:
        raise_alone(Broken("timeout"))
    except (ssl.SSLCertVerificationError, ssl.CertificateError) as error:
        raise_alone(CauceError("E2606", reason=error.verify_message))
    except (OSError, http.client.HTTPException) as error:
        raise_alone(Broken(type(error).__name__))


def plain_url(url: str) -> str:
    """`url` without user, query and fragment."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "?"
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _following(url: str, place: str, request: Request) -> str:
    """Where a redirect leads; E2604 where it is not followed."""
    try:
        target = urljoin(url, place)
        parts = urlsplit(target)
        _ = parts.port
    except ValueError:
        raise_alone(CauceError("E2604", url=request.shown, target="?"))
    weaker = urlsplit(url).scheme == "https" and parts.scheme != "https"
    if parts.scheme not in _PORTS or not parts.hostname or weaker or parts.username is not None:
        raise CauceError("E2604", url=request.shown, target=shown(f"{parts.scheme}://{parts.hostname}"))
    return target


def _response(connection: http.client.HTTPConnection, url: str, headers: Mapping[str, str]) -> Response:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"User-Agent": f"cauce/{__version__}", "Accept-Encoding": "identity", "Connection": "close"}
    if isinstance(connection, _ThroughProxy):
        target = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{target}"
        sent.update(connection.credentials)
    with translated():
        try:
            connection.request("GET", target, headers={**sent, **headers})
        except (ValueError, UnicodeError):
            raise_alone(CauceError("E2605", url=plain_url(url), status="URL"))
        answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return Response(answer.status, found, answer, url)


def _connected(url: str, request: Request) -> http.client.HTTPConnection:
    parts, policy = urlsplit(url), request.policy
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    private = policy.private and host == urlsplit(request.url).hostname
    proxy = _proxy(parts)
    if proxy is not None:
        check_literal(host, private=private)
        return _through(proxy, parts, policy.idle)
    endpoints = allowed_endpoints(host, port, private=private)
    if parts.scheme == "https":
        return _CheckedTls(host, port, policy.idle, endpoints)
    return _Checked(host, port, policy.idle, endpoints)


def _socket(endpoints: list[tuple[int, str]], port: int, idle: float) -> socket.socket:
    failure: OSError = ConnectionRefusedError()
    for family, number in endpoints:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(idle)
        try:
            made.connect((number, port))
        except OSError as error:
            made.close()
            failure = error
        else:
            return made
    raise failure


class _Checked(http.client.HTTPConnection):
    """Connects to addresses that were looked up and checked before, not to a name."""

    def __init__(self, host: str, port: int, idle: float, endpoints: list[tuple[int, str]]) -> None:
        super().__init__(host, port, timeout=idle)
        self.endpoints, self.idle = endpoints, idle

    def connect(self) -> None:
        self.sock = _socket(self.endpoints, self.port, self.idle)


class _CheckedTls(http.client.HTTPSConnection):
    """The same, with the certificate held against the name."""

    def __init__(self, host: str, port: int, idle: float, endpoints: list[tuple[int, str]]) -> None:
        self.context = ssl.create_default_context()
        super().__init__(host, port, timeout=idle, context=self.context)
        self.endpoints, self.idle = endpoints, idle

    def connect(self) -> None:
        plain = _socket(self.endpoints, self.port, self.idle)
        try:
            self.sock = self.context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


class _ThroughProxy(http.client.HTTPConnection):
    """A request to a proxy for an http address."""

    credentials: Mapping[str, str] = {}


def _proxy(parts: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for this address."""
    found = getproxies().get(parts.scheme)
    if not found or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return urlsplit(found if "://" in found else f"http://{found}")


def _through(proxy: SplitResult, parts: SplitResult, idle: float) -> http.client.HTTPConnection:
    host, port = str(proxy.hostname), proxy.port or 8080
    credentials = {}
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        credentials = {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    if parts.scheme == "https":
        tunnel = http.client.HTTPSConnection(host, port, timeout=idle, context=ssl.create_default_context())
        # The tunnel itself is plain; TLS begins with the host behind it.
        tunnel.set_tunnel(str(parts.hostname), parts.port or 443, headers=credentials)
        return tunnel
    plain = _ThroughProxy(host, port, timeout=idle)
    plain.credentials = credentials
    return plain
