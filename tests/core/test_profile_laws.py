"""A profile holds for any table, however hostile, and whatever the order of its rows."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import cauce
from cauce.core.canonical import canonical_json
from cauce.core.profile import Profile, Profiling, flag_setting, flag_text, notices_of
from cauce.core.profile.edges import logarithmic_edges, nice_edges
from cauce.core.profile.personal import named_personal, personal_values
from cauce.core.task import target_column
from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Schema
from cauce.language import use_language
from cauce.running.steps.profile import profiled
from cauce.spec import project_from_text
from cauce.stats import Thinned
from cauce.testing.engines import FrameSource

SCHEMA = Schema(
    (
        Field("*", "float"),
        Field("", "integer"),
        Field("^.*$", "text"),
        Field("a.b", "boolean"),
        Field("<script>", "date"),
        Field('"', "datetime"),
        Field("n\nl", "decimal", scale=2),
    )
)
EDGES = st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1e308, -1e308, 1.5])
WORDS = st.sampled_from(["", " ", "?", "no", "sí", "ñ", "<b>", "{{7*7}}", "\x00", "\u202e", "x" * 300])
ROW = st.tuples(
    st.none() | EDGES,
    st.none() | st.sampled_from([0, 1, -999, 2**63 - 1, -(2**63), 2**53 + 1]),
    st.none() | WORDS,
    st.none() | st.booleans(),
    st.none() | st.dates(),
    st.none() | st.datetimes(datetime(1677, 9, 22), datetime(2262, 4, 11)),
    st.none() | st.decimals(-(10**6), 10**6, places=2),
)


def frame_of(rows: list[Any]) -> pl.DataFrame:
    columns = [[row[k] for row in rows] for k in range(len(SCHEMA))]
    return pl.DataFrame(
        {
            field.name: pl.Series(cells, dtype=field.dtype)
            for field, cells in zip(SCHEMA, columns, strict=True)
        }
    )


def profile_of(
    frame: pl.DataFrame, schema: Schema, target: str | None, *, rows: int = 10_000, **more: Any
) -> Profile:
    column = None if target is None else target_column(target, Column(target), schema=schema)
    asked = Profiling(schema, column, **more)
    return profiled(LocalEngine(), FrameSource(frame, schema, rows=rows), profiling=asked)


@settings(max_examples=15, phases=(Phase.explicit, Phase.generate))
@given(st.lists(ROW, max_size=30), st.integers(1, 7), st.sampled_from([None, "*", "", "^.*$", "a.b"]))
def test_any_table_has_one_profile_whatever_the_order_of_its_rows(
    rows: list[Any], size: int, target: str | None
) -> None:
    """It is told in both languages, comes back from JSON, and its settings are TOML."""
    frame = frame_of(rows)
    found = profile_of(frame, SCHEMA, target, key=("",))
    again = profile_of(frame.reverse(), SCHEMA, target, rows=size, key=("",))
    assert canonical_json(found.to_json()) == canonical_json(again.to_json())
    back = Profile.from_json(json.loads(canonical_json(found.to_json())))
    assert canonical_json(back.to_json()) == canonical_json(found.to_json())
    for language in ("en", "es"):
        use_language(language)
        notices_of(found)
        for column in found.columns:
            for flag in column.flags:
                assert flag_text(flag, column.name)
                setting = flag_setting(flag, column.name)
                assert setting is None or "\n" not in setting
    for column in found.columns:
        assert column.rows == len(rows)
        if column.histogram is not None:
            seen = sum(column.histogram.counts) + column.histogram.left_out
            assert seen == column.present
            assert list(column.histogram.edges) == sorted(set(column.histogram.edges))


def test_a_setting_a_flag_proposes_is_one_the_project_file_takes() -> None:
    frame = pl.DataFrame(
        {
            "skewed one": [float(2**n) for n in range(50)] * 4,
            'q"': ["1", "2"] * 100,
            "e mail": [f"a{n}@b.org" for n in range(200)],
            "day": [f"2020-01-{n % 28 + 1:02d}" for n in range(200)],
            "one": ["x"] * 200,
            "code": [f"c{n}" for n in range(200)],
            "holes": ["?", "z"] * 100,
            "town": [f"t{n % 120}" for n in range(200)],
        }
    )
    schema = Schema(tuple(Field(n, "float" if n == "skewed one" else "text") for n in frame.columns))
    found = profile_of(frame, schema, None)
    lines = [flag_setting(flag, column.name) for column in found.columns for flag in column.flags]
    lines = [line for line in lines if line is not None]
    assert len(lines) >= 7
    for line in lines:
        text = f'schema = 1\nname = "p"\n{line}\ndata.source = "x.csv"\ntarget.column = "y"\n'
        text += '[[models]]\nlearner = "boosting"\n'
        assert project_from_text(text, file="cauce.toml").name == "p"


def test_strange_columns_say_what_they_are() -> None:
    """All null, one value, infinities, numbers near the end of the floats, empty texts."""
    rows = 200
    frame = pl.DataFrame(
        {
            "none": pl.Series([None] * rows, dtype=pl.Float64),
            "one": [7] * rows,
            "ends": [math.inf, -math.inf] * (rows // 2),
            "huge": [1e308, -1e308] * (rows // 2),
            "empty": [""] * rows,
            "nearly": [0] * (rows - 1) + [1],
        }
    )
    schema = Schema(
        tuple(
            Field(name, kind)
            for name, kind in zip(
                frame.columns, ("float", "integer", "float", "float", "text", "integer"), strict=True
            )
        )
    )
    found = profile_of(frame, schema, "one")
    kinds = {column.name: [flag.kind for flag in column.flags] for column in found.columns}
    assert kinds["none"] == ["empty"]
    assert kinds["one"] == kinds["empty"] == ["constant"]
    assert "nearly_constant" in kinds["nearly"]
    assert found["empty"].empty == rows
    assert found["ends"].infinities == rows
    assert (found["ends"].low, found["ends"].high) == (-math.inf, math.inf)
    assert found["huge"].numbers is not None
    assert found["huge"].histogram is not None
    assert sum(found["huge"].histogram.counts) == rows


def test_a_table_without_rows_has_a_profile() -> None:
    found = profile_of(frame_of([]), SCHEMA, "*")
    assert found.rows == 0
    assert {flag.kind for column in found.columns for flag in column.flags} == {"empty"}


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_edges_rise_around_what_they_hold(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    for edges in (nice_edges(low, high, bins=30), nice_edges(low, high, bins=30, whole=True)):
        assert edges[0] <= low <= high <= edges[-1]
        assert 2 <= len(edges) <= 121
        assert list(edges) == sorted(set(edges))
    if low > 0:
        edges = logarithmic_edges(low, high, bins=30)
        assert edges[0] <= low
        assert len(edges) <= 40
        assert list(edges) == sorted(set(edges))


def test_repeated_rows_of_a_large_table_are_estimated_within_their_error() -> None:
    """Exact while few; beyond, the true number lies within four standard errors."""
    draw = np.random.default_rng(5)
    words = draw.integers(-(2**63), 2**63 - 1, 30_000, dtype=np.int64)
    hashes = np.concatenate([words, words[:2_000], words[:500]])
    whole = Thinned("h", 40_000)
    exact = whole.result(whole.update(whole.start(), pl.DataFrame({"h": hashes})))
    assert exact.exact
    assert exact.repeated == 2_500
    assert exact.repeated_error == 0.0
    few = Thinned("h", 4_000)
    state = few.start()
    for batch in pl.DataFrame({"h": hashes}).iter_slices(7_000):
        state = few.update(state, batch)
    found = few.result(state)
    assert not found.exact
    assert len(found.counts) <= 4_000
    assert 0 < found.repeated_error < 300
    assert abs(found.repeated - 2_500) < 4 * found.repeated_error


@pytest.mark.parametrize(
    ("name", "what"),
    [
        *(("email", "email"), ("Correo_Electrónico", "email"), ("telefono", "telephone")),
        *(("CustomerId", "person"), ("patient_nbr", "person"), ("nit_del_proveedor", "document")),
        *(("nombre_representante_legal", "name"), ("identificaci_n_representante", "name")),
        *(("proveedor_adjudicado", "name"), ("g_nero", None), ("genero", "group"), ("género", "group")),
        *(
            ("domicilio_representante_legal", "address"),
            ("dirección", "address"),
            ("fecha_nacimiento", "birth"),
        ),
        *(("nombre_entidad", None), ("filename", None), ("product_name", None), ("departamento", None)),
        *(("origin", None), ("estado_contrato", None), ("distance", None), ("user_count", None)),
    ],
)
def test_names_of_columns_tell_personal_data_in_both_languages(name: str, what: str | None) -> None:
    """The suppliers of public contracts come with their representative's name, number and sex."""
    assert named_personal(name) == what


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("ana.perez{n}@correo.com.co", "email"),
        ("+57 300 123 {n:04d}", "telephone"),
        ("10.0.{n}.1", "address"),
        ("123-45-{n:04d}", "document"),
        ("1.234.5{n}", "document"),
        ("2024-01-{n}", None),
        ("{n} Mes(es)", None),
    ],
)
def test_values_tell_personal_data_by_their_shape(cell: str, what: str | None) -> None:
    found = personal_values(pl.Series([cell.format(n=n) for n in range(10, 99)]))
    assert (None if found is None else found[0]) == what


def test_card_numbers_are_told_from_other_long_numbers() -> None:
    """By Luhn's sum, as written and as whole numbers; of other numbers one in ten passes."""
    cards = ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005", "6011000990139424"] * 10
    found = personal_values(pl.Series(cards[::4] + cards[1::4] + cards[3::4]))
    assert found is not None
    assert found[0] == "card"
    numbers = personal_values(pl.Series([4111111111111111] * 30))
    assert numbers is not None
    assert numbers[0] == "card"
    assert personal_values(pl.Series([10**15 + 7 * n for n in range(100)])) is None


def test_a_target_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    pl.DataFrame({"price": [1.0, 2.0], "day": [date(2020, 1, 1)] * 2}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(CauceError, match=r"E1515.*pric"):
        cauce.profile(tmp_path / "t.parquet", target="pric")
