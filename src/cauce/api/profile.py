"""What a table holds, before anything is learned from it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from cauce.core.profile import Profile, Profiling, flag_setting, flag_text, notices_of
from cauce.core.task import TargetColumn, target_column
from cauce.errors import CauceError
from cauce.expr.nodes import Column
from cauce.expr.schema import Schema
from cauce.running.bringing import brought_here
from cauce.running.project_rows import ProjectRows, open_rows_to_look_at
from cauce.running.project_run import states_of
from cauce.running.reading_aloud import with_a_role
from cauce.running.report.profile_page import profile_page, write_profile
from cauce.running.report.writing import check_page
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import profiled
from cauce.running.steps.roles import declared_target
from cauce.running.workspace import EngineAsked, Workspace, open_workspace
from cauce.spec import FILE_NAME, Data, Project, Target
from cauce.spec.addresses import is_brought

Source = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class TableProfile:
    """The profile of a source. rejected: rows that cannot be read, which are not in it.

    notices: what reading found out, and what to know of the columns, in sentences. stored: whether the
    project's latest run had made it already, so that nothing was read.
    """

    source: tuple[str, ...]
    profile: Profile
    rejected: int = 0
    notices: tuple[str, ...] = ()
    stored: bool = False

    def to_json(self) -> dict[str, Any]:
        """A JSON value: dates as texts, and each flag with its sentence and what to write in the project."""
        found = _plain(self.profile.to_json())
        for column, written in zip(self.profile.columns, found["columns"], strict=True):
            for flag, one in zip(column.flags, written["flags"], strict=True):
                one["says"] = flag_text(flag, column.name)
                one["setting"] = flag_setting(flag, column.name)
        own = {"source": list(self.source), "rejected": self.rejected, "notices": list(self.notices)}
        return {**own, **found}


def profile(
    source: Source | Project | None = None,
    *,
    project: str | Path | Project | None = None,
    target: str | None = None,
    missing: Sequence[str] = (),
    html: str | Path | None = None,
    **engine: Unpack[EngineAsked],
) -> TableProfile:
    """The profile of data. Nothing is run and nothing is kept but the page `html`, where one is asked for.

    source: files, folders, patterns or addresses (on Spark also table:name and its own), read as `init` reads
    them, or as `project` reads its own where that is given too; a project (its file, its folder, or in
    memory) or None for the project's own data, of which the profile of the latest run is taken if there is
    one. target: the column to look at the others with, where the project names none. missing: texts that
    mean a missing value, without a project. engine: in place of what the project says, as in `run`;
    data=frame, a Spark DataFrame, needs no project either. E1515 for a target that is not there, E1905 and
    E1906 for the page's name, and what reading raises.
    """
    path = None if html is None else Path(html)
    if path is not None:
        check_page(path)
    found = _profile(source, project, target=target, missing=missing, engine=engine)
    if path is not None:
        page = profile_page(found.profile, source=found.source, rejected=found.rejected, said=found.notices)
        write_profile(path, page, content=found.to_json())
    return found


def _profile(
    source: Any, project: Any, *, target: str | None, missing: Sequence[str], engine: EngineAsked
) -> TableProfile:
    if isinstance(source, Project) or _is_project(source):
        source, project = None, source
    frame = engine.get("data") is not None
    if project is None and (source is not None or frame):
        paths = _paths(source) if source is not None else ("DataFrame",)
        data = Data(source=paths, missing=tuple(missing))
        work = open_workspace(Project(name="profile", data=data, target=Target()), **engine)
        return _of_rows(work, None if frame else paths, target=target, keep=False)
    work = open_workspace(FILE_NAME if project is None else project, **engine)
    stored = _stored(work) if source is None and target is None and not frame else None
    return stored or _of_rows(work, None if source is None else _paths(source), target=target)


def _is_project(source: Any) -> bool:
    if not isinstance(source, (str, Path)):
        return False
    path = Path(source)
    return path.suffix == ".toml" or (path.is_dir() and (path / FILE_NAME).is_file())


def _stored(work: Workspace) -> TableProfile | None:
    """The profile of the project's data as they are now, where a run has made it."""
    states = {state.step.name: state.record for state in states_of(work)}
    ingest, made = states["ingest"], states["profile"]
    if made is None or ingest is None:
        return None
    found = Profile.from_json(read_json(work.store, str(made.outputs["profile"].value)))
    rejected: Any = ingest.facts.get("rejected", 0)
    told = notices_of(found, declared=with_a_role(work.project))
    return TableProfile(work.project.data.source, found, rejected, told, stored=True)


def _of_rows(
    work: Workspace, paths: tuple[str, ...] | None, *, target: str | None, keep: bool = True
) -> TableProfile:
    """keep: whether what is brought from addresses stays in the project's store."""
    if paths is None:
        return _of_opened(work, open_rows_to_look_at(work, None), target=target)
    with brought_here(paths, work.wanted, folder=work.store_folder if keep else None) as here:
        found = _of_opened(work, open_rows_to_look_at(work, here), target=target)
    return replace(found, source=paths) if any(map(is_brought, paths)) else found


def _of_opened(work: Workspace, rows: ProjectRows, *, target: str | None) -> TableProfile:
    project = work.project
    declared = None
    if target is not None:
        declared = _target(rows.schema, target)
    elif project.target != Target():
        declared = declared_target(project, rows.schema)
    asked = Profiling(rows.schema, declared, project.data.key, project.data.time)
    found = profiled(work.engine, rows.scanned, profiling=asked)
    read = (notice.message for notice in rows.notices)
    said = tuple(dict.fromkeys((*read, *notices_of(found, declared=with_a_role(project)))))
    return TableProfile(rows.names, found, rows.left_out(), said)


def _target(schema: Schema, name: str) -> TargetColumn:
    if name not in schema:
        near = difflib.get_close_matches(name, schema.names[:5000], n=3) or list(schema.names[:10])
        raise CauceError("E1515", flag="--target", column=name, near=", ".join(near))
    return target_column(name, Column(name), schema=schema)


def _paths(source: Source) -> tuple[str, ...]:
    return (str(source),) if isinstance(source, (str, Path)) else tuple(map(str, source))


def _plain(value: Any) -> Any:
    """JSON whose single values need no marks: dates, decimals and infinities as texts."""
    if isinstance(value, dict):
        if value.keys() == {"$", "value"}:
            return value["value"]
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
