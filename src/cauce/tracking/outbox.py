"""The outbox: what runs tell, in files, until a shipper has taken it to where it belongs."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from cauce.core.faults import translated
from cauce.core.run_record import RunRecord, TrackedBundle, checked_run
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.tracking.locks import held
from cauce.tracking.marks import read_mark
from cauce.tracking.messages import Message, beginning, ending, told

_MESSAGE = re.compile(r"(?P<number>[0-9]{6,})-(?P<kind>[a-z]+)\.json")
_BLOCK = 1 << 20
_GONE = ".gone-"
FILES, REFUSED, WRITER, SHIPPER = "files", "refused", ".writer", ".shipper"


@dataclass(frozen=True)
class Outbox:
    """A folder with a folder for each run whose messages have not all arrived."""

    folder: Path

    def run(self, run: str) -> RunMail:
        """A place to put what `run` tells; close it when the run is over. E1305, E0503 to E0506."""
        folder = self.folder / checked_run(run)
        with translated(str(folder)):
            (folder / FILES).mkdir(parents=True, exist_ok=True)
        return RunMail(folder)

    def runs(self) -> tuple[Path, ...]:
        """The folders of runs with messages, the oldest name first."""
        if not self.folder.is_dir():
            return ()
        found = (path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        return tuple(sorted(found))

    def backlog(self) -> int:
        """Messages that have not arrived yet, those that were refused not counted."""
        return sum(len(waiting(path)) for path in self.runs())

    def refused(self) -> int:
        """Messages that the destination did not accept."""
        return sum(len(list((path / REFUSED).glob("*.json"))) for path in self.runs())


@dataclass
class RunMail:
    """Where one run puts what it tells. Not for several threads."""

    folder: Path
    _held: ExitStack = field(default_factory=ExitStack, init=False)
    _told: set[tuple[str, bytes]] = field(default_factory=set, init=False)
    _last: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        # While its writer lives, nobody takes the run for one that was killed.
        self._held.enter_context(held(self.folder / WRITER, patience=1.0))
        self._last = max((number_of(path) for path in messages(self.folder)), default=0)

    def __enter__(self) -> RunMail:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing more will be put here; a run without an end was killed."""
        self._held.close()

    def put(self, message: Message) -> None:
        """Keep `message`, durably; nothing where this writer put the same before. E0503 to E0506."""
        same = (message.kind, message.to_bytes("", 0))
        if same in self._told:
            return
        self._last += 1
        name = f"{self._last:06d}-{message.kind}.json"
        with translated(str(self.folder)):
            _write(self.folder / name, message.to_bytes(self.folder.name, self._last))
        self._told.add(same)

    def put_record(self, record: RunRecord) -> None:
        """Keep what `record` says: its beginning, all it tells, its files, its bundle, and its end."""
        for message in (beginning(record), *told(record)):
            self.put(message)
        for name, path in record.artifacts.items():
            self.put_artifact(name, Path(path))
        if record.bundle is not None:
            self.put_bundle(record.bundle)
        if record.status != "running":
            self.put(ending(record))

    def put_artifact(self, name: str, path: Path) -> None:
        """Keep a copy of the file `path`, to be tracked under `name` ("plots/roc.png")."""
        self.put(Message("artifact", {"name": checked_name(name), "sha256": self._keep(path)}))

    def put_bundle(self, bundle: TrackedBundle) -> None:
        """Keep a copy of the bundle's files, to be registered under its name."""
        folder = Path(bundle.folder)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): self._keep(path) for path in paths}
        told = {name: value for name, value in bundle.to_json().items() if name != "folder"}
        self.put(Message("bundle", {**told, "files": files}))

    def _keep(self, path: Path) -> str:
        with translated(str(path)):
            draft = self.folder / FILES / f".{secrets.token_hex(8)}"
            hashing = hashlib.sha256()
            with path.open("rb") as source, draft.open("wb") as copy:
                while block := source.read(_BLOCK):
                    hashing.update(block)
                    copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
            draft.rename(self.folder / FILES / hashing.hexdigest())
            return hashing.hexdigest()


def messages(folder: Path) -> list[Path]:
    """All messages of a run, in order."""
    found = (path for path in folder.iterdir() if _MESSAGE.fullmatch(path.name))
    return sorted(found, key=number_of)


def number_of(path: Path) -> int:
    """The number of the message in `path`."""
    return int(path.name.partition("-")[0])


def read_message(path: Path) -> Message:
    """The message in `path`; E0507, E0508."""
    return Message.from_bytes(path.read_bytes(), path.name)


def waiting(folder: Path) -> list[Path]:
    """The messages of a run that are not known to have arrived, in order."""
    through = read_mark(folder).through
    try:
        return [path for path in messages(folder) if number_of(path) > through]
    except FileNotFoundError:
        return []


def kept_file(folder: Path, digest: str) -> Path:
    """The file kept under `digest`; E0507 where it is no longer what it was."""
    path = folder / FILES / digest
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        found = ""
    if found != digest:
        raise CauceError("E0507", key=f"{folder.name}/{digest}", reason="SHA-256")
    return path


def checked_name(name: str) -> str:
    """`name` where it can only lie inside a run's artifacts; E1304 otherwise."""
    parts = name.split("/")
    if any(not part or part in (".", "..") or not part.isprintable() or "\\" in part for part in parts):
        raise CauceError("E1304", name=name)
    return name


def remove(folder: Path) -> None:
    """Forget a run whose messages have all arrived."""
    gone = folder.with_name(f"{_GONE}{folder.name}")
    # Under its name it is whole or not there at all: a run half removed would be told again in part.
    with suppress(OSError):
        folder.rename(gone)
    passage("outbox.gone")
    shutil.rmtree(gone, ignore_errors=True)


def sweep(outbox: Outbox) -> None:
    """Remove what a process that was killed left of runs that are forgotten."""
    for path in outbox.folder.glob(f"{_GONE}*"):
        shutil.rmtree(path, ignore_errors=True)


def weight(folder: Path, message: Message) -> int:
    """Bytes of the files that `message` brings along."""
    named = (message.body.get("sha256"), *message.body.get("files", {}).values())
    paths = (folder / FILES / one for one in named if one)
    return sum(path.stat().st_size for path in paths if path.exists())


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    passage("outbox.written")
    draft.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    passage("outbox.put")
