"""Writes the folder of a stack: the same every time, but for secrets, which stay what they were."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cauce.containers import passwords
from cauce.containers.compose_file import FILE, compose_text
from cauce.containers.contexts import contexts
from cauce.containers.parts import BUCKETS, CLEAN, EXTRAS, PORTS, PROFILE, RAW, Parts, declared_ports, name_of
from cauce.containers.readme import readme
from cauce.core.canonical import damaged
from cauce.core.durable import sync
from cauce.core.faults import translated
from cauce.errors import CauceError

RECORD = "stack.json"
_SCHEMA = "cauce.stack/1"
_TRIES = 50


@dataclass(frozen=True)
class Rendered:
    """A stack's folder. secrets: the names of its secrets; made: digests of its other files, by path."""

    folder: Path
    parts: Parts
    secrets: tuple[str, ...]
    made: Mapping[str, str]


@dataclass(frozen=True)
class Materials:
    """What goes into images. locks: lists of libraries; package: Cauce's files, by path under lib/."""

    locks: Mapping[str, bytes]
    package: Mapping[str, bytes]


def rendered(folder: Path) -> Rendered:
    """The stack in this folder. E2704 where there is none, E0507 where its record is damaged."""
    path = folder / RECORD
    with translated(path):
        if not path.is_file():
            raise CauceError("E2704", folder=folder)
        data = path.read_bytes()
    try:
        found = json.loads(data)
        extras = tuple(one for one in EXTRAS if one in found["extras"])
        ports = {name: int(found["ports"][name]) for name in PORTS}
        parts = Parts(str(found["name"]), extras, ports)
        made = {str(path): str(digest) for path, digest in found["made"].items()}
        return Rendered(folder, parts, tuple(map(str, found["secrets"])), made)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise damaged(str(path), str(error)) from None


def render(
    folder: Path, materials: Materials, *, extras: tuple[str, ...], ports: tuple[str, ...], force: bool
) -> Rendered:
    """Write the folder; what is there already keeps its secrets, its name and, where none is declared, its
    ports. E2701, E2702 for a folder of something else, E2703 for files that somebody edited, E2705, and E0503
    to E0506 where the disk refuses."""
    before = rendered(folder) if (folder / RECORD).exists() else None
    if before is None:
        _check_empty(folder)
    name = name_of(folder) if before is None else before.parts.name
    doors = Parts(name, extras).doors
    parts = Parts(name, extras, _ports(before, declared_ports(ports, doors), doors))
    files = {
        FILE: compose_text(parts).encode(),
        ".env": f"COMPOSE_PROJECT_NAME={name}\n".encode(),
        "README.md": readme(parts, project_lines(folder, parts)).encode(),
        **contexts(parts, locks=materials.locks, package=materials.package),
    }
    known = () if before is None else before.secrets
    if before is not None and not force:
        _check_unedited(before, files)
    if before is None:
        # Killed from here on, the next one goes on.
        _write(folder / RECORD, _record(Rendered(folder, parts, (), {})), 0o644)
    wanted = tuple(dict.fromkeys((*known, *passwords.names_of(parts))))
    found = passwords.kept(folder, wanted, known=known)
    passwords.lock(folder)
    made = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())}
    result = Rendered(folder, parts, tuple(found), made)
    everything = {**passwords.files_of(found, folder), **files, RECORD: _record(result)}
    for path, data in everything.items():
        _write(folder / path, data, passwords.mode_of(path))
    for path in sorted((before.made if before else {}).keys() - made.keys()):
        with translated(folder / path):
            (folder / path).unlink(missing_ok=True)
    return result


def edited(stack: Rendered) -> list[str]:
    """Its files that are no longer as they were written, but for those that are gone."""
    found = []
    for path, digest in stack.made.items():
        place = stack.folder / path
        with translated(place):
            if place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() != digest:
                found.append(path)
    return found


def project_lines(folder: Path, parts: Parts) -> tuple[str, ...]:
    """What a project file says to use the stack from this machine; secrets are in files of `folder`."""
    return (
        "[tracking]",
        f'uri = "http://127.0.0.1:{parts.ports["mlflow"]}"',
        "",
        "[store]",
        f'url = "{store_url(parts)}"',
        "",
        "[warehouse]",
        f'url = "{database_url(folder, parts)}"',
        f'raw = "{RAW}"',
        f'clean = "{CLEAN}"',
    )


def store_url(parts: Parts) -> str:
    """The store, from this machine."""
    place = f"s3://{BUCKETS['store']}/projects?endpoint=http://127.0.0.1:{parts.ports['storage']}"
    return f"{place}&region=us-east-1&profile={PROFILE}"


def database_url(folder: Path, parts: Parts) -> str:
    """The database server, from this machine."""
    secret = quote(f"file:{folder / passwords.FOLDER / 'database_warehouse'}", safe="/:")
    return f"mysql://cauce@127.0.0.1:{parts.ports['database']}?password={secret}"


def free(port: int) -> bool:
    """Whether nobody listens on this port of 127.0.0.1."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _check_empty(folder: Path) -> None:
    with translated(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CauceError("E2702", folder=folder)


def _check_unedited(before: Rendered, files: Mapping[str, bytes]) -> None:
    changed = [path for path in edited(before) if (before.folder / path).read_bytes() != files.get(path)]
    if changed:
        raise CauceError("E2703", files=", ".join(changed[:5]), count=len(changed), folder=before.folder)


def _ports(before: Rendered | None, declared: Mapping[str, int], doors: tuple[str, ...]) -> dict[str, int]:
    """Declared ones as they are, then those of before, then free ones from each door's own number on."""
    found = dict(declared)
    for name, number in PORTS.items():
        if name in found:
            continue
        old = None if before is None else before.parts.ports[name]
        if old is not None and old not in found.values():
            found[name] = old
        else:
            found[name] = next(_unused(number, set(found.values()), look=name in doors))
    return {name: found[name] for name in PORTS}


def _unused(number: int, taken: set[int], *, look: bool) -> Iterator[int]:
    for port in range(number, number + _TRIES):
        if port not in taken and (not look or free(port)):
            yield port
    raise CauceError("E2706", port=number, last=number + _TRIES - 1)


def _record(stack: Rendered) -> bytes:
    content: dict[str, Any] = {
        "schema": _SCHEMA,
        "name": stack.parts.name,
        "extras": list(stack.parts.extras),
        "ports": dict(stack.parts.ports),
        "secrets": list(stack.secrets),
        "made": dict(stack.made),
    }
    return json.dumps(content, indent=2).encode() + b"\n"


def _write(path: Path, data: bytes, mode: int) -> None:
    """The file, whole or as it was; the same bytes are left alone."""
    with translated(path):
        if path.is_file() and path.read_bytes() == data:
            path.chmod(mode)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.part")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            draft.chmod(mode)
            if path.parent.name == passwords.FOLDER:
                # Servers will know no other: it must outlive the power.
                sync(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
