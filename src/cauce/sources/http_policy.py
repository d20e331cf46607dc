"""Which addresses of the network a download may reach, and how long it may take."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from cauce.errors import CauceError

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# Services that hand out a machine's own credentials: no table of anybody's is there.
_NEVER = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a download may do.

    private: whether the host that was named may be in a private network or this machine. idle: seconds
    without a byte. seconds: for one download in all. most_bytes: of one file. redirects: how many are
    followed. tries: how often in a row nothing may come before it is given up. pause: seconds before the
    second try, doubled each time. longest_pause: the longest wait, a server's own wish included.
    """

    private: bool = False
    idle: float = 30.0
    seconds: float = 6 * 3600.0
    most_bytes: int = 20 * 10**9
    redirects: int = 5
    tries: int = 6
    pause: float = 0.5
    longest_pause: float = 120.0


def allowed_endpoints(host: str, port: int, *, private: bool) -> list[tuple[int, str]]:
    """Family and number of every address that `host` has now. They are to be connected to as they are, so
    that a name that changes its meaning in between gains nothing.

    private: whether addresses of private networks and of this machine may be among them. E2601 where one
    may not be reached, E2602 where the name has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CauceError("E2602", host=host, reason=getattr(error, "strerror", None) or "?") from None
    endpoints = list(dict.fromkeys((int(family), str(where[0])) for family, _, _, _, where in found))
    for _, number in endpoints:
        check_number(host, number, private=private)
    return endpoints


def check_literal(host: str, *, private: bool) -> None:
    """E2601 where `host` is written as a number that may not be reached; a name passes."""
    try:
        socket.inet_aton(host)
    except OSError:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if host.lower().rstrip(".") != "localhost":
                return
    for _, number in allowed_endpoints(host, 0, private=True):
        check_number(host, number, private=private)


def check_number(host: str, number: str, *, private: bool) -> None:
    """E2601 where the address `number` of `host` may not be reached."""
    ip = _innermost(ipaddress.ip_address(number.partition("%")[0]))
    if is_forbidden(ip):
        raise CauceError("E2601", host=host, number=number)
    if not private and not ip.is_global:
        raise CauceError("E2603", host=host, number=number)


def is_forbidden(ip: Ip) -> bool:
    """Whether no download may ever reach it: link-local, multicast, unspecified, metadata services."""
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _NEVER


def _innermost(ip: Ip) -> Ip:
    """The IPv4 address inside an IPv6 one that only carries it."""
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if carried is None and ip in _TRANSLATED:
            carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        return carried or ip
    return ip
