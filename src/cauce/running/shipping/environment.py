"""What a cluster's workers need beside a bare Python: the installed libraries, as a list of files."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath
from typing import Any

from cauce.core.canonical import canonical_json
from cauce.core.faults import translated
from cauce.errors import CauceError, warn

LIBRARIES = "site-packages"
"""The folder of the archive that goes on the workers' path of imports."""

FACTS = "environment.json"
"""The archive's own description, at its root."""

OF_THE_CLUSTER = ("pyspark", "py4j")
"""Never packed: a cluster has its own Spark, and another one beside it fails in ways hard to read."""

_OWN = "cauce"
_EXTRA = "spark"
_LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}
_NOT_SHIPPED = (".pyc", ".pyo", ".po", ".pot")
_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_")
_OLDER_NAMES = {"manylinux1_": (2, 5), "manylinux2010_": (2, 12), "manylinux2014_": (2, 17)}


@dataclass(frozen=True, order=True)
class PackedFile:
    """A file: its path in the archive, where it lies here, SHA-256 of its content, bytes.

    held: the content, of a file that somebody may be editing; other files are read again when packed.
    """

    path: str
    source: Path
    sha256: str
    size: int
    held: bytes | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Environment:
    """Libraries to carry to other machines. distributions: versions by name. files: sorted by path.

    python: the minor version their compiled parts are for, such as "3.11"; machine: such as "x86_64".
    glibc: the oldest one that all of them run on; None where none of them asks for any.
    """

    distributions: dict[str, str]
    files: tuple[PackedFile, ...]
    python: str
    machine: str
    glibc: tuple[int, int] | None

    @cached_property
    def facts(self) -> bytes:
        """What the archive says of itself, as JSON; equal for equal content."""
        return canonical_json(
            {
                "schema": "cauce.environment/1",
                "python": self.python,
                "machine": self.machine,
                "glibc": None if self.glibc is None else list(self.glibc),
                "distributions": self.distributions,
                "files": hashlib.sha256(
                    canonical_json([[one.path, one.sha256] for one in self.files])
                ).hexdigest(),
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 over every path and content."""
        return hashlib.sha256(self.facts).hexdigest()

    @property
    def bytes(self) -> int:
        """What the files take, unpacked."""
        return sum(one.size for one in self.files)


def find_environment(
    *, extras: Iterable[str] = (), exclude: Iterable[str] = (), path: Sequence[str] | None = None
) -> Environment:
    """The installed files of Cauce and of all it requires, for the platform it runs on.

    extras: of Cauce's, beside what Spark needs. exclude: distributions that the cluster has; what only they
    require is left out with them. path: folders to look in instead of this interpreter's.
    Every file is read and held against the digest it was installed with: W0760 where some differ.
    E0761 for a library that is required and not installed, E0762 for one installed as a link to its source,
    E0763 for one without a list of its files, E0503 to E0506.
    """
    installed = _Installed(sys.path if path is None else path)
    found = _closure(installed, extras={_EXTRA, *extras}, exclude={_plain(name) for name in exclude})
    files: dict[str, PackedFile] = {}
    for one in found.values():
        for file in _files(one):
            files.setdefault(file.path, file)
    return Environment(
        distributions={name: one.version for name, one in sorted(found.items())},
        files=tuple(sorted(files.values())),
        python=".".join(map(str, sys.version_info[:2])),
        machine=platform.machine(),
        glibc=max((one for one in map(_glibc, found.values()) if one is not None), default=None),
    )


def own_files() -> tuple[PackedFile, ...]:
    """The package Cauce alone, sorted by path. E0761, E0763, E0503 to E0506."""
    own = _Installed(sys.path).find(_OWN)
    if own is None:
        raise CauceError("E0761", package=_OWN, by=_OWN)
    inside = f"{LIBRARIES}/{_OWN}/"
    return tuple(sorted(one for one in _files(own) if one.path.startswith(inside)))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class _Installed:
    """Distributions by name, the first of each on the path."""

    def __init__(self, path: Sequence[str]) -> None:
        self._by_name: dict[str, Distribution] = {}
        for one in Distribution.discover(path=list(path)):
            name = one.metadata["Name"]
            if name:
                self._by_name.setdefault(_plain(name), one)

    def find(self, name: str) -> Distribution | None:
        return self._by_name.get(_plain(name))


def _closure(installed: _Installed, *, extras: set[str], exclude: set[str]) -> dict[str, Distribution]:
    """Cauce and what it requires, and what that requires, by name."""
    from packaging.requirements import Requirement

    left_out = exclude | set(OF_THE_CLUSTER)
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting: list[tuple[str, frozenset[str], str]] = [(_OWN, frozenset(extras), _OWN)]
    while waiting:
        name, wanted, needed_by = waiting.pop()
        if name in left_out or (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        one = installed.find(name)
        if one is None:
            raise CauceError("E0761", package=name, by=needed_by)
        found[name] = one
        for text in _requirements(one, name):
            required = Requirement(text)
            if _applies(required, wanted):
                waiting.append((_plain(required.name), frozenset(required.extras), name))
    return found


def _applies(required: Any, extras: frozenset[str]) -> bool:
    return required.marker is None or any(
        required.marker.evaluate({"extra": extra}) for extra in (*extras, "")
    )


def _requirements(one: Distribution, name: str) -> list[str]:
    """What it requires. What a link to a source folder was told when it was made may be out of date."""
    declared = _own_folder().parents[1] / "pyproject.toml" if name == _OWN and _is_link(one) else None
    if declared is None or not declared.is_file():
        return list(one.requires or ())
    told = tomllib.loads(declared.read_text(encoding="utf-8"))["project"]
    more = told.get("optional-dependencies", {})
    return [
        *told.get("dependencies", ()),
        *(_with_extra(text, extra) for extra, texts in more.items() for text in texts),
    ]


def _with_extra(text: str, extra: str) -> str:
    requirement, _, marker = text.partition(";")
    condition = f"extra == '{extra}'"
    return f"{requirement}; ({marker}) and {condition}" if marker else f"{requirement}; {condition}"


def _is_link(one: Distribution) -> bool:
    told = one.read_text("direct_url.json")
    return bool(told and json.loads(told).get("dir_info", {}).get("editable"))


def _own_folder() -> Path:
    """The package Cauce as it runs here."""
    return Path(__file__).resolve().parents[2]


def _files(one: Distribution) -> Iterator[PackedFile]:
    name = _plain(str(one.metadata["Name"]))
    if not _is_link(one):
        yield from _recorded(one, name)
    elif name == _OWN:
        yield from _recorded(one, name)
        yield from _own_package()
    else:
        raise CauceError("E0762", package=name, version=one.version)


def _recorded(one: Distribution, name: str) -> Iterator[PackedFile]:
    """The files the installer wrote into the folder of libraries, without programs and caches."""
    if one.files is None:
        raise CauceError("E0763", package=name, version=one.version)
    altered = 0
    for entry in one.files:
        path = PurePosixPath(str(entry))
        if not _shipped(path):
            continue
        source = Path(str(one.locate_file(entry)))
        with translated(source):
            content = source.read_bytes()
        digest = hashlib.sha256(content)
        if entry.hash is not None and entry.hash.mode == "sha256":
            told = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            altered += told != entry.hash.value.rstrip("=")
        yield PackedFile(f"{LIBRARIES}/{path}", source, digest.hexdigest(), len(content))
    if altered:
        warn("W0760", package=name, version=one.version, count=altered)


def _shipped(path: PurePosixPath) -> bool:
    if ".." in path.parts or path.is_absolute() or "__pycache__" in path.parts:
        return False
    if path.suffix in _NOT_SHIPPED or (len(path.parts) == 1 and path.suffix == ".pth"):
        return False
    return not (path.parts[0].endswith(".dist-info") and path.name in _LEFT_OUT)


def _own_package() -> Iterator[PackedFile]:
    """Cauce itself from its source folder, as its wheel would hold it."""
    folder = _own_folder()
    for source in sorted(folder.rglob("*")):
        path = PurePosixPath(_OWN, source.relative_to(folder).as_posix())
        if source.is_file() and _shipped(path) and not any(part.startswith(".") for part in path.parts):
            with translated(source):
                content = source.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            yield PackedFile(f"{LIBRARIES}/{path}", source, digest, len(content), held=content)


def _glibc(one: Distribution) -> tuple[int, int] | None:
    """The oldest glibc that runs its compiled parts: the youngest of what its wheel's tags promise."""
    tags = [line for line in (one.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    found = [(int(major), int(minor)) for major, minor in _MANYLINUX.findall("\n".join(tags))]
    found += [version for name, version in _OLDER_NAMES.items() if any(name in tag for tag in tags)]
    return min(found, default=None)
