"""A plan says before any data is seen what will become a feature, how wide, in how many looks, or why not."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from feature_tables import declared, fitted, made_of, planned, prepare, schema_of

from cauce.core.columns import FOLD
from cauce.core.features import FittedFeatures, Roles
from cauce.errors import CauceError, CauceErrors
from cauce.expr.schema import Field, Schema
from cauce.spec.features import (
    Bins,
    Category,
    DateParts,
    Elapsed,
    Impute,
    Log,
    OneHot,
    Ordinal,
    Raw,
    Scale,
    TargetMean,
    TextLength,
)
from cauce.spec.project import FeatureDefaults, Features

FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "patient": ["p", "p", "q", "r"],
        "when": [date(2013, 1, 1), date(2013, 5, 6), date(2014, 7, 8), None],
        "weight": [1.0, 2.0, 1.0, 1.0],
        "arr_delay": [1.0, 20.0, 3.0, 40.0],
        "outcome": ["a", "b", "a", "b"],
        "closed": [1, 2, 3, 4],
        "junk": ["a", "b", "c", "d"],
        "distance": [100, 200, None, 300],
        "carrier": ["UA", "AA", None, "UA"],
        "fixed": [5.0, 5.0, 5.0, 5.0],
        "flag": [True, False, None, True],
    }
)
ROLES = Roles(
    target=("arr_delay", "outcome"),
    known_after=("closed",),
    drop=("junk",),
    key=("id",),
    group="patient",
    time="when",
    weight="weight",
)


def test_auto_takes_what_has_no_other_role() -> None:
    """The target's columns, keys, weights and what is known too late would make a model that cheats."""
    plan = planned(FRAME, Features(), roles=ROLES)
    features = fitted(prepare(FRAME), Features(), roles=ROLES)
    assert plan.columns == ("when", "distance", "carrier", "fixed", "flag")
    assert features.names == ("when:month", "when:day", "when:weekday", "distance", "carrier", "flag")
    assert [one.describe() for one in features.dropped] == [
        "fixed is left out: it never changes in the training rows."
    ]
    assert features.levels == (("carrier", 2),)
    assert features.scans == 1
    assert features.sources["when:day"] == "when"


def test_named_columns_may_be_features_beside_their_role() -> None:
    """A user who writes it down means it: parts of the time column, the group itself."""
    chains: dict[str, Any] = {"when": (DateParts(parts=("year",)),), "patient": (Category(),)}
    features = fitted(prepare(FRAME), declared(chains), roles=ROLES)
    assert features.names == ("patient", "when:year")


def test_include_exclude_and_defaults_are_followed() -> None:
    """Settings that do nothing would be worse than none."""
    kinds = FeatureDefaults(number=((Impute(), Scale()),), boolean=((Category(),),))
    settings = Features(defaults=kinds, exclude=("carrier",))
    assert fitted(prepare(FRAME), settings, roles=ROLES).names[3:] == ("distance", "flag")
    assert fitted(prepare(FRAME), Features(include=("distance",)), roles=ROLES).names == ("distance",)


def test_formulas_become_features() -> None:
    """Also where they use a column that has another role, as long as it is known in time."""
    settings = Features(
        auto=False, formulas={"far": "distance > 150", "w": "distance / weight", "city": "lower(carrier)"}
    )
    features = fitted(prepare(FRAME), settings, roles=ROLES)
    assert features.names == ("far", "w", "city")
    made = features.projection(schema_of(FRAME))(FRAME)
    assert made.rows() == [(False, 100.0, 1.0), (True, 100.0, 0.0), (None, None, None), (True, 300.0, 1.0)]


FAULTS: dict[str, tuple[Any, list[str]]] = {
    "an unknown column": (declared({"distanec": (Raw(),)}), ["E1001"]),
    "an unknown column left out": (Features(exclude=("nothing",)), ["E1001"]),
    "the target's column": (declared({"arr_delay": (Raw(),)}), ["E1002"]),
    "a formula of the target's column": (declared(formulas={"late": "arr_delay > 3"}), ["E1002"]),
    "a formula of what is known after": (declared(formulas={"late": "closed > 3"}), ["E1002"]),
    "time since what is dropped": (declared({"when": (Elapsed(column="junk"),)}), ["E1002"]),
    "time since an unknown column": (declared({"when": (Elapsed(column="nowhen"),)}), ["E1001"]),
    "time since a number": (declared({"when": (Elapsed(column="distance"),)}), ["E1004"]),
    "the logarithm of a text": (declared({"carrier": (Log(),)}), ["E1003"]),
    "a number as it is, of a date": (declared({"when": (Raw(),)}), ["E1003"]),
    "the mean of texts": (declared({"carrier": (Impute(method="mean"),)}), ["E1004"]),
    "a constant of another kind": (
        declared({"distance": (Impute(method="constant", value="x"),)}),
        ["E1004"],
    ),
    "an hour of a date": (declared({"when": (DateParts(parts=("hour",)),)}), ["E1004"]),
    "levels of another kind": (declared({"distance": (Ordinal(levels=("near", "far")),)}), ["E1004"]),
    "more folds than there are": (declared({"carrier": (TargetMean(folds=50),)}), ["E1004"]),
    "a formula with the name of a column": (declared(formulas={"carrier": "distance"}), ["E1005"]),
    "a formula that cannot be read": (declared(formulas={"z": "distance +"}), ["E0110"]),
    "nothing left": (Features(include=("closed",)), ["E1007"]),
    "several at once": (
        declared({"carrier": (Log(),), "when": (TextLength(),), "flag": (Bins(),)}, formulas={"z": "closed"}),
        ["E1002", "E1003", "E1003", "E1003"],
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_cannot_be_is_refused_before_any_data_is_read(case: str) -> None:
    """All faults at once: one run for each would cost a user an afternoon."""
    features, codes = FAULTS[case]
    with pytest.raises(CauceError) as caught:
        planned(FRAME, features, roles=ROLES)
    errors = caught.value.errors if isinstance(caught.value, CauceErrors) else (caught.value,)
    assert [one.code for one in errors] == codes
    assert all(one.message and one.hint for one in errors)


def test_an_absurd_width_is_refused() -> None:
    """Twenty thousand one-hot columns would fill the memory before anyone saw why."""
    classes = tuple(f"c{k}" for k in range(900))
    names = [f"x{k}" for k in range(30)]
    frame = pl.DataFrame({name: ["a", "b"] for name in names})
    chains: dict[str, Any] = {name: (TargetMean(),) for name in names}
    with pytest.raises(CauceError) as caught:
        planned(frame, declared(chains), task="multiclass", classes=classes)
    assert caught.value.code == "E1006"


def test_too_many_levels_are_refused_with_the_column() -> None:
    frame = pl.DataFrame({"x": [str(k) for k in range(100_001)]})
    for chain in ((Category(),), (TargetMean(),), (Impute(method="mode"), OneHot())):
        with pytest.raises(CauceError) as caught:
            fitted(prepare(frame), declared({"x": chain}))
        assert (caught.value.code, caught.value.values["column"]) == ("E1008", "x")


def test_a_row_without_what_features_need_is_refused_naming_all_of_it() -> None:
    """One missing column at a time would take as many attempts as columns."""
    features = fitted(prepare(FRAME), Features(), roles=ROLES)
    assert features.required.names == ("when", "distance", "carrier", "flag")
    other = Schema((Field("distance", "text"), Field("carrier", "text"), Field("extra", "text")))
    with pytest.raises(CauceErrors) as caught:
        features.projection(other)
    assert [one.values["column"] for one in caught.value.errors] == ["when", "distance", "flag"]


def test_few_looks_are_taken() -> None:
    """Each look reads the whole training set."""
    looks: dict[str, tuple[Any, tuple[int, int]]] = {
        "none": ((Raw(),), (0, 0)),
        "one": ((Impute(), Scale()), (1, 1)),
        "one, then none": ((Impute(), Log(method="one_plus")), (1, 1)),
        "two": ((Impute(), Log(method="one_plus"), Scale()), (2, 2)),
    }
    for chain, expected in looks.values():
        assert planned(FRAME, declared({"distance": chain}), roles=ROLES).scans == expected
    together = declared({"distance": [chain for chain, _looks in looks.values()], "carrier": (Category(),)})
    assert planned(FRAME, together, roles=ROLES).scans == (2, 2)
    assert fitted(prepare(FRAME), together, roles=ROLES).scans == 2


def test_the_variance_filter_drops_what_hardly_varies() -> None:
    """Variances 0, 4/3 and 10,000 of fixed, of the ordinal carrier and of distance."""
    settings = declared({"distance": (Raw(),), "fixed": (Raw(),), "flag": (Raw(),)}, variance_filter=0.0)
    features = fitted(prepare(FRAME), settings, roles=ROLES)
    assert features.names == ("distance", "flag")
    strict = declared({"distance": (Raw(),), "flag": (Raw(),)}, variance_filter=10_000.0)
    assert fitted(prepare(FRAME), strict, roles=ROLES).names == ("flag",)
    scaled = declared({"distance": (Scale(method="min_max"),), "flag": (Raw(),)}, variance_filter=0.25)
    assert fitted(prepare(FRAME), scaled, roles=ROLES).names == ("flag",)


def test_rare_and_unseen_levels_go_where_they_are_declared_to_go() -> None:
    train = pl.DataFrame({"x": ["a"] * 6 + ["b"] * 3 + ["c", "d", None]})
    rows = pl.DataFrame({"x": ["a", "b", "c", "new", None]})
    wanted: list[tuple[Any, list[Any]]] = [
        (Category(rare=0.2), [0, 1, 2, None, None]),
        (Category(rare=0.2, unseen="rare"), [0, 1, 2, 2, None]),
        (Category(unseen="rare"), [0, 1, 2, None, None]),
        (Category(limit=2, unseen="rare"), [0, 1, 2, 2, None]),
        (Ordinal(levels=("b", "a")), [1, 0, None, None, None]),
        (Ordinal(levels=("b", "a", "c"), rare=0.2, unseen="rare"), [1, 0, 2, 2, None]),
    ]
    for step, codes in wanted:
        features = fitted(prepare(train), declared({"x": (step,)}))
        assert features.projection(schema_of(rows))(rows).to_series().to_list() == codes, step
    cells = fitted(prepare(train), declared({"x": (OneHot(rare=0.2, unseen="rare"),)}))
    assert cells.names == ("x=a", "x=b", "x=(rare)")
    made = cells.projection(schema_of(rows))(rows).select(pl.all().cast(pl.Int64)).rows()
    assert made == [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 0, 0)]


AUTO_TEXTS: dict[str, tuple[list[Any], tuple[str, ...]]] = {
    "few levels": (["a", "b", None] * 40, ("x",)),
    "many levels": ([f"l{k % 40}" for k in range(120)], ("x:target_mean", "x:frequency")),
    "free text": (["word " * k for k in range(120)], ("x:length",)),
    "identifiers of one length": ([f"{k:06}" for k in range(120)], ()),
    "one level": (["a"] * 120, ()),
    "one level or nothing": (["a", None] * 60, ("x",)),
    "nothing": ([None] * 120, ()),
}


@pytest.mark.parametrize("case", AUTO_TEXTS)
def test_auto_goes_by_the_levels_a_text_has_in_training(case: str) -> None:
    values, wanted = AUTO_TEXTS[case]
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String), "n": range(120)})
    features = fitted(prepare(frame), Features())
    assert features.names == (*wanted, "n")
    assert [one.name for one in features.dropped] == ([] if wanted else ["x"])


def test_what_validates_does_not_decide_what_auto_does() -> None:
    """A column that is constant in training stays out even where later rows differ."""
    frame = prepare(pl.DataFrame({"x": [1, 1, 2], "n": [1, 2, 3]}), fold=[0, 0, 1])
    assert fitted(frame, Features()).names == ("n",)
    assert FOLD in frame.columns


def test_a_column_without_any_value_is_imputed_as_documented() -> None:
    cases: list[tuple[Any, Any]] = [(pl.Float64, 0.0), (pl.Int64, 0), (pl.String, ""), (pl.Boolean, False)]
    for dtype, value in cases:
        frame = pl.DataFrame({"x": pl.Series([None, None], dtype=dtype)})
        features = fitted(prepare(frame), declared({"x": (Impute(method="mode"), Category(rare=0.0))}))
        assert features.features[0].told[0][1]["value"] == value
        assert made_of(frame, (Impute(method="mode"), Category(rare=0.0))).rows() == [(0,), (0,)]
    assert isinstance(features, FittedFeatures)
