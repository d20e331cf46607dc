"""Whether data are as the project expects."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from cauce.api.init import write_text
from cauce.core.faults import translated
from cauce.core.numbering import ROW, Numbered
from cauce.core.profile import Profiling
from cauce.core.validation.expected import expected_of, refuse_misfits
from cauce.core.validation.judging import limit_outcome
from cauce.core.validation.suggesting import suggested
from cauce.core.validation.verdict import Verdict
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.running.bringing import brought_here
from cauce.running.clock import SystemClock
from cauce.running.project_rows import ProjectRows, open_rows_to_look_at
from cauce.running.steps.profile import profiled
from cauce.running.steps.roles import declared_target
from cauce.running.steps.validate import judged
from cauce.running.workspace import EngineAsked, Workspace, open_workspace
from cauce.spec import FILE_NAME, Project, project_from_mapping, project_from_text
from cauce.spec.validate import Validate
from cauce.spec.writing import write_validate

Source = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class FailingRow:
    """A failing row with its values: its place, from 1, among the rows that can be read."""

    row: int
    expectations: tuple[str, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Validation:
    """The verdict on the rows of a source. rejected: rows that cannot be read, which are not judged.

    failing: rows with their values, where they were asked for. suggested: the text of a `[validate]`
    section, where it was asked for; the verdict is then on that. saved: the file it was added to.
    """

    source: tuple[str, ...]
    verdict: Verdict
    rejected: int = 0
    failing: tuple[FailingRow, ...] = ()
    suggested: str | None = None
    saved: Path | None = None

    @property
    def holds(self) -> bool:
        """Whether a run on these data would go on."""
        return self.verdict.holds

    def to_json(self) -> dict[str, Any]:
        """A JSON value; the values of rows are not in it."""
        return {
            "source": list(self.source),
            "holds": self.holds,
            "rejected": self.rejected,
            **self.verdict.to_json(),
            "suggested": self.suggested,
            "saved": None if self.saved is None else str(self.saved),
        }


def validate(
    source: Source | None = None,
    *,
    project: str | Path | Project = FILE_NAME,
    show_values: bool = False,
    suggest: bool = False,
    save: bool = False,
    **engine: Unpack[EngineAsked],
) -> Validation:
    """Judge data by the expectations of `project`. Nothing is run and no row is set aside.

    source: files, folders or patterns (on Spark also table:name and addresses), read as the project reads
    its own; None for the project's own. show_values: bring the first failing rows along, of files. suggest:
    write expectations that the data meet instead; save: add them to the project file, E1708 where it has
    some. engine: in place of what the project says, as in `run`. E1709 where nothing is expected, what the
    project's own data and expectations do not agree in (E1401, E1702, E1703), and what reading raises. What
    another source lacks is part of the verdict.
    """
    work = open_workspace(project, **engine)
    if suggest or save:
        return _suggestion(work, project, source, save=save)
    if not work.project.validate.declared:
        raise CauceError("E1709")
    rows = _opened(work, source)
    if source is None:
        refuse_misfits(work.project.validate, rows.schema)
    return _validation(work, rows, work.project.validate, show_values=show_values)


def _opened(work: Workspace, source: Source | None) -> ProjectRows:
    if source is None:
        return open_rows_to_look_at(work, None)
    paths = (source,) if isinstance(source, (str, Path)) else source
    with brought_here(tuple(map(str, paths)), work.wanted, folder=work.store_folder) as here:
        return open_rows_to_look_at(work, here)


def _validation(work: Workspace, rows: ProjectRows, declared: Validate, *, show_values: bool) -> Validation:
    found = judged(work, expected_of(declared, rows.schema), source=rows.scanned).verdict
    rejected = rows.left_out()
    limits = []
    if rejected:
        every = found.rows + rejected
        limits.append(limit_outcome("data.rejected", rejected, limit=work.project.data.rejected, rows=every))
    if found.quarantined:
        most = declared.quarantined
        limits.append(limit_outcome("validate.quarantined", found.quarantined, limit=most, rows=found.rows))
    verdict = replace(found.at(_now()), outcomes=(*found.at(_now()).outcomes, *limits))
    failing = tuple(_failing(rows.scanned, verdict)) if show_values else ()
    return Validation(rows.names, verdict, rejected, failing)


def _now() -> datetime:
    return SystemClock().now()


def _failing(rows: Any, verdict: Verdict) -> Iterator[FailingRow]:
    """The rows at the places that the outcomes name, in order."""
    wanted: dict[int, list[str]] = {}
    for one in verdict.failures:
        for place in one.places:
            wanted.setdefault(place, []).append(one.name)
    left = sorted(wanted)
    for batch in Numbered(rows).batches() if left else ():
        for row in batch.filter(batch.get_column(ROW).is_in(left)).iter_rows(named=True):
            number = row.pop(ROW)
            yield FailingRow(number, tuple(wanted[number]), row)
        left = [place for place in left if place > batch.get_column(ROW)[-1]] if batch.height else left
        if not left:
            return


def _suggestion(
    work: Workspace, project: str | Path | Project, source: Source | None, *, save: bool
) -> Validation:
    rows = _opened(work, source)
    profile = profiled(work.engine, rows.scanned, profiling=_profiling(work, rows.schema))
    section = suggested(profile)
    mapping = {**work.project.to_mapping(), "validate": section}
    declared = project_from_mapping(mapping).validate
    expected = expected_of(declared, rows.schema)
    found = judged(work, expected, source=rows.scanned, profile=profile).verdict
    text = write_validate(declared)
    saved = _save(Path(str(project)), text) if save and not isinstance(project, Project) else None
    return Validation(rows.names, found, rows.left_out(), (), text, saved)


def _profiling(work: Workspace, schema: Schema) -> Profiling:
    data = work.project.data
    return Profiling(schema, declared_target(work.project, schema), data.key, data.time)


def _save(path: Path, section: str) -> Path:
    """Add the section at the end of the project file, whose own text stays as it is."""
    file = path / FILE_NAME if path.is_dir() else path
    with translated(file):
        text = file.read_bytes().decode("utf-8-sig")
    if "validate" in tomllib.loads(text):
        raise CauceError("E1708", file=file)
    added = f"{text.rstrip()}\n\n{section}"
    project_from_text(added, file=str(file))
    write_text(file, added, force=True)
    return file
