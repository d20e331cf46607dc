"""Reading a project file: everything wrong with it at once, each with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cauce.errors import CauceError, CauceErrors, Place
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.spec.consistency import disagreements
from cauce.spec.findings import Finding
from cauce.spec.mapping import plain
from cauce.spec.positions import KeyPath, positions
from cauce.spec.project import SCHEMA, Project
from cauce.spec.refusals import findings, meant, removable, repaired
from cauce.spec.words import Got

FILE_NAME = "cauce.toml"
LARGEST = 1_000_000
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_project(path: str | Path) -> Project:
    """The project declared in the file at `path` (a folder stands for the cauce.toml in it).

    Raises CauceErrors with every fault found (E0306 and up), each with file, line and column; where the
    file cannot be read as TOML at all, one CauceError (E0301 to E0305).
    """
    file = Path(path)
    file = file / FILE_NAME if file.is_dir() else file
    return project_from_text(_decoded(_content(file), str(file)), file=str(file))


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise CauceError("E0301", file=file) from None
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or failure
        raise CauceError("E0302", file=file, reason=reason) from failure
    if len(content) > LARGEST:
        raise CauceError("E0303", file=file, limit=LARGEST)
    return content


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        before = content[: failure.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8-sig")) + 1
        byte = f"0x{content[failure.start]:02X}"
        raise CauceError("E0304", place=Place(file, line, column), byte=byte) from None


def project_from_text(text: str, *, file: str = FILE_NAME) -> Project:
    """The project declared in the TOML `text`; `file` names it in errors. Raises as `read_project`."""
    text = text.replace("\r\n", "\n")
    try:
        mapping = tomllib.loads(text)
        places = positions(text)
    except ValueError as failure:
        raise _not_toml(failure, text, file) from None
    except RecursionError:
        raise CauceError("E0305", place=Place(file), reason=translate(_("nested too deeply"))) from None
    return _project(mapping, file, places)


def _not_toml(failure: ValueError, text: str, file: str) -> CauceError:
    reason = str(failure)
    found = _AT.search(reason)
    if found is None:
        return CauceError("E0305", place=Place(file), reason=reason)
    line, column = (int(number) if number else None for number in found.groups())
    if line is None:
        line, column = text.count("\n") + 1, len(text.rpartition("\n")[2]) + 1
    return CauceError("E0305", place=Place(file, line, column), reason=reason[: found.start()])


def project_from_mapping(mapping: Mapping[str, Any], *, file: str = FILE_NAME) -> Project:
    """The project declared by a mapping such as `tomllib.load` or `Project.to_mapping` gives.

    Raises CauceErrors with every fault found; places name `file` only.
    """
    return _project(plain(mapping), file, {})


def _project(mapping: dict[str, Any], file: str, places: dict[KeyPath, tuple[int, int]]) -> Project:
    from cauce.spec.border import validated  # noqa: PLC0415 - pydantic is slow to import

    faults = _version(mapping)
    project: Project | None = None
    if not faults:
        read = validated(mapping)
        project = read if isinstance(read, Project) else None
        faults = [] if isinstance(read, Project) else findings(read, mapping)
        faults += _disagreements(project, mapping, faults)
    if project is None or faults:
        raise CauceErrors(_errors(faults, file, places))
    return project


def _version(mapping: dict[str, Any]) -> list[Finding]:
    version = mapping.get("schema", SCHEMA)
    if version == SCHEMA and type(version) is int:
        return []
    newer = type(version) is int and version > SCHEMA
    return [Finding("E0311" if newer else "E0327", ("schema",), {"got": Got(version), "known": SCHEMA})]


def _disagreements(project: Project | None, mapping: dict[str, Any], faults: list[Finding]) -> list[Finding]:
    from cauce.spec.border import validated  # noqa: PLC0415 - pydantic is slow to import

    if project is None:
        mapping = repaired(mapping, faults)
        read = validated(mapping)
        if not isinstance(read, Project):
            return []
        project = read
    unsure = [path for fault in faults for path in (removable(fault.path), meant(fault)) if path]
    return [
        found
        for found in disagreements(project, mapping)
        if not any(_touches(path, known) for path in (found.path, *found.depends) for known in unsure)
    ]


def _touches(path: KeyPath, unsure: KeyPath) -> bool:
    shorter = min(len(path), len(unsure))
    return path[:shorter] == unsure[:shorter]


def _errors(faults: list[Finding], file: str, places: dict[KeyPath, tuple[int, int]]) -> list[CauceError]:
    errors = [
        CauceError(fault.code, place=_place(fault.path, file, places), **fault.values) for fault in faults
    ]
    return sorted(errors, key=_reading_order)


def _place(path: KeyPath, file: str, places: dict[KeyPath, tuple[int, int]]) -> Place:
    found = (places[path[:length]] for length in range(len(path), 0, -1) if path[:length] in places)
    return Place(file, *next(found, ()))


def _reading_order(error: CauceError) -> tuple[int, int, str]:
    line, column = (error.place.line, error.place.column) if error.place else (None, None)
    return line or 0, column or 0, error.code
