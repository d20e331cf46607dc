"""Errors a user can cause or meet: each has a code, an exit code, a message, a hint and an explanation."""

from cauce.errors.catalogue import CATALOGUE, explain
from cauce.errors.entry import Entry, Exit
from cauce.errors.failure import (
    CauceError,
    CauceErrors,
    CauceWarning,
    Place,
    raise_alone,
    shown,
    warn,
    warn_now,
)

__all__ = [
    "CATALOGUE",
    "CauceError",
    "CauceErrors",
    "CauceWarning",
    "Entry",
    "Exit",
    "Place",
    "explain",
    "raise_alone",
    "shown",
    "warn",
    "warn_now",
]
