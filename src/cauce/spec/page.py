"""The documentation page of the project file, made from its types.

`python -m cauce.spec.page docs` writes it, and the JSON Schema beside it.
"""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from cauce.spec.features import STEPS, Pca
from cauce.spec.gate import Webhook
from cauce.spec.models import LEARNERS, Penalty, Subset
from cauce.spec.positions import KeyPath
from cauce.spec.project import FeatureDefaults, Project
from cauce.spec.schema import json_schema, node_at
from cauce.spec.search import Search
from cauce.spec.settings import file_name
from cauce.spec.validate import (
    ColumnExpectation,
    FormulaExpectation,
    FreshnessExpectation,
    KeyExpectation,
    RowsExpectation,
)
from cauce.spec.words import Expected, said

_INTRODUCTION = """\
# The project file

<!-- Written by `python -m cauce.spec.page`; a test fails when it is out of date. -->

A project is one file, `cauce.toml`, in [TOML](https://toml.io): texts stand in quotes, so the class `NO` is a
text and never a boolean. `cauce init` writes one. An editor that knows JSON Schema can check it while you
type: give it [cauce.schema.json](cauce.schema.json), for instance by a first line
`#:schema ./cauce.schema.json`; from Python it is `cauce.spec.json_schema()`.

```toml
schema = 1
name = "flights"

[data]
source = "flights.parquet"
time = "time_hour"

[target]
formula = "arr_delay > 15"

[split]
kind = "time"
```

Only `name`, `data.source` and one of `target.column` and `target.formula` have to be given. Keys that are not
listed here are refused, values are never converted to another type, and everything wrong with a file is said
at once, with line and column. Where a list is expected, one value alone is a list of one. Paths are relative
to the file. Passwords do not belong in it.
"""

_FEATURES = """\
## Feature steps

`[features.columns]` gives a column, or a formula of `[features.formulas]`, the steps it goes through:

```toml
[features.formulas]
speed = "distance / (air_time + 1)"

[features.columns]
speed = ["impute.median", "log.one_plus", "scale.standard"]
carrier = { step = "one_hot", rare = 0.02 }
departure = [["date_parts"], [{ step = "elapsed", since = 2013-01-01 }, "scale"]]
```

A step is a table with its name under `step`, or just its name where its settings are the defaults;
`"impute.mean"` is short for `{ step = "impute", method = "mean" }`. A list is one chain: each step works on
what the step before it gave. A list of lists is several chains, whose features stand side by side. What a
step learns, it learns from training rows only.
"""


_EXPECTATIONS: tuple[tuple[str, type[Any], KeyPath], ...] = (
    ("`[validate.columns]`: each column", ColumnExpectation, ("validate", "columns", "x")),
    ("`[validate.formulas]`: each formula", FormulaExpectation, ("validate", "formulas", "x")),
    ("`validate.unique`: each key", KeyExpectation, ("validate", "unique")),
    ("`validate.rows`", RowsExpectation, ("validate", "rows")),
    ("`validate.freshness`", FreshnessExpectation, ("validate", "freshness")),
)


def project_file_page() -> str:
    """The page in Markdown, in English."""
    sections = "\n".join(_section(item, ()) for item in fields(Project) if _has_section(item))
    steps = "\n".join(_step(name, declared) for name, declared in STEPS.items())
    top = _table(Project, (), skip=_sections())
    return f"{_INTRODUCTION}\n## Top of the file\n\n{top}\n{sections}\n{_FEATURES}\n{steps}"


def _has_section(item: Field[Any]) -> bool:
    return item.name in _sections()


def _sections() -> tuple[str, ...]:
    plain = ("schema", "name", "lang", "seed")
    return tuple(item.name for item in fields(Project) if item.name not in plain)


def _section(item: Field[Any], path: KeyPath) -> str:
    inner: KeyPath = (*path, item.name)
    title = "[[models]]" if item.name == "models" else f"[{item.name}]"
    declared = _declared_type(item)
    parts = [f"## `{title}`\n\n{item.metadata['description']}\n\n{_table(declared, inner)}"]
    if item.name == "models":
        parts = [f"## `{title}`\n\n{item.metadata['description']}\n", *map(_learner, LEARNERS.values())]
        penalty = f"{inspect.getdoc(Penalty)}\n\n{_table(Penalty, ('learner', 'linear', 'penalty'))}"
        parts.append(f"### `models.penalty`\n\n{penalty}")
        search = f"{inspect.getdoc(Search)}\n\n{_table(Search, ('learner', 'boosting', 'search'))}"
        parts.append(f"### `models.search`\n\n{search}")
        subset = f"{inspect.getdoc(Subset)}\n\n{_table(Subset, ('learner', 'boosting', 'subset'))}"
        parts.append(f"### `models.subset`\n\n{subset}")
    if item.name == "validate":
        parts += [_expectation(*one) for one in _EXPECTATIONS]
    if item.name == "features":
        pca = f"{inspect.getdoc(Pca)}\n\n{_table(Pca, (*inner, 'pca', 'x'))}"
        parts.append(f"### `[features.pca.NAME]`\n\n{pca}")
        parts.append(f"### `[features.defaults]`\n\n{_table(FeatureDefaults, (*inner, 'defaults'))}")
    if item.name == "gate":
        parts.append(f"### `[gate.webhook]`\n\n{_table(Webhook, (*inner, 'webhook'))}")
    return "\n".join(parts)


def _expectation(title: str, declared: type[Any], path: KeyPath) -> str:
    return f"### {title}\n\n{inspect.getdoc(declared)}\n\n{_table(declared, path)}"


def _declared_type(item: Field[Any]) -> type[Any]:
    import cauce.spec.project as declarations  # noqa: PLC0415 - only to look a name up

    return getattr(declarations, "Boosting" if item.name == "models" else str(item.type))  # type: ignore[no-any-return]


def _learner(declared: type[Any]) -> str:
    name = declared.__dataclass_fields__["learner"].default
    title = f'### `learner = "{name}"`'
    return f"{title}\n\n{inspect.getdoc(declared)}\n\n{_table(declared, ('learner', name))}"


def _table(declared: type[Any], path: KeyPath, skip: tuple[str, ...] = ()) -> str:
    rows = [_row(item, path) for item in fields(declared) if item.name not in (*skip, "step")]
    return (
        "".join(["| setting | takes | default | what it is for |\n|---|---|---|---|\n", *rows])
        if rows
        else ""
    )


def _row(item: Field[Any], path: KeyPath) -> str:
    value: Any = {"step": path[-1]} if path[:1] == ("step",) else None
    node = _node(path, file_name(item), value)
    takes = str(Expected(json.dumps(node)))
    cells = (f"`{file_name(item)}`", takes, _default(item), item.metadata["description"])
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _node(path: KeyPath, name: str, value: Any) -> dict[str, Any]:
    if path[:1] == ("step",):
        written = {"features": {"columns": {"x": [value]}}}
        return node_at(("features", "columns", "x", 0, name), written)
    if path[:1] == ("learner",):
        return node_at(("models", 0, *path[2:], name), {"models": [{"learner": path[1]}]})
    return node_at((*path, name), {})


def _default(item: Field[Any]) -> str:
    if item.default is MISSING or (item.name == "learner" and item.default != "boosting"):
        return "required"
    if item.default is None or item.default == () or not isinstance(item.default, (str, int, float)):
        return ""
    return f"`{said(item.default)}`"


def _step(name: str, declared: type[Any]) -> str:
    text = inspect.getdoc(declared)
    return f"### `{name}`\n\n{text}\n\n{_table(declared, ('step', name))}".rstrip("\n") + "\n"


def schema_file() -> str:
    """The JSON Schema of a project file as a text to keep beside the page."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "project-file.md").write_text(project_file_page(), encoding="utf-8")
    (folder / "cauce.schema.json").write_text(schema_file(), encoding="utf-8")
