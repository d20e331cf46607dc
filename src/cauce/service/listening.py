"""The socket at which a service is asked."""

from __future__ import annotations

import socket

from cauce.errors import CauceError

_WAITING = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, at which requests wait from now on; E2403."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(_WAITING)
    except (OSError, OverflowError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise CauceError("E2403", host=host, port=port, reason=reason) from None
    made.set_inheritable(True)
    return made


def address(sock: socket.socket, host: str) -> str:
    """The address to type."""
    return f"http://{f'[{host}]' if ':' in host else host}:{sock.getsockname()[1]}"
