"""A model that was opened and checked."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from cauce.core.bundle.baseline import Gathered, read_baseline
from cauce.core.bundle.golden import Golden
from cauce.core.bundle.manifest import ENDS, GOLDEN, MOST_BYTES, ONNX, XGBOOST, Manifest, refused
from cauce.core.bundle.scorer import End, Scorer
from cauce.core.payload import Payload, read_payload
from cauce.core.trees.model import Ensemble, read_xgboost
from cauce.errors import CauceError
from cauce.expr.schema import Schema

_GZIP = 31


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model: its manifest, its identity (the manifest's SHA-256) and its files' checked bytes, by path.

    Nothing in it is code. Bundles of one identity are the same model.
    """

    manifest: Manifest
    identity: str
    contents: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.name

    def scorer(
        self,
        *,
        schema: Schema | None = None,
        keep: tuple[str, ...] = (),
        numbers: bool = False,
        threads: int | None = None,
        payload: Literal["xgboost", "onnx"] | None = None,
        interval: bool = False,
    ) -> Scorer:
        """The work that scores batches and rows. schema: of the batches; None for the manifest's input.

        payload: the one to use; None for both: XGBoost for batches where it is installed, ONNX for rows.
        interval: give the ends of predicted numbers' intervals too; E2205 where the model has none.
        E1201 where XGBoost's cannot be unpacked.
        """
        if interval and self.manifest.answering.interval is None:
            raise CauceError("E2205", model=self.name)
        made = Scorer(
            input=schema or self.manifest.schema,
            features=self.manifest.features,
            target=self.manifest.target,
            xgboost=None if payload == "onnx" else self.xgboost,
            onnx=None if payload == "xgboost" else self.contents[ONNX],
            threshold=self.manifest.threshold,
            keep=keep,
            numbers=numbers,
            threads=threads,
            answering=self.manifest.answering,
            interval=interval,
            ends=self._ends(payload) if interval and self.manifest.answering.quantiles else (),
        )
        if schema is not None or keep or numbers:
            return made
        return self._scorers.setdefault((threads, payload, interval), made)

    @cached_property
    def _scorers(self) -> dict[object, Scorer]:
        """The scorers of rows of the manifest's input: what each of them loads, it loads once."""
        return {}

    @cached_property
    def cached_scorer(self) -> Scorer:
        """The scorer of rows of the manifest's input, made once."""
        return self.scorer()

    def _ends(self, payload: str | None) -> tuple[End, ...]:
        return tuple(
            (
                None if payload == "onnx" else self._unpacked(document),
                None if payload == "xgboost" else self.contents[graph],
            )
            for document, graph in ENDS
        )

    @cached_property
    def xgboost(self) -> bytes:
        """The payload: XGBoost's JSON or a linear model's. E1201: it cannot be unpacked; E1205: too large."""
        return self._unpacked(XGBOOST)

    def _unpacked(self, path: str) -> bytes:
        unpacking = zlib.decompressobj(_GZIP)
        try:
            data = unpacking.decompress(self.contents[path], MOST_BYTES)
        except zlib.error as error:
            raise refused(str(error), path) from error
        if unpacking.unconsumed_tail:
            raise CauceError("E1205", path=path, limit=MOST_BYTES)
        if not unpacking.eof:
            raise refused("it ends too early", path)
        return data

    @cached_property
    def ensemble(self) -> Ensemble:
        """The payload's trees; E0811, E0812, also where it is a linear model."""
        return read_xgboost(self.xgboost)

    @cached_property
    def model(self) -> Payload:
        """The payload: trees, or a linear model; E0811, E0812, E0819."""
        return read_payload(self.xgboost)

    @cached_property
    def golden(self) -> Golden:
        """The synthetic rows with their features and scores; E1201."""
        return Golden.from_bytes(self.contents[GOLDEN], self.manifest.schema)

    @cached_property
    def baseline(self) -> tuple[Gathered, ...]:
        """The training summaries' states; E1201, E0203 to E0205."""
        return read_baseline(self.contents)
