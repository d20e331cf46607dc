"""The model that is being served: one value, made whole and then swapped in one assignment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from cauce.core.bundle.golden import Golden
from cauce.core.bundle.manifest import Manifest
from cauce.core.bundle.opening import open_bundle
from cauce.core.bundle.scorer import Scorer
from cauce.core.bundle.single import rows_scorer
from cauce.core.payload import adds_leaves
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.csv_text import CsvReader
from cauce.service.rows import Row, RowReader
from cauce.service.settings import Extra

MANY = 500
"""Rows from which columns at a time are faster than rows one by one; both give the same."""
TOLERANCE = 1e-6
_SAFE = "/@:+=.,_-"


@dataclass(frozen=True, eq=False, kw_only=True)
class Served:
    """What answers requests. version: as registered, else the identity. folder: of the bundle. golden: rows
    that never were.

    Swapping models is assigning another of these; a request uses one from its beginning to its end.
    """

    manifest: Manifest
    identity: str
    version: str
    folder: Path
    scorer: Scorer
    golden: pl.DataFrame
    reader: RowReader
    csv: CsvReader
    with_interval: Scorer | None = None

    @cached_property
    def about(self) -> dict[str, str | None]:
        """What stands in every answer of which model it is."""
        return {"model_version": self.version, "snapshot": self.manifest.snapshot}

    @cached_property
    def _by_row(self) -> Callable[[Sequence[Row]], list[dict[str, Any]]]:
        return rows_scorer(self.scorer)

    @cached_property
    def together(self) -> bool:
        """Whether rows of several requests may be scored by one call: none gets other bits than alone."""
        return adds_leaves(self.scorer.onnx or b"") and not self.scorer.answering

    @cached_property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The same as headers."""
        named = ((b"x-model-version", self.version), (b"x-snapshot", self.manifest.snapshot))
        return tuple((name, quote(text, safe=_SAFE).encode()) for name, text in named if text is not None)

    def answers(self, rows: Sequence[Row], *, interval: bool = False) -> list[dict[str, Any]]:
        """`prediction` and probabilities of each row; interval: with lower and upper. E2424 without any."""
        scorer = self.with_interval if interval else self.scorer
        if scorer is None:
            raise CauceError("E2424", name="interval")
        if 0 < len(rows) < MANY and not interval:
            return self._by_row(rows)
        if len(rows) < MANY:
            return scorer.score_rows(rows)
        columns = {one.name: [row[one.name] for row in rows] for one in self.manifest.schema}
        return scorer(pl.DataFrame(columns, schema=self.manifest.schema.dtypes)).to_dicts()


def open_served(
    folder: str | Path,
    *,
    digest: str,
    version: str | None = None,
    extra: Extra = "ignore",
    rows: int = 10_000,
) -> Served:
    """The bundle in `folder`, ready to answer: digests compared, and its own rows scored as when it was made.

    digest: what the bundle's must be. rows: at most, in a request. Raises what opening a bundle raises
    (E12..), and E2404 where it scores otherwise.
    """
    bundle = open_bundle(folder, digest=digest)
    manifest = bundle.manifest
    scorer = bundle.scorer(payload="onnx", threads=1)
    has_interval = manifest.answering.interval is not None
    served = Served(
        manifest=manifest,
        identity=bundle.identity,
        version=version or bundle.identity,
        folder=Path(folder),
        scorer=scorer,
        golden=bundle.golden.rows,
        reader=RowReader(manifest.input, tuple(one.name for one in manifest.key), extra, rows),
        csv=CsvReader(manifest, extra, rows),
        with_interval=bundle.scorer(payload="onnx", threads=1, interval=True) if has_interval else None,
    )
    _warm(served, bundle.golden)
    return served


def _warm(served: Served, golden: Golden) -> None:
    """Score the golden rows both ways: what is first used is loaded now, and nothing scores otherwise."""
    from cauce.core.bundle.writing import largest_difference

    rows = golden.rows.to_dicts()
    by_row, by_batch = served.scorer.row_scores(rows), served.scorer.scores(golden.rows)
    for found in (by_row, by_batch):
        if not largest_difference(found, golden.scores) <= TOLERANCE:
            raise CauceError("E2404", reason=translate(_("it scores otherwise than when it was made")))
    served.answers(rows[:1])
    served.answers(rows[:1], interval=served.with_interval is not None)
    served.answers(rows)
