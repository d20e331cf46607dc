"""Rows that are somewhere else, brought into the project's folder before anything reads them."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cauce.core.reading.notices import Notice
from cauce.errors import CauceError
from cauce.sources.brought import Brought, Remembering, Remote, Wanted
from cauce.sources.downloads import download_of
from cauce.sources.options import FileFormat, ReadOptions
from cauce.sources.remote import open_remote
from cauce.spec.addresses import Address, is_brought, parse_address, text_of
from cauce.stores.lock import locked

FOLDER = "brought"
"""Where in the store's folder the files of addresses are."""

Report = Callable[[float, float | None], None]


@dataclass(frozen=True)
class Here:
    """A project's sources as files of this machine. identity: of the rows, where it is known of all."""

    paths: tuple[str, ...]
    format: FileFormat = "auto"
    identity: str | None = None
    notices: tuple[Notice, ...] = ()

    def read_as(self, options: ReadOptions) -> ReadOptions:
        """How these files are read, where their sources were to be read so."""
        form = self.format if options.format == "auto" else options.format
        return replace(options, paths=self.paths, format=form)


@contextmanager
def brought_here(
    sources: Sequence[str], wanted: Wanted, *, folder: Path | None, report: Report | None = None
) -> Iterator[Here]:
    """Sources that a caller names, as files of this machine while the context lasts. Raises what `bring_here`
    does.

    folder: of the store of the project at hand, where what was brought stays; None for one that goes with the
    context. Files are left where they are, and nothing is made for them.
    """
    if not any(map(is_brought, sources)):
        yield Here(tuple(sources))
    elif folder is not None:
        yield bring_here(sources, wanted, folder=folder, report=report or _silent)
    else:
        with tempfile.TemporaryDirectory(prefix="cauce-brought-") as place:
            yield bring_here(sources, wanted, folder=Path(place), report=report or _silent)


def _silent(done: float, total: float | None) -> None:
    """Tells nobody."""


def bring_here(sources: Sequence[str], wanted: Wanted, *, folder: Path, report: Report) -> Here:
    """The sources with every address replaced by the files that are brought from there, which takes as long
    as it takes; what is here and did not change is not fetched again.

    folder: the store's. E0404 where addresses give files of different kinds, and what bringing raises.
    """
    paths: list[str] = []
    found: list[Brought] = []
    for source in sources:
        if not is_brought(source):
            paths.append(source)
            continue
        address = parse_address(source)
        place, remote = _place(folder, address, wanted), _opened(address, wanted)
        with _held(place):
            brought = remote.bring(place, report)
        paths.extend(str(place / name) for name in brought.files)
        found.append(brought)
    formats = dict.fromkeys(one.format for one in found)
    if len(formats) > 1:
        first, second = sources[0], sources[-1]
        raise CauceError("E0404", first=first, format=next(iter(formats)), second=second)
    alone = len(found) == len(sources) == 1
    return Here(
        tuple(paths),
        next(iter(formats), "auto"),
        found[0].identity if alone else None,
        tuple(notice for one in found for notice in one.notices),
    )


@contextmanager
def _held(place: Path) -> Iterator[None]:
    """One process at a time brings to a place; where nothing came, nothing stays."""
    with locked(str(place / "lock"), patience=math.inf):
        place.mkdir(parents=True, exist_ok=True)
        try:
            yield
        except BaseException:
            if {one.name for one in place.iterdir()} <= {"lock"}:
                with suppress(OSError):
                    (place / "lock").unlink()
                    place.rmdir()
                    place.parent.rmdir()
            raise


def check_address(source: str, wanted: Wanted) -> tuple[str, ...]:
    """Whether its rows could be brought now: sentences on what was found. Raises what bringing would."""
    return _opened(parse_address(source), wanted).check()


def known_identity(sources: Sequence[str], wanted: Wanted, *, folder: Path) -> str | None:
    """The identity of the rows that were brought last, where only bringing them tells whether they changed;
    None where asking is cheap."""
    if len(sources) != 1 or not is_brought(sources[0]):
        return None
    address = parse_address(sources[0])
    remote = _opened(address, wanted)
    if not isinstance(remote, Remembering):
        return None
    return remote.known(_place(folder, address, wanted))


def _opened(address: Address, wanted: Wanted) -> Remote:
    if address.scheme == "s3":
        from cauce.running.bucket_files import open_bucket_files  # noqa: PLC0415 - only where it is wanted

        return open_bucket_files(address, wanted)
    return open_remote(address, wanted)


def _place(folder: Path, address: Address, wanted: Wanted) -> Path:
    return download_of(folder / FOLDER, _mark(address, wanted)).folder


def _mark(address: Address, wanted: Wanted) -> str:
    """What tells one place from another; no secret is in an address."""
    query = "" if wanted.query is None else hashlib.sha256(wanted.query.encode()).hexdigest()
    return f"{text_of(address)}\n{query}"
