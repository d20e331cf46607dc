"""What keeps messages and models from a server: who asks, where files lie, or anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from cauce.tracking.destination import redacted

Kind: TypeAlias = Literal["other", "login", "files"]
_REFUSED = frozenset({"UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED", "PERMISSION_DENIED"})
_STATUS = (401, 403)
_THROUGH_SERVER = ("mlflow-artifacts:", "http:", "https:")


@dataclass(frozen=True)
class Trouble:
    """Why something did not work, in one safe line. files: where they are to lie, if that is the trouble."""

    reason: str
    kind: Kind = "other"
    files: str = ""


class FilesElsewhere(Exception):  # noqa: N818 - it says where, its cause says what
    """The files of runs lie in a place of their own, which did not take or give them."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


@contextmanager
def files_in(place: Callable[[], str]) -> Iterator[None]:
    """Transfers of files inside: what goes wrong in another place than the server says so.

    place: asked for their address after a failure; a server that cannot tell is the trouble itself.
    """
    try:
        yield
    except Exception as error:
        found = ""
        with suppress(Exception):
            found = place()
        if not found or found.startswith(_THROUGH_SERVER):
            raise
        raise FilesElsewhere(redacted(found)) from error


def kind_of(error: BaseException) -> tuple[Kind, str]:
    """What kind of trouble it is, and the place of the files for "files"."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, FilesElsewhere):
            return "files", seen.place
        if refuses_login(seen):
            return "login", ""
        seen = seen.__cause__ or seen.__context__
    return "other", ""


def refuses_login(error: BaseException) -> bool:
    """Whether a server said that it does not know who asks, or does not allow it."""
    answer: Any = getattr(error, "response", None)
    status = getattr(answer, "status_code", None)
    return status in _STATUS or str(getattr(error, "error_code", "") or "") in _REFUSED
