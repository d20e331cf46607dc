"""A project survives being written, read, hashed, pickled and described."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import tomllib
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import tomlkit
from hypothesis import example, given
from hypothesis import strategies as st
from project_strategies import HOSTILE, mappings

from cauce.errors import CauceError, CauceErrors
from cauce.expr.schema import KINDS
from cauce.language import use_language
from cauce.spec import (
    FrozenMap,
    Project,
    json_schema,
    project_from_mapping,
    project_from_text,
    write_project,
)
from cauce.spec.features import STEPS
from cauce.spec.models import LEARNERS, Penalty, StrengthPath
from cauce.spec.page import project_file_page, schema_file
from cauce.spec.positions import positions
from cauce.spec.project import Kind

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {"name": "a", "data": {"source": "a.csv"}, "target": {"column": "y"}}
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def listed(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    return json.loads(json.dumps(value))


@given(mappings)
def test_a_written_project_reads_back_equal(mapping: dict[str, Any]) -> None:
    """What `cauce init` writes must mean what was answered, whatever the columns are called."""
    project = project_from_mapping(mapping)
    for language in ("en", "es"):
        use_language(language)
        text = write_project(project)
        assert project_from_text(text) == project
    use_language("en")
    assert tomlkit.parse(text).unwrap() == tomllib.loads(text)


@given(mappings)
def test_a_project_is_a_plain_value(mapping: dict[str, Any]) -> None:
    """It goes into digests, to workers and into sets: as JSON, by pickle, by hash."""
    project = project_from_mapping(mapping)
    plain = project.to_mapping()
    assert project_from_mapping(json.loads(json.dumps(plain))) == project
    assert pickle.loads(pickle.dumps(project)) == project
    assert len({project, project_from_mapping(mapping)}) == 1


@given(mappings)
def test_the_json_schema_takes_what_the_reader_takes(mapping: dict[str, Any]) -> None:
    """An editor that marks a good file as wrong is worse than no check."""
    VALIDATOR.validate(listed(mapping))
    VALIDATOR.validate(project_from_mapping(mapping).to_mapping())


def test_the_json_schema_is_one() -> None:
    """Editors refuse a schema that breaks the rules of schemas."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert "x-expects" not in json.dumps(json_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"nam": "a"},
        {"name": "a b"},
        {"schema": 2},
        {"data": {}},
        {"data": {"source": []}},
        {"data": {"source": 3}},
        {"data": {"source": "a", "header": "true"}},
        {"data": {"source": "a", "types": {"a": "int"}}},
        {"target": {}},
        {"target": {"column": "a", "formula": "b"}},
        {"split": {"train": 1.5}},
        {"split": {"kind": "k"}},
        {"features": {"columns": {"a": "impute.medan"}}},
        {"features": {"columns": {"a": [{"step": "clip", "lowr": 1}]}}},
        {"features": {"columns": {"a": [{"method": "mean"}]}}},
        {"features": {"columns": {"a": []}}},
        {"features": {"columns": {"a": [["log"], "scale"]}}},
        {"models": []},
        {"models": [{"learner": "linear", "penalty": {}}]},
        {"models": [{"learner": "linear", "eta": 0.1}]},
        {"models": [{"learner": "logistic", "penalty": {"lambda": {"path": 1}}}]},
        {"models": [{"penalty": {"lambda": 0.1}}]},
        {"models": [{"class_weight": {"a": 0}}]},
        {"serve": {"port": "8080"}},
        {"serve": {"capture_full": "wait"}},
    ],
    ids=str,
)
def test_reader_and_json_schema_refuse_the_same_shapes(wrong: dict[str, Any]) -> None:
    """The editor should mark what the command will refuse."""
    mapping = {**SMALL, **wrong}
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(mapping)
    with pytest.raises(CauceErrors):
        project_from_mapping(mapping)


def test_one_value_stands_for_a_list_and_a_step_for_a_chain() -> None:
    """The short ways to write a thing must mean exactly the long one."""
    short = {**SMALL, "features": {"columns": {"a": "scale.robust"}}}
    long = {
        "name": "a",
        "data": {"source": ["a.csv"]},
        "target": {"column": "y"},
        "features": {"columns": {"a": [[{"step": "scale", "method": "robust"}]]}},
    }
    assert project_from_mapping(short) == project_from_mapping(long)


@given(mappings, st.data())
def test_any_damage_ends_in_codes_and_words(mapping: dict[str, Any], data: st.DataObject) -> None:
    """A file edited by hand can be wrong in any place; a traceback helps nobody."""
    # Strategies give the same list or table again: what is damaged in one example would be so in the next.
    damaged = copy.deepcopy(mapping)
    for _turn in range(data.draw(st.integers(1, 3))):
        _damage(damaged, data)
    told = _told(tomlkit.dumps(damaged))
    assert all(str(error) and error.hint for error in told)
    assert all(error.place and error.place.line for error in told if error.code != "E0310")
    pickle.dumps(told)


def _told(text: str) -> tuple[CauceError, ...]:
    try:
        project_from_text(text)
    except CauceErrors as failure:
        return failure.errors
    return ()


def _damage(value: Any, data: st.DataObject) -> None:
    """Put something else in one place of a mapping."""
    while True:
        place = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        inner = value[place]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            break
        value = inner
    wrong = st.sampled_from([0, -1, 1.5, True, "", "clip", "log", [], {}, [[]], {"step": "pca"}, {"a": 1}])
    value[place] = copy.deepcopy(data.draw(wrong))
    if isinstance(value, dict) and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(["kind", "step", "x", "method", "colum", "models"]))
        value[name] = copy.deepcopy(data.draw(wrong))


def test_a_toml_date_and_its_text_are_the_same_moment() -> None:
    """`since = 2013-01-31` and `since = "2013-01-31"` must not be two features."""
    steps = ('{ step = "elapsed", since = 2013-01-31 }', '{ step = "elapsed", since = "2013-01-31" }')
    first, second = (
        project_from_text(write_project(project_from_mapping(SMALL)) + f"[features.columns]\na = {step}\n")
        for step in steps
    )
    assert first == second


def test_rows_and_shares_of_rejected_rows_stay_apart() -> None:
    """`rejected = 1` is one row, `rejected = 1.0` is all of them."""
    for limit in (1, 1.0, 0, 0.0):
        project = project_from_mapping({**SMALL, "data": {"source": "a", "rejected": limit}})
        read = project_from_text(write_project(project)).data.rejected
        assert (read, type(read)) == (limit, type(limit))


def test_a_project_cannot_change() -> None:
    """A plan made from it would no longer be about it."""
    project = project_from_mapping({**SMALL, "data": {"source": "a", "missing_in": {"b": "?"}}})
    with pytest.raises(FrozenInstanceError):
        project.name = "b"  # type: ignore[misc]
    with pytest.raises(TypeError):
        project.data.missing_in["b"] = ()  # type: ignore[index]
    assert project.data.missing_in == {"b": ("?",)} == FrozenMap({"b": ("?",)})


def test_the_kinds_of_the_file_are_the_kinds_of_the_engine() -> None:
    """A kind the file takes and no engine knows would fail in the middle of a run."""
    assert get_args(Kind) == KINDS


def test_memory_is_counted_in_decimal_bytes() -> None:
    """A limit read as the wrong unit ends in an out-of-memory kill."""
    sizes = {"4GB": 4_000_000_000, "512 MB": 512_000_000, "1.5 TB": 1_500_000_000_000, "9KB": 9_000}
    for text, size in sizes.items():
        assert project_from_mapping({**SMALL, "engine": {"memory": text}}).engine.memory_bytes == size


def test_every_setting_says_what_it_is_for() -> None:
    """A setting without a sentence is a setting nobody uses."""
    project = project_from_mapping(SMALL)
    declared = [
        project,
        *(getattr(project, item.name) for item in fields(Project)),
        *LEARNERS.values(),
        Penalty,
        StrengthPath,
        *STEPS.values(),
    ]
    for section in declared:
        for item in fields(section) if is_dataclass(section) else ():
            if item.name != "step":
                said = item.metadata["description"]
                assert said[0].isupper() or said.split()[0] in ("random", "local:")
                assert said.endswith(".")


def test_the_page_of_the_project_file_is_up_to_date() -> None:
    """A page that describes other settings than the program has misleads."""
    assert (ROOT / "docs/project-file.md").read_text(encoding="utf-8") == project_file_page(), (
        "run: python -m cauce.spec.page docs"
    )


def test_reading_types_needs_no_heavy_library() -> None:
    """The help of every command would wait for pydantic otherwise."""
    code = "import sys, cauce.spec; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"pydantic", "pydantic_core", "polars", "numpy", "jinja2"} & set(loaded.split()) == set()


toml_values = st.recursive(
    st.sampled_from(HOSTILE) | st.integers(0, 9) | st.booleans() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(HOSTILE) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every path of a TOML value, by walking what tomllib made of it."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path, *(deeper for name, part in parts for deeper in paths_of(part, (*path, name)))}


@given(st.dictionaries(st.sampled_from(HOSTILE) | st.text(max_size=4), toml_values, max_size=4))
@example({"a": [{"b": [1, {"c": "]"}]}], 'q"': {"x.y": {"": "'''"}}})
def test_every_key_and_item_has_a_place(value: dict[str, Any]) -> None:
    """A fault without its place must be searched by eye."""
    text = tomlkit.dumps(value)
    assert {(), *positions(text)} == paths_of(tomllib.loads(text))


PLACES = '''# first
a.b . "c d" = 1 # x = 2
[t.'u']
v = """
w = 3
""" # [no]
x = [ 1, # one ]
  """two"] """,
  { y = 'z = "', q.r = [ ] },
  1979-05-27 07:32:00, inf ]
[[m]]
n = {}
[[m]]
  [m.o]
  p = -0.5e-3
  [[m.k]]
  [[m.k]]
  "\\u00e9" = "\\\\"
'''


def test_places_are_those_an_editor_shows() -> None:
    """Counted by hand on a file with every way to write a key."""
    found = positions(PLACES)
    assert {(), *found} == paths_of(tomllib.loads(PLACES))
    by_hand = {
        ("a",): (2, 1),
        ("a", "b"): (2, 3),
        ("a", "b", "c d"): (2, 7),
        ("t", "u"): (3, 4),
        ("t", "u", "v"): (4, 1),
        ("t", "u", "x"): (7, 1),
        ("t", "u", "x", 0): (7, 7),
        ("t", "u", "x", 1): (8, 3),
        ("t", "u", "x", 2, "y"): (9, 5),
        ("t", "u", "x", 2, "q"): (9, 18),
        ("t", "u", "x", 2, "q", "r"): (9, 20),
        ("t", "u", "x", 3): (10, 3),
        ("m",): (11, 3),
        ("m", 0, "n"): (12, 1),
        ("m", 1): (13, 3),
        ("m", 1, "o", "p"): (15, 3),
        ("m", 1, "k", 0): (16, 7),
        ("m", 1, "k", 1, "é"): (18, 3),
    }
    assert {path: found[path] for path in by_hand} == by_hand


def test_the_schema_for_editors_is_up_to_date() -> None:
    """An editor would underline a setting that exists."""
    kept = (ROOT / "docs" / "cauce.schema.json").read_text(encoding="utf-8")
    assert kept == schema_file(), "run: python -m cauce.spec.page docs"
