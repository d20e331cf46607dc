"""A first look at a table: enough of its rows to guess what its columns are for, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cauce.core.columns import TARGET
from cauce.core.reading.evidence import SUSPICIOUS_WORDS
from cauce.core.reading.notices import Notice
from cauce.core.task import MOST_CLASSES, Target, TargetColumn, class_name, infer_target, target_column
from cauce.expr import nodes as n
from cauce.expr.formula import parse_formula
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.bringing import Here
from cauce.sources import ReadOptions, open_source
from cauce.stats import Counts, Levels

ROWS = 50_000
"""How many rows are looked at, from the first one on."""

_TARGETS = (
    *("target", "label", "class", "y", "outcome", "response", "churn", "default", "survived", "readmitted"),
    *("objetivo", "etiqueta", "clase", "resultado", "respuesta", "species", "quality", "price", "precio"),
)
_KEYS = (
    "id",
    "key",
    "uuid",
    "guid",
    "codigo",
    "code",
    "numero",
    "number",
    "nbr",
    "no",
    "nr",
    "clave",
    "llave",
)
_TIMES = ("date", "time", "timestamp", "day", "fecha", "hora", "dia", "día", "momento")
_MANY = 0.001


@dataclass(frozen=True)
class Guess:
    """What init would answer to a question, as one would type it ("" for none), and why."""

    value: str
    why: str


@dataclass(frozen=True)
class Look:
    """The schema, the first rows, and what was noticed while reading."""

    schema: Schema
    frame: pl.DataFrame
    notices: tuple[Notice, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return self.schema.names

    @cached_property
    def distinct(self) -> dict[str, int]:
        """How many different values each column has, missing ones left out."""
        series = {name: self.frame.get_column(name).alias("cells") for name in self.names}
        return {name: int(one.drop_nulls().n_unique()) for name, one in series.items()}

    def unique(self, name: str) -> bool:
        """Whether every row has a value of its own there."""
        return self.frame.height > 1 and self.distinct[name] == self.frame.height

    def words(self, name: str) -> set[str]:
        """The words a column's name is made of, in lower case."""
        spaced = "".join(one if one.isalnum() else " " for one in name)
        split = "".join(f" {one}" if one.isupper() else one for one in spaced)
        return {*spaced.lower().split(), *split.lower().split()}


def look(here: Here, missing: tuple[str, ...] = ()) -> Look:
    """Read the files as a run would, and keep the first rows. Raises what reading raises (E0401 to E0429)."""
    source = open_source(here.read_as(ReadOptions(paths=here.paths, missing=missing)))
    frames, rows = [], 0
    for batch in source.batches():
        frames.append(batch.head(ROWS - rows))
        rows += frames[-1].height
        if rows >= ROWS:
            break
    empty = pl.DataFrame(schema={field.name: field.dtype for field in source.schema})
    return Look(source.schema, pl.concat([empty, *frames]), (*here.notices, *source.notices))


def target_of(look: Look, column: str | None, *, formula: str | None) -> TargetColumn:
    """The target as a column or a formula; E0101, E1101 and what a formula raises."""
    if formula is not None:
        return target_column(formula, parse_formula(formula, look.schema), schema=look.schema)
    name = str(column)
    return target_column(name, n.Column(name), schema=look.schema)


def inferred(look: Look, column: TargetColumn, *, task: Any) -> tuple[Target, tuple[str, ...]]:
    """The task and classes its values suggest, and the sentences that say so. E1102 to E1108."""
    value: n.Expression = column.expression
    if column.kind == "decimal":
        value = n.Cast(value, "float")
    batch = Projection((Output(TARGET, value),), look.schema)(look.frame)
    levels, counts = Levels((TARGET,), MOST_CLASSES), Counts((TARGET,))
    found = levels.result(levels.update(levels.start(), batch))[TARGET]
    infinities = counts.result(counts.update(counts.start(), batch))[TARGET].infinities
    return infer_target(column, found, infinities=infinities, task=task)


def class_of(target: Target, text: str) -> Any:
    """The class of that name in its own type; the text itself where no row looked at has it."""
    return next((one for one in target.classes if class_name(one) == text), text)


def guess_missing(look: Look) -> Guess | None:
    """Texts that look like missing values, where there are any."""
    found: dict[str, int] = {}
    least = max(1, round(_MANY * look.frame.height))
    for field in look.schema:
        if field.kind == "text":
            series = look.frame.get_column(field.name)
            for word in SUSPICIOUS_WORDS:
                count = int((series == word).sum())
                if count >= least:
                    found[word] = found.get(word, 0) + count
    if not found:
        return None
    cells = ", ".join(f"{word} ({count})" for word, count in sorted(found.items()))
    why = translate(_("these often stand for a missing value: {cells}")).format(cells=cells)
    return Guess(", ".join(sorted(found)), why)


def guess_target(look: Look) -> Guess:
    """The column to predict, by its name or its place."""
    for word in _TARGETS:
        for name in look.names:
            if name.lower() == word or (word in look.words(name) and len(look.words(name)) <= 2):
                return Guess(name, translate(_("its name says so")))
    fitting = [field.name for field in look.schema if field.kind not in ("date", "datetime")]
    useful = [name for name in fitting if look.distinct[name] > 1 and not _like_key(look, name)]
    chosen = (useful or list(look.names))[-1]
    return Guess(chosen, translate(_("it is the last column that could be")))


def guess_key(look: Look, used: Iterable[str]) -> Guess:
    """The column that identifies a row."""
    taken = set(used)
    for name in look.names:
        if name not in taken and _like_key(look, name) and look.unique(name):
            why = _("its name says so, and no value came twice in {rows} rows")
            return Guess(name, translate(why).format(rows=look.frame.height))
    return Guess("", translate(_("no column has a name like an identifier and only different values")))


def guess_group(look: Look, used: Iterable[str]) -> Guess:
    """The column of things that come more than once, such as patients."""
    taken = set(used)
    for field in look.schema:
        name, many = field.name, look.distinct[field.name]
        if name in taken or field.kind not in ("integer", "text") or not _like_key(look, name):
            continue
        if look.frame.height * 0.05 < many < look.frame.height * 0.99:
            why = _("its name is like an identifier, and {distinct} values stand in {rows} rows")
            return Guess(name, translate(why).format(distinct=many, rows=look.frame.height))
    return Guess("", translate(_("no column looks like an identifier that comes several times")))


def guess_time(look: Look, used: Iterable[str]) -> Guess:
    """The column that orders the rows in time."""
    taken = set(used)
    dates = [one.name for one in look.schema if one.kind in ("date", "datetime") and one.name not in taken]
    if len(dates) == 1:
        return Guess(dates[0], translate(_("it is the only column of dates")))
    for name in dates:
        if look.words(name) & set(_TIMES):
            return Guess(name, translate(_("its name says so")))
    return Guess("", translate(_("there is no column of dates, or no telling which")))


def guess_split(group: str, time: str) -> Guess:
    """How to divide the rows, from the roles that were settled."""
    if group:
        why = _("rows of one {group} in training and test would flatter the model")
        return Guess("group", translate(why).format(group=group))
    if time:
        return Guess("time", translate(_("the model will score rows that come later")))
    return Guess("random", translate(_("nothing says that rows belong together")))


def sentence(said: tuple[str, ...], otherwise: Callable[[], str]) -> str:
    """The first clause of what was inferred; or something else to say."""
    return said[0].split(";")[0].rstrip(".") if said else otherwise()


def _like_key(look: Look, name: str) -> bool:
    words = look.words(name)
    return bool(words & set(_KEYS)) or name.lower().endswith(("_id", "id"))
