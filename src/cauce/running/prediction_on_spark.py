"""Scores files on Spark: executors read, score and write their own shares; only counts come back."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.shipping import Shipped
from cauce.core.durable import sync
from cauce.errors import CauceError
from cauce.ports.pieces import Question
from cauce.running.bringing import Report, brought_here
from cauce.running.clock import SystemClock
from cauce.running.prediction import Prediction, PredictOptions, Scoring, say_formulas
from cauce.running.prediction_folder import (
    LOCK,
    Part,
    check_folder,
    draft_folder,
    form_of,
    publish,
    sweep_folders,
)
from cauce.running.prediction_output import (
    rejected_path,
    table_writer,
    translated_writing,
    write_rejected,
)
from cauce.running.prediction_source import RowsToScore, Share, open_rows, reading_options
from cauce.sources.brought import Wanted
from cauce.sources.files import find_files
from cauce.spec.addresses import is_brought, slip_in, without_user

_LEAST, _MOST = 1 << 16, 1 << 21
_TASKS = 4
"""Shares for each core, where the files can be divided: then the last one to end is short."""


def predict_on_spark(
    bundle: Bundle,
    sources: str | Path | Sequence[str | Path],
    *,
    session: Any,
    out: str | Path,
    options: PredictOptions | None = None,
    report: Report | None = None,
) -> Prediction:
    """Score the rows of files, or of addresses, into the folder `out` on the executors of a Spark session.

    As `predict_file`, with the same columns, numbers and rejected rows; every executor must see the files
    and the folder under the same paths. Rows of addresses are brought beside `out` first. out: .csv for
    parts of CSV, .parquet or no ending for Parquet. Parts are in the order of the rows. E0750 to E0753
    besides what `predict_file` and bringing raise.
    """
    chosen, target = replace(options or PredictOptions(), threads=1), Path(out).absolute()
    given = (str(sources),) if isinstance(sources, str | Path) else tuple(map(str, sources))
    _refuse_addresses(*(one for one in given if not is_brought(one)), str(out))
    form_of(target)
    sweep_folders(target)
    check_folder(target, overwrite=chosen.overwrite)
    with _seen(given, target, report) as paths:
        return _predicted(bundle, paths, session=session, target=target, options=chosen, report=report)


@contextmanager
def _seen(sources: Sequence[str], target: Path, report: Report | None) -> Iterator[tuple[str, ...]]:
    """The sources as paths that whoever sees `target` sees too: rows of addresses are brought beside it, for
    as long as the context lasts."""
    if not any(map(is_brought, sources)):
        yield _absolute(sources)
        return
    with ExitStack() as kept:
        with translated_writing(target):
            place = kept.enter_context(draft_folder(target))
        wanted = Wanted(home=Path.cwd())
        here = kept.enter_context(brought_here(sources, wanted, folder=place, report=report))
        yield _absolute(here.paths)


def _absolute(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(Path(one).expanduser().absolute()) for one in paths)


def _predicted(
    bundle: Bundle,
    paths: tuple[str, ...],
    *,
    session: Any,
    target: Path,
    options: PredictOptions,
    report: Report | None,
) -> Prediction:
    chosen, suffix = options, form_of(target)
    reading = chosen.reading or reading_options(bundle.manifest, paths)
    rows = open_rows(bundle.manifest, reading, key=chosen.key, ask=partial(_asked, session, reading.paths))
    if any(target == file.path.resolve() or target in file.path.resolve().parents for file in rows.files):
        raise CauceError("E1222", path=target)
    moment = SystemClock().now().astimezone(UTC).replace(tzinfo=None)
    scoring = Scoring(bundle, rows, chosen, moment)
    columns = scoring.schema.names
    with translated_writing(target), draft_folder(target) as draft:
        work = _Work(Shipped.of(bundle), rows, chosen, moment, suffix, draft)
        parts = _scored(session, work, report)
        about = {"model": chosen.version or bundle.identity, "bundle": bundle.identity, "columns": columns}
        publish(draft, target, parts=parts, about=about, overwrite=chosen.overwrite)
    say_formulas(sum(part.formulas for part in parts), scoring.form(suffix), out=target)
    rejected = sum(part.rejected for part in parts)
    beside = rejected_path(target) if rejected else None
    return Prediction(target, sum(part.rows for part in parts), rejected, beside, columns, rows.notices)


def _refuse_addresses(*paths: str) -> None:
    for path in paths:
        if "://" in path or path.startswith("table:"):
            raise slip_in(path) or CauceError("E0753", path=without_user(path))


def _asked(session: Any, paths: tuple[str, ...], questions: Sequence[Question]) -> list[Any]:
    """The answers of executors, which must see the files."""
    from cauce.engines.spark.sources import answers  # noqa: PLC0415 - Spark is loaded where used

    files = tuple(file.path for file in find_files(paths))
    return answers(session, [_Seeing(question, files) for question in questions])


@dataclass(frozen=True)
class _Seeing:
    """A question about files; E0750 where there is no answer because this machine does not see them."""

    question: Question
    files: tuple[Path, ...]

    def __call__(self) -> Any:
        try:
            return self.question()
        except CauceError:
            for file in self.files:
                _check_seen(file)
            raise


def _check_seen(path: Path) -> None:
    if not path.exists():
        raise CauceError("E0750", host=socket.gethostname(), path=path)


@dataclass(frozen=True, eq=False)
class _Work:
    """What all tasks share. folder: where parts are written; it is there while the draft is."""

    shipped: Shipped
    rows: RowsToScore
    options: PredictOptions
    moment: datetime
    suffix: str
    folder: Path

    def check(self, share: Share) -> None:
        """E0750 where this machine does not see the folder or the file."""
        for path in (self.folder / LOCK, self.rows.files[share.file].path):
            _check_seen(path)


def _scored(session: Any, work: _Work, report: Report | None) -> list[Part]:
    slots = session.sparkContext.defaultParallelism
    total = work.rows.total
    wanted = _MOST if total is None else min(_MOST, max(_LEAST, total // (_TASKS * slots)))
    shares = list(work.rows.readable.shares(wanted))
    if any(share.before is None for share in shares) and "row" in work.rows.key.names:
        shares = _counted(session, work, shares)
    tasks = [_Scores(work, number, share) for number, share in enumerate(shares)]
    watch = None if report is None else partial(_told, work, shares, report)
    parts = [Part(**one) for one in _answers(session, tasks, watch)]
    for share, part in zip(shares, parts, strict=True):
        if share.rows is not None and share.rows != part.rows + part.rejected:
            raise CauceError("E0417", place=work.rows.files[share.file].place())
    if report is not None:
        report(sum(part.rows + part.rejected for part in parts), total)
    return parts


def _counted(session: Any, work: _Work, shares: list[Share]) -> list[Share]:
    """The shares with the rows before each, which the files are read for once more."""
    counts = _answers(session, [_Counts(work, share) for share in shares], None)
    before, found = 0, []
    for share, count in zip(shares, counts, strict=True):
        found.append(replace(share, before=before, rows=count))
        before += count
    return found


def _told(work: _Work, shares: Sequence[Share], report: Report) -> None:
    """Tell how many rows the parts have that are whole by now."""
    names = {path.name.split(".")[0][:10] for path in work.folder.glob(f"part-*{work.suffix}")}
    done = [share for number, share in enumerate(shares) if _name(number) in names]
    if done and all(share.rows is not None for share in done):
        report(sum(share.rows or 0 for share in done), work.rows.total)


def _answers(session: Any, tasks: Sequence[Callable[[], str]], watch: Callable[[], None] | None) -> list[Any]:
    from cauce.engines.spark.scoring_tasks import answers_of  # noqa: PLC0415 - Spark is loaded where used

    return [json.loads(answer) for answer in answers_of(session, tasks, watch=watch)]


@dataclass(frozen=True, eq=False)
class _Counts:
    """How many rows a share has."""

    work: _Work
    share: Share

    def __call__(self) -> str:
        self.work.check(self.share)
        return json.dumps(self.work.rows.readable.count(self.share))


@dataclass(frozen=True, eq=False)
class _Scores:
    """Scores a share into a part of its own; what an attempt that ended early left is never named."""

    work: _Work
    number: int
    share: Share

    def __call__(self) -> str:
        work, name = self.work, f"{_name(self.number)}-{secrets.token_hex(4)}"
        work.check(self.share)
        scoring = Scoring(work.shipped.opened(), work.rows, work.options, work.moment, share=self.share)
        draft = work.folder / f".{name}"
        part, rejections = work.folder / f"{name}{work.suffix}", work.folder / f"rejected-{name}.jsonl"
        with translated_writing(work.folder):
            with table_writer(draft, scoring.form(work.suffix)) as write:
                for frame in scoring.frames():
                    write(frame)
            count = len(scoring.rejections)
            if count:
                write_rejected(rejections, scoring.rejections)
            sync(draft)
            draft.rename(part)
        told = Part(
            self.number, part.name, scoring.written, count, rejections.name if count else "", scoring.formulas
        )
        return json.dumps(asdict(told))


def _name(number: int) -> str:
    return f"part-{number:05d}"
