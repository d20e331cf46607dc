"""Opens bundles from folders and stores: digests before parsing, strictly, and nothing that is not listed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import (
    MANIFEST,
    MANIFEST_BYTES,
    MOST_FILES,
    BundleFile,
    Manifest,
)
from cauce.core.bundle.writing import bundle_key
from cauce.core.objects import Objects
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_BLOCK = 1 << 20
CERTIFICATE = "certificate.json"
"""What may lie in a bundle's folder unlisted: what was found out about it, which nothing reads."""


def open_bundle(folder: str | Path, *, digest: str | None = None) -> Bundle:
    """The bundle in `folder`, every file checked against the manifest before it is parsed.

    digest: what the manifest's SHA-256 must be. E1215 where there is no bundle, E1202 for another digest,
    E1201 and E1206 for a manifest that is none, E1203 for a file that is not as it says, E1204 for links,
    devices and anything that is not listed, E1205 beyond the limits of size.
    """
    root = Path(folder)
    data = _manifest_bytes(root)
    identity = _demanded(data, digest)
    manifest = Manifest.from_bytes(data)
    _check_entries(root, manifest)
    contents = {one.path: _checked(one, _read(root, one.path, one.bytes)) for one in manifest.files}
    return Bundle(manifest, identity, contents)


def open_stored_bundle(store: Objects, identity: str) -> Bundle:
    """The bundle `identity` (64 hexadecimal digits) of a store; E0502 where it is not there, else as
    `open_bundle`."""
    data = store.get(bundle_key(identity))
    _demanded(data, identity)
    manifest = Manifest.from_bytes(data)
    contents = {}
    for one in manifest.files:
        try:
            found = store.get(bundle_key(identity, one.path))
        except CauceError as error:
            if error.code != "E0502":
                raise
            raise CauceError("E1203", path=one.path, reason=translate(_("it is missing"))) from error
        contents[one.path] = _checked(one, found)
    return Bundle(manifest, identity, contents)


def open_bytes(manifest: bytes, contents: Mapping[str, bytes], *, digest: str) -> Bundle:
    """The bundle `digest` of its manifest's bytes and of those of its files that are there, checked.

    E1202, E1201 and E1206 as in `open_bundle`; E1203 for bytes that are not as the manifest says.
    """
    identity = _demanded(manifest, digest)
    known = Manifest.from_bytes(manifest)
    found = {one.path: _checked(one, contents[one.path]) for one in known.files if one.path in contents}
    return Bundle(known, identity, found)


def _demanded(data: bytes, digest: str | None) -> str:
    found = hashlib.sha256(data).hexdigest()
    if digest is not None and found != digest.lower():
        raise CauceError("E1202", found=found, expected=digest)
    return found


def _checked(file: BundleFile, data: bytes) -> bytes:
    if len(data) != file.bytes:
        reason = translate(_("it has another size"))
    elif hashlib.sha256(data).hexdigest() != file.sha256:
        reason = translate(_("it has another digest"))
    else:
        return data
    raise CauceError("E1203", path=file.path, reason=reason)


def _manifest_bytes(root: Path) -> bytes:
    try:
        if not stat.S_ISDIR(os.stat(root).st_mode):  # noqa: PTH116 - the folder itself may be a link
            raise CauceError("E1215", path=root, reason=translate(_("it is not a folder")))
        os.lstat(root / MANIFEST)
    except (FileNotFoundError, NotADirectoryError):
        raise CauceError("E1215", path=root, reason=translate(_("it has no manifest.json"))) from None
    except (OSError, ValueError) as error:
        raise CauceError("E1215", path=root, reason=getattr(error, "strerror", None) or error) from None
    return _read(root, MANIFEST, MANIFEST_BYTES)


def _read(root: Path, path: str, most: int) -> bytes:
    """The file's bytes; of one that is larger than `most`, a byte more than that."""
    try:
        descriptor = os.open(root / path, os.O_RDONLY | _NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CauceError("E1204", path=path, reason=translate(_("it is not a plain file")))
            return _at_most(file.read, most + 1)
    except FileNotFoundError:
        raise CauceError("E1203", path=path, reason=translate(_("it is missing"))) from None
    except OSError as error:
        raise CauceError("E1203", path=path, reason=error.strerror or type(error).__name__) from None


def _at_most(read: object, most: int) -> bytes:
    blocks, rest = [], most
    while rest and (block := read(min(rest, _BLOCK))):  # type: ignore[operator]
        blocks.append(block)
        rest -= len(block)
    return b"".join(blocks)


def _check_entries(root: Path, manifest: Manifest) -> None:
    """E1204 for anything in the folder that the manifest does not list, and for links in its place."""
    listed = {MANIFEST, CERTIFICATE, *manifest.paths}
    folders = {path.rpartition("/")[0] for path in listed if "/" in path}
    folders |= {folder.rpartition("/")[0] for folder in folders if "/" in folder}
    for path, entry in _entries(root, folders):
        mode = entry.stat(follow_symlinks=False).st_mode
        known = path in folders if stat.S_ISDIR(mode) else path in listed and stat.S_ISREG(mode)
        if not known:
            raise CauceError("E1204", path=path, reason=translate(_reason(mode)))


def _reason(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return _("it is a link")
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return _("the manifest does not list it")
    return _("it is not a plain file")


def _entries(root: Path, folders: set[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    waiting, seen = [""], 0
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as found:
                for entry in found:
                    seen += 1
                    if seen > 2 * MOST_FILES:
                        raise CauceError("E1204", path=entry.name, reason=translate(_reason(stat.S_IFREG)))
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    yield path, entry
                    if path in folders and entry.is_dir(follow_symlinks=False):
                        waiting.append(path)
        except OSError as error:
            raise CauceError("E1215", path=root, reason=error.strerror or error) from None
