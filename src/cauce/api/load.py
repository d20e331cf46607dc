"""A model to call from Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.frames import predict_frame
from cauce.core.contributions.reasons import Explain, Reasons
from cauce.running.model_reference import find_model
from cauce.spec import Project


@dataclass(frozen=True, eq=False)
class Model:
    """A model whose every file was checked against its digest. version: as registered, else the digest."""

    bundle: Bundle
    version: str

    @property
    def name(self) -> str:
        """The model's name."""
        return self.bundle.name

    @property
    def digest(self) -> str:
        """The bundle's identity: the SHA-256 of its manifest."""
        return self.bundle.identity

    @property
    def columns(self) -> dict[str, str]:
        """The columns it reads, with their kinds."""
        return {column.name: column.field.kind for column in self.bundle.manifest.input}

    def predict(
        self,
        frame: Any,
        *,
        explain: int | Literal["all"] | None = None,
        explain_values: bool = False,
        interval: bool = False,
    ) -> Any:
        """Predictions for a Polars, pandas or Arrow table, as a table of the same library.

        One row for each row, in order: `prediction`, then `probability_<class>` for each class. Other
        columns are ignored. explain: a number adds the columns that moved each row most, in words
        (because_1, …; with the row's own cells where explain_values); "all" adds base and the contribution
        of every column, whose sum is the raw score. E1209 lists every column that is missing or of another
        kind; E2205, E2301, E2302. interval: with `lower` and `upper`, between which the share of new values
        lies that the project asked for in evaluate.interval.
        """
        if explain is None and not explain_values:
            return predict_frame(self.bundle, frame, interval=interval)
        reasons = Reasons.of(self.bundle, Explain.of(explain, values=explain_values))
        return predict_frame(self.bundle, frame, beside=reasons.columns, interval=interval)

    def transform(self, frame: Any, *, interval: bool = False) -> Any:
        """A Spark DataFrame with `prediction` and `probability_<class>` after its own columns, lazily.

        The executors score their rows, which stay as they are, in a session that is there, of Spark Connect
        too. Numbers and probabilities are doubles. E1209 lists every column that is missing or of another
        kind and E1214 names one that the predictions would have twice, before anything is computed; what the
        rows raise where they are computed says E1220 for cells that cannot be read. E2205 where there is no
        interval; TypeError for what is no Spark DataFrame.
        """
        if not hasattr(frame, "sparkSession"):
            raise TypeError(f"a Spark DataFrame, not {type(frame).__name__}")
        from cauce.engines.spark.scoring import with_predictions  # noqa: PLC0415 - Spark only where wanted

        return with_predictions(frame, self.bundle, interval=interval)

    def __repr__(self) -> str:
        return f"<cauce.Model {self.name} {self.version} {self.bundle.manifest.target.task}>"


def load(
    model: str | Path, *, digest: str | None = None, project: str | Path | Project | None = None
) -> Model:
    """The model that `model` names.

    models:/name@alias or models:/name/3, from the registry of `project` (a project file here or above,
    where None), or the folder of a bundle. digest: what the bundle's must be. Raises E1306 to E1310 and
    what opening a bundle raises (E12..).
    """
    found = find_model(model, digest=digest, project=project)
    return Model(found.bundle, found.version)
