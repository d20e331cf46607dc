"""One entry of the error catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line (sysexits.h where it has one)."""

    OK = 0
    GATE = 1
    USAGE = 2
    DATA = 65
    UNAVAILABLE = 69
    SOFTWARE = 70
    CANNOT_CREATE = 73
    IO = 74
    TEMPORARY = 75
    PERMISSION = 77
    CONFIG = 78
    INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a code means. `says` and `hint` are templates over the values given when it is raised.

    code: "E" (stops) or "W" (warns) and four digits; the first two are the part's range.
    explanation: why it happens and what to do, for `cauce explain` and the docs.
    """

    code: str
    exit: Exit
    says: str
    hint: str
    explanation: str
