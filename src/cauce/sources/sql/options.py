"""What stands after ? in the address of a database: known options, with values that they can have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cauce.errors import CauceError
from cauce.spec.addresses import Address, options_beside

_TLS = ("off", "verify")
_LONGEST = 3600.0
"""Seconds; drivers take no number of any size, and 0 as no limit."""


def check_options(address: Address, known: Sequence[str]) -> None:
    """E2508 for an option that is not in `known`, E2509 for a value that it cannot have: one that was only
    left aside would leave a connection unencrypted, or the server's name unasked."""
    for name in options_beside(address, dict.fromkeys(known)):
        raise CauceError("E2508", option=name, known=", ".join(known))
    options = address.options
    if options.get("tls", "off") not in _TLS:
        raise CauceError("E2509", option="tls", value=options["tls"])
    if "timeout" in options and not _is_time(options["timeout"]):
        raise CauceError("E2509", option="timeout", value=options["timeout"])
    if "ca" in options and not Path(options["ca"]).is_file():
        raise CauceError("E2509", option="ca", value=options["ca"])


def _is_time(text: str) -> bool:
    try:
        return 0 < float(text) <= _LONGEST
    except ValueError:
        return False
