"""Projects of every shape, with the names users really have and the ones nobody should."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cauce.spec.features import STEPS

HOSTILE = (
    'say "hi"',
    "it's",
    "two\nlines",
    "tab\tand\rreturn",
    "\x00\x1b[31m\x7f",
    "back\\slash",
    "\\u0041",
    "año 😀 é",
    "\u202eevil",
    "'''",
    '"""',
    "# no comment",
    "[data]",
    "a.b",
    " ",
    "=",
    "NO",
    "1",
    "{ x = 1 }",
    "features",
    "step",
    "\u2028",
    "\ufeff",
)
names = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62).map(float)
shares = st.floats(0, 1)
whole = st.integers(-(2**70), 2**70)
scalars = st.booleans() | whole | numbers | st.text(max_size=5) | names


def a_list(item: SearchStrategy[Any], least: int = 0) -> SearchStrategy[Any]:
    """A list, or one value in its place."""
    return st.lists(item, min_size=least, max_size=3) | item


def a_table(value: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.dictionaries(names, value, max_size=3)


def some(required: dict[str, SearchStrategy[Any]], **optional: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional)


def literals(declared: type[Any], name: str) -> SearchStrategy[Any]:
    return st.sampled_from(get_args(get_type_hints(declared)[name]))


def with_choices(name: str) -> SearchStrategy[Any]:
    """A step with any of its choices, as a table."""
    declared = STEPS[name]
    chosen = [item.name for item in fields(declared) if item.name in ("unseen", "unit", "method")]
    return some({"step": st.just(name)}, **{part: literals(declared, part) for part in chosen})


impute = st.just({"step": "impute", "method": "constant"}).flatmap(
    lambda step: scalars.map(lambda value: {**step, "value": value, "indicator": True})
)
clip = (
    st.tuples(numbers, numbers)
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: {"step": "clip", "lower": pair[0], "upper": pair[1]})
)
edges = st.lists(numbers, min_size=1, max_size=4, unique=True).map(
    lambda values: {"step": "bins", "edges": sorted(values)}
)
number_steps = (
    st.sampled_from(["impute", "impute.mean", "scale.robust", "log.one_plus", "raw", "ordinal", "frequency"])
    | clip
    | edges
    | with_choices("scale")
    | with_choices("log")
    | st.just({"step": "clip", "lower_quantile": 0.01, "upper": 3})
    | st.just({"step": "target_mean", "smoothing": 1, "folds": 3})
)
last_steps = with_choices("one_hot") | with_choices("category") | st.just("category")
chains = (
    st.lists(number_steps, min_size=1, max_size=4)
    | st.builds(lambda first, last: [*first, last], st.lists(number_steps, max_size=2), last_steps)
    | st.just([{"step": "date_parts", "parts": ["year", "weekday"]}])
    | names.map(lambda column: [{"step": "elapsed", "column": column, "unit": "hours"}, "scale"])
    | st.just([{"step": "elapsed", "since": "2013-01-31T10:00:00"}])
    | st.just(["text_length", "log"])
    | st.lists(names, min_size=1, max_size=3).map(lambda levels: [{"step": "ordinal", "levels": levels}])
    | impute.map(lambda step: [step])
)
features = number_steps | chains | st.lists(chains, min_size=1, max_size=3)

data = some(
    {"source": a_list(names.filter(lambda name: "://" not in name), least=1)},
    format=st.sampled_from(["auto", "csv", "tsv", "parquet"]),
    encoding=st.sampled_from(["utf-8", "cp1252"]),
    delimiter=st.sampled_from([",", "\t", ";"]),
    quote=st.sampled_from(['"', "'"]),
    decimal=st.just(","),
    thousands=st.sampled_from([".", " ", "\u202f"]),
    currency=a_list(names),
    date_formats=a_list(names),
    header=st.booleans(),
    missing=a_list(st.text(max_size=4) | names),
    missing_in=a_table(a_list(names)),
    types=a_table(st.sampled_from(["boolean", "integer", "text", "datetime"])),
    time=names,
    rejected=shares | st.integers(0, 10**9),
)
target = some({"column": names.map("y ".__add__)}, task=st.sampled_from(["binary", "multiclass"])) | some(
    {"formula": names}, positive=scalars
)
failing = {"on_failure": st.sampled_from(["stop", "quarantine", "warn"]), "tolerated": shares}
column_expectation = (
    some({"nulls": shares}, unique=st.booleans(), levels=a_list(scalars, least=1), **failing)
    | some({"min": numbers | whole}, type=st.sampled_from(["integer", "float", ["float", "decimal"]]))
    | some({"above": st.just("2013-01-31")}, below=st.just("2014-01-31T10:00:00+02:00"), **failing)
    | some({"pattern": st.sampled_from(["[0-9]{4}", "\\d+'\"", "(?x) a b"])}, min_length=st.integers(0, 9))
)
validate = some(
    {},
    columns=a_table(column_expectation | st.lists(column_expectation, min_size=1, max_size=2)),
    formulas=a_table(names | some({"formula": names}, null=st.sampled_from(["pass", "fail"]), **failing)),
    unique=a_list(some({"columns": a_list(names, least=1)}, **failing)),
    rows=some({"min": st.integers(0, 10**9)}, on_failure=st.sampled_from(["stop", "warn"])),
    freshness=some({"column": names, "within": st.sampled_from(["1 day", "36 hours"])}),
    quarantined=shares | st.integers(0, 10**9),
)
searches = st.sampled_from(
    [
        {"method": "tpe", "space": {"max_depth": [3, 10], "eta": "log 0.01..0.3"}, "trials": 7},
        {"method": "grid", "space": {"class_weight": "balanced", "max_bin": "64..66", "gamma": 0.5}},
        {"method": "random", "space": {"subsample": "0.5..1 in 6"}, "time_limit": "30 min", "rounds": 3},
        {"method": "halving", "space": {"reg_lambda": [0, 1, 10]}, "factor": 2, "refine": 1, "seed": 5},
    ]
)


def _without_searched(table: dict[str, Any]) -> dict[str, Any]:
    """What a search varies has no value of its own."""
    varied = table.get("search", {}).get("space", ())
    return {name: value for name, value in table.items() if name not in varied}


model = some(
    {},
    learner=st.just("boosting"),
    rounds=st.integers(1, 100_000),
    eta=st.floats(0, 1, exclude_min=True),
    gamma=numbers.map(abs),
    class_weight=st.sampled_from(["none", "balanced"])
    | a_table(st.floats(0, 1e300, exclude_min=True) | st.integers(1, 9)),
    early_stopping=st.integers(0, 100),
    device=st.sampled_from(["cpu", "cuda"]),
    search=searches,
).map(_without_searched)
forest = some(
    {"learner": st.just("forest")},
    trees=st.integers(1, 10_000),
    max_depth=st.integers(1, 24),
    min_child_weight=numbers.map(abs),
    colsample_bynode=st.floats(0, 1, exclude_min=True),
    monotone=a_table(st.sampled_from(["increasing", "decreasing"])),
)
strengths = numbers.map(abs)
penalty = some(
    {
        "lambda": strengths
        | st.lists(strengths, min_size=1, max_size=3)
        | some({"path": st.integers(2, 1000)})
    },
    l1_ratio=shares | st.lists(shares, min_size=1, max_size=3),
)
linear = some({"learner": st.just("linear")}, penalty=penalty)
logistic = some(
    {"learner": st.just("logistic")}, penalty=penalty, class_weight=st.sampled_from(["none", "balanced"])
)


def _fitting(mapping: dict[str, Any]) -> dict[str, Any]:
    """Without a task that one of the learners cannot predict, and features that it cannot take."""
    learners = {one.get("learner") for one in mapping.get("models", ())}
    if {"linear", "logistic"} & learners or any("monotone" in one for one in mapping.get("models", ())):
        mapping["target"].pop("task", None)
    if {"linear", "logistic"} & learners:
        mapping.get("features", {}).get("defaults", {}).pop("text", None)
        mapping.get("features", {}).pop("columns", None)
    return mapping


mappings = some(
    {
        "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True),
        "data": data,
        "target": target,
    },
    schema=st.just(1),
    validate=validate,
    lang=st.sampled_from(["en", "es"]),
    seed=st.integers(0, 2**31 - 1),
    split=st.sampled_from([{}, {"train": 0.5, "validation": 0.25, "test": 0.25, "seed": 3}]),
    features=some(
        {},
        auto=st.just(True),
        formulas=st.dictionaries(names.map("f ".__add__), names, max_size=3),
        columns=st.dictionaries(names.map("c ".__add__), features, max_size=4),
        defaults=some(
            {}, number=st.just(["impute.mean", "scale"]), text=last_steps, date=st.just("date_parts")
        ),
        variance_filter=numbers.map(abs),
        acknowledged=a_list(names),
    ),
    models=st.lists(model | forest | logistic, min_size=1, max_size=3) | st.lists(linear, min_size=1),
    choose=some({}, metric=names),
    engine=some(
        {},
        kind=st.sampled_from(["local", "spark"]),
        master=names,
        workers=st.integers(1, 99),
        spark=st.dictionaries(names.map("spark.".__add__), names, max_size=3),
        batch_rows=st.integers(1, 10**9),
        memory=st.sampled_from(["4GB", "0.5 TB"]),
    ),
    store=some({}, path=names),
    tracking=some({}, enabled=st.booleans(), experiment=names, alias=st.sampled_from(["auto", "none"])),
).map(_fitting)
