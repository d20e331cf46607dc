"""Scores files: a stream in bounded memory, an output that appears when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from cauce.core.bundle.answers import PREDICTION
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.scorer import Scorer
from cauce.core.contributions.reasons import Explain, Reasons
from cauce.core.reading.notices import Notice
from cauce.errors import CauceError, warn
from cauce.expr.schema import Field, Schema
from cauce.ports.clock import Clock
from cauce.running.clock import SystemClock
from cauce.running.drafts import Drafts
from cauce.running.prediction_output import (
    Form,
    Write,
    check_output,
    formula_cells,
    rejected_path,
    table_writer,
    translated_writing,
    write_rejected,
)
from cauce.running.prediction_source import RowsToScore, Share, open_rows, reading_options
from cauce.sources.options import ReadOptions
from cauce.sources.rejections import Rejections

Report = Callable[[int, int | None], None]
ABOUT = (
    Field("model_version", "text"),
    Field("snapshot", "text"),
    Field("scored_at", "datetime", zone="UTC"),
)
"""What says by what and when rows were scored."""


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """How predictions are written.

    key: columns to keep beside the predictions; None for the model's own key where the rows have it; rows
    are numbered where there is none. explain: what to say of why, if anything. overwrite: whether files
    that exist may be replaced. version: the text in `model_version`; None for the bundle's identity.
    reading: how text files are read, None for as the training files were declared to be. guard_formulas:
    whether texts in a CSV that a spreadsheet would take for formulas get a ' in front (off: a key must
    stay what it is; W1221 says where it matters). interval: whether the ends of predicted numbers'
    intervals are written, `lower` and `upper` (E2205 where the model has none).
    """

    key: tuple[str, ...] | None = None
    overwrite: bool = False
    version: str | None = None
    reading: ReadOptions | None = None
    guard_formulas: bool = False
    threads: int | None = None
    explain: Explain | None = None
    interval: bool = False


@dataclass(frozen=True)
class Prediction:
    """What was written. rows in the files = rows + rejected; rejected_path: where those are kept, or None.

    path: a file, a folder, or the address of a table.
    """

    path: Path | str
    rows: int
    rejected: int
    rejected_path: Path | None
    columns: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


def predict_file(
    bundle: Bundle,
    sources: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    options: PredictOptions | None = None,
    report: Report | None = None,
    clock: Clock | None = None,
) -> Prediction:
    """Score the rows of files, folders or patterns into `out`, Parquet or CSV by its ending.

    Columns: the key (or `row`), `prediction`, `probability_<class>`, `model_version`, `snapshot` (the
    training dataset's identity), `scored_at` (UTC, one moment for all rows). The target may be absent and
    other columns are ignored. Rows that cannot be read are kept beside `out` with line and reason.
    report(rows, total) tells progress. Nothing is visible until all is complete, whatever happens.
    E1209 lists every column that is missing or of another kind; E1211 to E1214, E1222, E1223; reading's own
    codes; E0503 to E0506 where the disk refuses.
    """
    chosen = options or PredictOptions()
    target = check_output(out, overwrite=chosen.overwrite)
    paths = (str(sources),) if isinstance(sources, str | Path) else tuple(str(one) for one in sources)
    rows = open_rows(
        bundle.manifest, chosen.reading or reading_options(bundle.manifest, paths), key=chosen.key
    )
    _refuse_own_input(target, rows)
    moment = (clock or SystemClock()).now().astimezone(UTC).replace(tzinfo=None)
    return _write(Scoring(bundle, rows, chosen, moment, report), target)


def _refuse_own_input(out: Path, rows: RowsToScore) -> None:
    if any(file.path.resolve() == out.resolve() for file in rows.files):
        raise CauceError("E1222", path=out)


@dataclass
class Scoring:
    """Rows on their way to predictions. written: how many came out so far; formulas: how many of their
    texts a spreadsheet would take for formulas. share: the rows to score, None for all."""

    bundle: Bundle
    rows: RowsToScore
    options: PredictOptions
    moment: datetime
    report: Report | None = None
    share: Share | None = None
    rejections: Rejections = field(default_factory=Rejections)
    written: int = 0
    formulas: int = 0

    @cached_property
    def scorer(self) -> Scorer:
        """What scores."""
        return self.bundle.scorer(threads=self.options.threads, interval=self.options.interval)

    @cached_property
    def reasons(self) -> Reasons | None:
        """What says why, where that is wanted."""
        how = self.options.explain
        return None if how is None else Reasons.of(self.bundle, how, threads=self.options.threads)

    @cached_property
    def schema(self) -> Schema:
        """Of the output; E1214 where two columns share a name."""
        reasons = () if self.reasons is None else self.reasons.fields
        fields = (*self.rows.key, *self.scorer.schema, *reasons, *ABOUT)
        names = [one.name for one in fields]
        for one in (*self.rows.key, *reasons):
            if names.count(one.name) > 1:
                raise CauceError("E1214", column=one.name)
        return Schema(fields)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows' columns before those that say by what they were scored, piece by piece."""
        scorer = self.scorer
        for piece in self.rows.readable.pieces(self.rejections, self.share):
            made = scorer(piece.rows)
            why = [] if self.reasons is None else self.reasons.columns(piece.rows, made)
            frame = pl.DataFrame([*piece.keys, *made, *why])
            self.written += frame.height
            self.formulas += sum(formula_cells(series) for series in (*piece.keys, *why))
            yield frame
            if self.report is not None:
                self.report(piece.seen, self.rows.total)

    def _about(self) -> pl.DataFrame:
        version = self.options.version or self.bundle.identity
        values = (version, self.bundle.manifest.snapshot, self.moment)
        columns = (
            pl.Series(one.name, [value], dtype=one.dtype) for one, value in zip(ABOUT, values, strict=True)
        )
        return pl.DataFrame(list(columns))

    def form(self, suffix: str) -> Form:
        """What a file of this ending looks like."""
        repeated = () if self.bundle.manifest.target.task == "regression" else (PREDICTION,)
        return Form(suffix, self.schema, self._about(), repeated, self.options.guard_formulas)


def _write(scoring: Scoring, out: Path) -> Prediction:
    form, beside, overwrite = scoring.form(out.suffix.lower()), rejected_path(out), scoring.options.overwrite
    drafts, rejections = Drafts(overwrite), scoring.rejections
    try:
        with translated_writing(out):
            draft = drafts.new(out)
            with table_writer(draft, form) as write, _behind(write) as add:
                for frame in scoring.frames():
                    add(frame)
            if len(rejections):
                write_rejected(drafts.new(beside), rejections)
            drafts.publish()
            if not len(rejections) and overwrite:
                beside.unlink(missing_ok=True)
    finally:
        drafts.discard()
    say_formulas(scoring.formulas, form, out=out)
    where = beside if len(rejections) else None
    return Prediction(out, scoring.written, len(rejections), where, form.schema.names, scoring.rows.notices)


def say_formulas(count: int, form: Form, *, out: Path) -> None:
    """W1221 where a spreadsheet would take texts of the file for formulas."""
    if count and form.suffix == ".csv" and not form.guard:
        warn("W1221", path=out, count=count)


@contextmanager
def _behind(write: Write) -> Iterator[Write]:
    """`write` in a thread beside, one frame behind; what it raises comes with the next call or at the end."""
    with ThreadPoolExecutor(1, "cauce-predictions") as thread:
        writing: list[Future[None]] = []

        def add(frame: pl.DataFrame) -> None:
            while writing:
                writing.pop().result()
            writing.append(thread.submit(write, frame))

        yield add
        while writing:
            writing.pop().result()
