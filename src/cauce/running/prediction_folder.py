"""A folder of predictions: parts that many processes write, under a name that appears when all are there."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.core.durable import sync
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.running.drafts import locked
from cauce.running.prediction_output import rejected_path

MANIFEST, SUCCESS, LOCK = "_manifest.json", "_SUCCESS", ".lock"
FORMAT = "cauce.predictions/1"
_ENDINGS = ("", ".parquet", ".csv")
_RANDOM = r"[0-9a-f]{16}\.(part|old)"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """What one process wrote. number: its place in the order of the rows; file and rejections: names in the
    folder, "" where no row was rejected; formulas: texts that a spreadsheet would take for formulas."""

    number: int
    file: str
    rows: int
    rejected: int
    rejections: str = ""
    formulas: int = 0


def form_of(out: Path) -> str:
    """The ending of the parts: .csv where the folder's name ends so, else .parquet; E0751 for another."""
    if out.suffix.lower() not in _ENDINGS:
        raise CauceError("E0751", path=out)
    return ".csv" if out.suffix.lower() == ".csv" else ".parquet"


def check_folder(out: Path, *, overwrite: bool) -> None:
    """E1211 where it or the file of rejected rows exists, E0752 where it would replace something else."""
    for path in (out, rejected_path(out)):
        if not overwrite and os.path.lexists(path):
            raise CauceError("E1211", path=path)
    if os.path.lexists(out) and not _is_ours(out):
        raise CauceError("E0752", path=out)


def _is_ours(folder: Path) -> bool:
    """Whether an earlier prediction made it: nothing else is ever replaced."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return not any(folder.iterdir())
    return isinstance(found, dict) and found.get("format") == FORMAT


@contextmanager
def draft_folder(out: Path) -> Iterator[Path]:
    """A private folder beside `out`, gone at the end unless it was published. Whoever makes one holds the
    lock of its file `.lock`."""
    draft = _beside(out, "part")
    draft.mkdir(parents=True)
    descriptor = os.open(draft / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    locked(descriptor)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(descriptor)


def publish(
    draft: Path, out: Path, *, parts: Sequence[Part], about: Mapping[str, Any], overwrite: bool
) -> None:
    """Name the folder `out`: the rejected rows beside it, then the manifest in it, then the name.

    E1211 and E0752 where something took a name meanwhile.
    """
    keep = {part.file for part in parts}
    beside = rejected_path(out)
    rejected = _rejected(draft, (part.rejections for part in parts if part.rejections))
    for path in list(draft.iterdir()):
        if path.name not in keep and path not in (rejected, draft / LOCK):
            path.unlink(missing_ok=True)
    told = [{"file": part.file, "rows": part.rows, "rejected": part.rejected} for part in parts]
    document = {"format": FORMAT, **about, "parts": told}
    _written(draft / MANIFEST, json.dumps(document, ensure_ascii=False, indent=1).encode())
    _written(draft / SUCCESS, b"")
    passage("prediction.parts")
    check_folder(out, overwrite=overwrite)
    if rejected is not None:
        rejected.replace(beside)
    (draft / LOCK).unlink()
    sync(draft)
    _named(draft, out)
    if rejected is None:
        beside.unlink(missing_ok=True)
    sync(out.parent)
    passage("prediction.folder")


def _rejected(draft: Path, names: Iterable[str]) -> Path | None:
    """The parts' rejected rows in one file, in order; None where there are none."""
    found = [draft / name for name in names]
    if not found:
        return None
    whole = draft / "rejected.jsonl"
    with whole.open("wb") as stream:
        for path in found:
            with path.open("rb") as piece:
                shutil.copyfileobj(piece, stream, _BLOCK)
    sync(whole)
    return whole


def _written(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    sync(path)


def _named(draft: Path, out: Path) -> None:
    """Give the draft its name. An earlier folder steps aside first and goes when the new one is there."""
    old = None
    if os.path.lexists(out):
        old = _beside(out, "old")
        out.rename(old)
    try:
        draft.rename(out)
    except OSError:
        if old is not None:
            with suppress(OSError):
                old.rename(out)
        raise
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def sweep_folders(out: Path) -> None:
    """Remove what killed processes left of a folder `out`; an earlier one that stepped aside comes back."""
    wanted = re.compile(re.escape(_prefix(out)) + _RANDOM)
    with suppress(OSError):
        for path in sorted(out.parent.iterdir()):
            if wanted.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                _swept(path, out)


def _swept(path: Path, out: Path) -> None:
    if path.suffix == ".old":
        if os.path.lexists(out):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.rename(out)
        return
    with suppress(OSError):
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_NOFOLLOW)
        try:
            if locked(descriptor):
                shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(descriptor)


def _beside(out: Path, ending: str) -> Path:
    return out.with_name(f"{_prefix(out)}{secrets.token_hex(8)}.{ending}")


def _prefix(out: Path) -> str:
    return f".{out.name[:100]}."
