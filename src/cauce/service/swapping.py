"""A worker's part of a swap: it opens the new model beside the old one, and changes over when told to."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from cauce.errors import CauceError
from cauce.service.application import Application
from cauce.service.news import Lines, Offer, Opened, Order
from cauce.service.served import Served, open_served

_LOG = logging.getLogger("cauce.service")


@dataclass(eq=False)
class Swapping:
    """Follows the orders that come over `control`, for `app`. Runs in the loop's thread; models are opened in
    another, so that requests are answered meanwhile."""

    app: Application
    control: socket.socket
    _orders: Lines[Order] = field(default_factory=lambda: Lines(Order), init=False)
    _prepared: Served | None = field(default=None, init=False)

    def begin(self) -> None:
        """Listen, in the running loop."""
        self.control.setblocking(False)
        asyncio.get_running_loop().add_reader(self.control.fileno(), self._heard)

    def _heard(self) -> None:
        data = b""
        with suppress(BlockingIOError, ConnectionError):
            data = self.control.recv(1 << 16)
        if not data:
            asyncio.get_running_loop().remove_reader(self.control.fileno())
        for order in self._orders.of(data):
            if order.kind == "prepare":
                self._prepare(order.offer)
            elif order.kind == "abandon":
                self._prepared = None
            elif self._prepared is not None and self._prepared.identity == order.offer.digest:
                self._commit(self._prepared)

    def _prepare(self, offer: Offer) -> None:
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        # A thread of its own each time, which nothing waits for: one model that never opens stops no other.
        threading.Thread(
            target=context.run, args=(self._open, offer, loop), name="cauce-swap", daemon=True
        ).start()

    def _open(self, offer: Offer, loop: asyncio.AbstractEventLoop) -> None:
        settings, reason, opened = self.app.settings, "", None
        try:
            opened = open_served(
                offer.folder,
                digest=offer.digest,
                version=offer.version,
                extra=settings.extra,
                rows=settings.limits.rows,
            )
        except Exception as error:
            reason = (str(error) if isinstance(error, CauceError) else "") or type(error).__name__
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._opened, offer, opened, reason)

    def _opened(self, offer: Offer, opened: Served | None, reason: str) -> None:
        self._prepared = opened
        with suppress(OSError):
            self.control.send(Opened(digest=offer.digest, reason=reason).line())

    def _commit(self, prepared: Served) -> None:
        self.app.served, self._prepared = prepared, None
        _LOG.debug("answering with %s", prepared.version)
        # As at the start: what stays is not looked through for garbage, and what was replaced goes.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
