"""How predictions are to be kept, from what a user says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauce.core.bundle.manifest import Manifest
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.settings import FULLS, CaptureSettings

if TYPE_CHECKING:
    from cauce.running.workspace import Workspace

_MEMBERS = {
    "capture_share": "share",
    "capture_window": "window",
    "capture_full": "full",
    "capture_seconds": "seconds",
    "capture_without": "left_out",
    "capture_bytes": "most_bytes",
    "capture_days": "days",
}
_BOUNDS = {
    "capture_share": (0.0, 1.0),
    "capture_window": (0.0, 60_000.0),
    "capture_seconds": (0.1, 60.0),
    "capture_bytes": (1 << 16, 1 << 60),
    "capture_days": (0.0, 36_500.0),
}


def capture_settings(chosen: dict[str, Any], work: Callable[[], Workspace]) -> CaptureSettings | None:
    """What `chosen` says of it, which is taken out; None where nothing is kept. E2406, E2450, E2453.

    work: the project whose store gets what is sealed, asked for where it does.
    """
    folder, stored = chosen.pop("capture", None), chosen.pop("capture_store", False)
    if folder is None and stored:
        raise CauceError("E2453", option=_option("capture_store"))
    said = {name: chosen.pop(name) for name in _MEMBERS if name in chosen}
    if folder is None:
        for name, value in said.items():
            if value not in ((), []):
                raise CauceError("E2453", option=_option(name))
        return None
    _check(said)
    values = {_MEMBERS[name]: value for name, value in said.items()}
    values["window"] = values.get("window", 0.0) / 1000
    values["left_out"] = tuple(values.get("left_out", ()))
    if stored:
        from cauce.running.capture_keeping import sealer_of  # noqa: PLC0415 - only where it is wanted

        values["sealer"] = sealer_of(work())
    return CaptureSettings(folder=str(_made(Path(folder).absolute())), **values)


def check_left_out(settings: CaptureSettings, manifest: Manifest) -> None:
    """E2455 for a column that is not to be kept and that the model does not know."""
    known = dict.fromkeys([one.name for one in (*manifest.input, *manifest.key)])
    for name in settings.left_out:
        if name not in known:
            raise CauceError("E2455", column=name, known=", ".join(known))


def check_bounds(said: Mapping[str, Any], bounds: Mapping[str, tuple[float, float]]) -> None:
    """E2406 for a number that is not within its bounds."""
    for name, (low, high) in bounds.items():
        value = said.get(name)
        if value is not None and not low <= value <= high:
            expected = f"{_typed(low)} … {_typed(high)}"
            whole = isinstance(value, float) and value.is_integer()
            raise CauceError(
                "E2406", option=_option(name), expected=expected, value=int(value) if whole else value
            )


def _typed(bound: float) -> str:
    """A bound as one types it."""
    return str(int(bound)) if float(bound).is_integer() else f"{bound:g}"


def _check(said: dict[str, Any]) -> None:
    check_bounds(said, _BOUNDS)
    if said.get("capture_full", FULLS[0]) not in FULLS:
        expected = ", ".join(FULLS)
        raise CauceError("E2406", option="--capture-full", expected=expected, value=said["capture_full"])


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CauceError("E2450", folder=str(folder), reason=error.strerror) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        reason = translate(_("it cannot be written"))
        raise CauceError("E2450", folder=str(folder), reason=reason)
    return folder


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
