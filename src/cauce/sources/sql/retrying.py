"""What is done with a database is done again, from its beginning, where the connection is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cauce.errors import CauceError, warn_now
from cauce.sources.sql.reader import Lost
from cauce.spec.addresses import Address

Made = TypeVar("Made")

_PAUSES = (0.5, 2.0, 6.0, 15.0)
"""Seconds before each further attempt: about as long as a server takes to be there again."""
_AWAY = ("E2510", "E2511")


def until_done(action: Callable[[], Made], address: Address) -> Made:
    """What the action gives, which begins anew each time it raises `Lost`. E2520 after five times.

    Once a connection was lost, a server that cannot be reached yet is waited for.
    """
    most = len(_PAUSES) + 1
    for attempt, pause in enumerate(_PAUSES, start=1):
        try:
            return action()
        except Lost:
            warn_now("W2521", address=address, attempt=attempt + 1, most=most)
        except CauceError as error:
            if attempt == 1 or error.code not in _AWAY:
                raise
        time.sleep(pause)
    try:
        return action()
    except Lost:
        raise CauceError("E2520", address=address, times=most) from None
