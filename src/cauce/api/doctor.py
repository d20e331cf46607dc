"""What would go wrong on this machine and with this project, found before it does."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cauce.api.machine import (
    Check,
    check_extras,
    check_java,
    check_libraries,
    check_platform,
    check_python,
    check_text,
    check_threads,
)
from cauce.api.reaching import check_tracking
from cauce.api.spark_machine import check_spark
from cauce.errors import CauceError, CauceErrors
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _
from cauce.running.workspace import Workspace, open_workspace, read_options
from cauce.spec import FILE_NAME
from cauce.spec.addresses import DATABASES, is_brought, is_for_sqlalchemy, scheme_of

_LEAST_FREE, _LITTLE_FREE = 100 * 10**6, 2 * 10**9
_SKEW = 60.0
Worst = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Diagnosis:
    """The checks, in order."""

    checks: tuple[Check, ...]

    @property
    def worst(self) -> Worst:
        """fail where a check failed, else warn where one warns, else ok."""
        states = {check.state for check in self.checks}
        return "fail" if "fail" in states else "warn" if "warn" in states else "ok"

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"worst": self.worst, "checks": [asdict(check) for check in self.checks]}


def doctor(project: str | Path = FILE_NAME, *, master: str | None = None) -> Diagnosis:
    """Check the machine, and the project where there is one. Takes a few seconds, two for the network.

    master: a Spark master to look for, in place of the project's.
    """
    work, read = _project(Path(project))
    checks: list[Check] = [
        check_python(),
        check_platform(),
        *check_libraries(),
        check_text(),
        check_threads(),
    ]
    checks += check_extras(needed=needed_extras(work))
    on_spark = master is not None or (work is not None and work.project.engine.kind == "spark")
    master = master or (None if work is None else work.project.engine.master)
    checks += [*check_java(needed=on_spark), *check_spark(master, needed=on_spark), *read]
    folder = Path(".cauce") if work is None else work.store_folder
    checks += [_store(folder), _space(folder), _clock(folder)]
    if work is not None:
        checks += [*_bucket(work), *_warehouse(work), *_data(work), check_tracking(work)]
    return Diagnosis(tuple(checks))


def needed_extras(work: Workspace | None) -> frozenset[str]:
    """Extras of Cauce that the project makes use of."""
    if work is None:
        return frozenset()
    project = work.project
    addresses = (*project.data.source, project.store.url, project.warehouse.url)
    schemes = {scheme_of(one) for one in addresses if one is not None}
    searches = (getattr(model, "search", None) for model in project.models)
    used = {
        "mlflow": project.tracking.enabled,
        "tune": any(one is not None and one.method == "tpe" for one in searches),
        "spark": project.engine.kind == "spark",
        "s3": "s3" in schemes,
        "sql": not schemes.isdisjoint(DATABASES - {"sqlite"}),
        "sqlalchemy": any(map(is_for_sqlalchemy, schemes)),
    }
    return frozenset(name for name, needed in used.items() if needed)


def _project(project: Path) -> tuple[Workspace | None, list[Check]]:
    """The workspace where the project file is sound, and what is to be said of it."""
    try:
        work = open_workspace(project)
    except CauceErrors as errors:
        return None, [_failed("project", error) for error in errors.errors]
    except CauceError as error:
        if error.code == "E0301":
            return None, [Check("project", "warn", error.message, error.hint)]
        return None, [_failed("project", error)]
    said = translate(_("{name} is sound")).format(name=work.project.name)
    return work, [Check("project", "ok", said)]


def _failed(name: str, error: CauceError) -> Check:
    return Check(name, "fail", f"{error.code} {error.message}", error.hint)


def _data(work: Workspace) -> Iterator[Check]:
    """The project's files, and the other side of each of its addresses."""
    from cauce.running.bringing import check_address

    sources = read_options(work.project.data, work.folder).paths
    addresses = [one for one in sources if is_brought(one)]
    for one in addresses:
        try:
            yield Check("data", "ok", " ".join(check_address(one, work.wanted)))
        except CauceError as error:
            yield _failed("data", error)
    files = tuple(one for one in sources if one not in addresses)
    if files or not addresses:
        yield _files(files)


def _files(paths: tuple[str, ...]) -> Check:
    from cauce.sources.files import content_of, find_files

    try:
        files = find_files(paths)
        for file in files:
            content_of(file)
        size = sum(file.stamp()[0] for file in files)
    except CauceError as error:
        return _failed("data", error)
    text = translate_plural("{count} file, {size} MB", "{count} files, {size} MB", len(files))
    return Check("data", "ok", text.format(count=len(files), size=format_number(size / 1e6, digits=1)))


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(one for one in (folder, *folder.resolve().parents) if one.is_dir())


def _store(folder: Path) -> Check:
    """Whether files can be made there, whole or not at all."""
    fix = translate(_("Choose a folder that can be written, on a local disk, with [store] path."))
    try:
        with tempfile.TemporaryDirectory(prefix=".cauce-doctor-", dir=_existing(folder)) as made:
            file = Path(made, "a")
            file.write_bytes(b"")
            _sync(file)
            linked = _linked(file, Path(made, "b"))
    except OSError as error:
        said = translate(_("{folder} cannot be written ({reason})"))
        return Check("store", "fail", said.format(folder=folder, reason=error.strerror), fix)
    if not linked:
        said = translate(_("{folder} has no hard links; only locks keep two runs apart"))
        return Check("store", "warn", said.format(folder=folder), fix)
    return Check("store", "ok", translate(_("{folder} can be written")).format(folder=folder))


def _bucket(work: Workspace) -> Iterator[Check]:
    """Whether objects can be made in the project's bucket, once each, listed and deleted; and its clock."""
    url = work.project.store.url
    if url is None:
        return
    from cauce.stores.objects import ObjectStore

    try:
        skew = ObjectStore(url, str(work.store_folder)).check()
    except CauceError as error:
        yield _failed("bucket", error)
        return
    shown = url.partition("?")[0]
    if abs(skew) > _SKEW:
        said = translate(_("the clock of {store} is {seconds} s away from this one"))
        fix = translate(_("Set the clock, for example with NTP."))
        yield Check("bucket", "warn", said.format(store=shown, seconds=round(skew)), fix)
    else:
        said = translate(_("{store} takes objects once each, lists and deletes them"))
        yield Check("bucket", "ok", said.format(store=shown))


def _warehouse(work: Workspace) -> Iterator[Check]:
    """Whether tables can be made and replaced in the project's warehouse."""
    if work.project.warehouse.url is None:
        return
    from cauce.running.warehouse_place import Place

    try:
        place = Place.of(work)
        place.try_out()
    except CauceError as error:
        yield _failed("warehouse", error)
        return
    said = translate(_("tables can be made and replaced in {url}"))
    yield Check("warehouse", "ok", said.format(url=place.address))


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _linked(file: Path, name: Path) -> bool:
    try:
        name.hardlink_to(file)
    except OSError:
        return False
    return True


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(_existing(folder)).free
    said = translate(_("{free} GB free for {folder}")).format(
        free=format_number(free / 1e9, digits=1), folder=folder
    )
    fix = translate(_("Free some space, or set another [store] path: snapshots take about the data's size."))
    if free < _LEAST_FREE:
        return Check("disk", "fail", said, fix)
    return Check("disk", "warn", said, fix) if free < _LITTLE_FREE else Check("disk", "ok", said)


def _clock(folder: Path) -> Check:
    """The clock against the file system's and against this installation, which cannot be from the future."""
    now, fix = time.time(), translate(_("Set the clock, for example with NTP."))
    installed = Path(__file__).stat().st_mtime
    try:
        with tempfile.NamedTemporaryFile(prefix=".cauce-doctor-", dir=_existing(folder)) as file:
            skew = abs(Path(file.name).stat().st_mtime - now)
    except OSError:
        skew = 0.0
    if now < installed - _SKEW:
        return Check("clock", "fail", translate(_("the clock is behind this installation's files")), fix)
    if skew > _SKEW:
        said = translate(_("the store's file system is {seconds} s away from the clock"))
        return Check("clock", "warn", said.format(seconds=round(skew)), fix)
    return Check("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S %Z"))
