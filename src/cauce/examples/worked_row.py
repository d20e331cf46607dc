"""One row followed from the table to its probability, as Markdown: the worked row of the documentation.

Usage: python -m cauce.examples.worked_row docs/how-it-works.md
Replaces what stands between the page's two marks.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_bundle
from cauce.core.trees.model import Tree
from cauce.expr.describe import describe

BEGIN, END = "<!-- worked row: begin -->", "<!-- worked row: end -->"
ROWS = 2000
ROW = {"carrier": "UA", "distance": 1400}
PROJECT = """\
name = "worked"

[data]
source = "flights.csv"

[target]
column = "late"

[features.columns]
distance = ["impute.median", "scale.standard"]
carrier = "one_hot"

[[models]]
rounds = 2
max_depth = 2
eta = 0.5

[tracking]
enabled = false
"""


def flights() -> pl.DataFrame:
    """A made-up table: UA is late on long flights, B6 often, AA rarely; every 50th distance is missing."""
    n = np.arange(ROWS)
    carrier = np.array(["AA", "B6", "UA"])[n % 3]
    distance = 200 + 10 * (n * 37 % 230)  # few enough for a bin each: every XGBoost then has the same bins
    often = np.select([carrier == "B6", (carrier == "UA") & (distance > 1000)], [6, 7], 2)
    late = (n * 7 + n // 10) % 10 < often
    distances = [None if one % 50 == 0 else int(value) for one, value in zip(n, distance, strict=True)]
    return pl.DataFrame({"carrier": carrier, "distance": distances, "late": late})


def worked_row() -> str:
    """The page's block: the project, the row, its features, its way through each tree, its probability."""
    from cauce.api.run import run

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flights().write_csv(folder / "flights.csv")
        (folder / "cauce.toml").write_text(PROJECT, encoding="utf-8")
        bundle = open_bundle(run(folder / "cauce.toml").folder)
    return "\n".join(_lines(bundle))


def rewritten(page: str) -> str:
    """The page with its block as the code gives it now."""
    return re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{worked_row()}\n{END}", page, flags=re.DOTALL)


def _lines(bundle: Bundle) -> Iterator[str]:
    features = [float(one) for one in bundle.cached_scorer.matrix_of_rows([ROW])[0]]
    yield from ("```toml", PROJECT.rstrip(), "```", "")
    yield "**The row.** " + ", ".join(f"`{name}` is {value}" for name, value in ROW.items()) + "."
    yield from (
        "",
        "**Its features.** Expressions over the row, with what was learned written into them:",
        "",
    )
    yield from ("| feature | expression | value |", "|---|---|---|")
    for feature, value in zip(bundle.manifest.features, features, strict=True):
        yield f"| `{feature.name}` | `{describe(feature.expression)}` | {value:.4f} |"
    yield from ("", "**Its way through the trees.** Each adds the number on its leaf:", "")
    names = [feature.name for feature in bundle.manifest.features]
    margin = float(bundle.ensemble.base[0])
    steps = [f"{margin:.4f}"]
    for number, tree in enumerate(bundle.ensemble.trees, 1):
        way, leaf = _way(tree, features, names)
        yield f"{number}. {'; '.join(way)}: leaf {leaf:+.4f}"
        margin += leaf
        steps.append(f"{abs(leaf):.4f}")
        steps.insert(-1, "+" if leaf >= 0 else "-")
    yield ""
    yield f"**Its probability.** Start and leaves add up: {' '.join(steps)} = {margin:.4f}, and"
    probability = 1 / (1 + math.exp(-margin))
    answer: Mapping[str, Any] = bundle.cached_scorer.score_row(ROW)
    yield (
        f"1 / (1 + e^-({margin:.4f})) = **{probability:.4f}**. "
        f"The model's own answer is {answer['probability_true']:.4f}."
    )


def _way(tree: Tree, features: list[float], names: list[str]) -> tuple[list[str], float]:
    """The questions the row meets, answered, and its leaf."""
    node, way = 0, []
    while tree.left[node] >= 0:
        place, limit = int(tree.feature[node]), float(tree.threshold[node])
        value = features[place]
        below = bool(tree.default_left[node]) if math.isnan(value) else value < limit
        way.append(f"`{names[place]}` < {limit:.4f}? {'yes' if below else 'no'}")
        node = int(tree.left[node] if below else tree.right[node])
    return way, float(tree.value[node])


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(rewritten(target.read_text(encoding="utf-8")), encoding="utf-8")
