"""What machines of a cluster can reach of what lies here."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from cauce.errors import CauceError
from cauce.spec import Project


def is_local(master: str) -> bool:
    """Whether the work is done in processes that the driver itself starts."""
    return master.startswith("local")


def is_remote(master: str) -> bool:
    """Whether executors may run on other machines.

    Not where the master listens on loopback only, nor where Spark will not know it (E0707).
    """
    if not master.startswith("spark://"):
        return master.startswith(("yarn", "k8s://"))
    return not all(_is_loopback(f"spark://{one}") for one in master.removeprefix("spark://").split(","))


def _is_loopback(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_store(project: Project, master: str | None, *, folder: Path) -> None:
    """E0760 where executors of `master` write to the store, and it is a folder of this machine alone."""
    if master is not None and is_remote(master) and not project.store.shared:
        raise CauceError("E0760", folder=folder / project.store.path, master=master)
