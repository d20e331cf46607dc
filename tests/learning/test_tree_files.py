"""A damaged model file gets a coded error, never a crash and never another model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import xgboost
from boosting_data import matrix, spec, table
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.scoring import load_scorer
from cauce.core.trees.document import write_xgboost
from cauce.core.trees.model import read_xgboost
from cauce.engines.local.boosting import boost
from cauce.errors import CauceError


@pytest.fixture(scope="module")
def payload() -> bytes:
    frame = table(400, missing=0.2)
    return boost(
        lambda: iter([frame]), spec(parameters={"rounds": 3, "max_depth": 3, "max_cat_to_onehot": 1})
    ).payload


def edited(payload: bytes, *path: Any, value: Any) -> bytes:
    document = json.loads(payload)
    place = document["learner"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document).encode()


TREE = ("gradient_booster", "model", "trees", 0)
EDITS: list[tuple[tuple[Any, ...], Any]] = [
    ((*TREE, "left_children", 0), 99999),
    ((*TREE, "left_children", 0), 0),
    ((*TREE, "right_children", 0), 1),
    ((*TREE, "left_children", 0), -7),
    ((*TREE, "left_children", 0), -1),
    ((*TREE, "left_children", 0), 1.5),
    ((*TREE, "left_children", 0), 10**30),
    ((*TREE, "left_children"), []),
    ((*TREE, "split_indices", 0), 10**6),
    ((*TREE, "split_indices", 0), -1),
    ((*TREE, "split_conditions", 0), float("nan")),
    ((*TREE, "split_conditions", -1), float("nan")),
    ((*TREE, "split_conditions", -1), float("inf")),
    ((*TREE, "split_conditions", -1), 1e300),
    ((*TREE, "split_conditions"), [0.5]),
    ((*TREE, "default_left"), "yes"),
    ((*TREE, "split_type", 0), 7),
    ((*TREE, "categories_nodes"), []),
    ((*TREE, "categories_segments"), [10**9]),
    ((*TREE, "categories_sizes"), [-4]),
    ((*TREE, "categories"), [-1]),
    (("gradient_booster", "model", "trees"), []),
    (("gradient_booster", "model", "tree_info", 0), 5),
    (("gradient_booster", "name"), "gblinear"),
    (("learner_model_param", "num_feature"), "0"),
    (("learner_model_param", "num_feature"), "many"),
    (("learner_model_param", "num_class"), "3"),
    (("learner_model_param", "base_score"), "[0.1,0.2]"),
    (("learner_model_param", "base_score"), "2"),
    (("objective", "name"), "rank:ndcg"),
]


@pytest.mark.parametrize(
    ("path", "value"),
    EDITS,
    ids=lambda item: "-".join(map(str, item))[-40:] if isinstance(item, tuple) else None,
)
def test_structural_edits_are_refused_before_xgboost_sees_them(
    payload: bytes, path: tuple[Any, ...], value: Any
) -> None:
    """XGBoost itself crashes on most of these and takes the service with it."""
    if path[-1] == "num_class":
        changed = edited(payload, "objective", "name", value="multi:softprob")
        changed = edited(changed, *path, value=value)
    else:
        changed = edited(payload, *path, value=value)
    with pytest.raises(CauceError, match=r"E0811|E0812"):
        load_scorer(changed, "xgboost")


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{}", b'{"learner": 3}', b"\xff\x00", b"[" * 100_000, b"{" * 9]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    """A file cut short, or of another kind, would end in a traceback."""
    with pytest.raises(CauceError, match="E0811"):
        load_scorer(data, "xgboost")
    with pytest.raises(CauceError, match="E0814"):
        load_scorer(data, "onnx")


@settings(max_examples=150)
@given(place=st.integers(0, 10**9), byte=st.integers(0, 255), cut=st.booleans())
def test_random_damage_is_refused_or_harmless(payload: bytes, place: int, byte: int, cut: bool) -> None:
    """One flipped byte would crash the reader."""
    at = place % len(payload)
    damaged = payload[:at] if cut else payload[:at] + bytes([byte]) + payload[at + 1 :]
    codes = {"E0811", "E0812"}
    try:
        ensemble = read_xgboost(damaged)
    except CauceError as error:
        codes &= {error.code}
    else:
        assert all(np.isfinite(tree.value).all() for tree in ensemble.trees)
    assert codes


def test_pruned_nodes_are_left_behind() -> None:
    """Trees that gamma pruned keep deleted nodes in their arrays; they must not come back."""
    frame = table(500)
    result = boost(lambda: iter([frame]), spec(parameters={"gamma": 3.0, "rounds": 5}))
    scores = load_scorer(result.payload, "xgboost")(matrix(frame))
    assert np.isfinite(scores).all()
    assert all((tree.left < len(tree)).all() for tree in read_xgboost(result.payload).trees)


UNREAD: list[tuple[tuple[Any, ...], Any]] = [
    ((*TREE, "parents", 1), 99999),
    ((*TREE, "parents", 2), -5),
    ((*TREE, "id"), 7),
    ((*TREE, "tree_param", "size_leaf_vector"), "99999"),
    ((*TREE, "tree_param", "num_nodes"), "3"),
    ((*TREE, "sum_hessian"), []),
    (("gradient_booster", "model", "iteration_indptr", 0), 99999),
    (("gradient_booster", "model", "gbtree_model_param", "num_trees"), "1"),
]


@pytest.mark.parametrize(("path", "value"), UNREAD, ids=lambda item: str(item)[-30:])
def test_fields_that_no_score_needs_cannot_crash_the_library(
    payload: bytes, path: tuple[Any, ...], value: Any
) -> None:
    """XGBoost trusts them when it loads: false parents or tree numbers are segmentation faults."""
    rows = matrix(table(50))
    assert (
        load_scorer(edited(payload, *path, value=value), "xgboost")(rows)
        == load_scorer(payload, "xgboost")(rows)
    ).all()


def test_what_is_written_reads_as_the_same_trees_and_scores_as_the_library_does(payload: bytes) -> None:
    """The document that is loaded would be another model than the one in the bundle."""
    frame = table(900, missing=0.2)
    rows = matrix(frame)
    ensemble = read_xgboost(payload)
    again = read_xgboost(write_xgboost(ensemble))
    for first, second in zip(ensemble.trees, again.trees, strict=True):
        assert (first.threshold[first.left >= 0] == second.threshold[first.left >= 0])[
            [node not in first.members for node in np.flatnonzero(first.left >= 0)]
        ].all()
        assert (first.value == second.value).all()
        assert {key: codes.tolist() for key, codes in first.members.items()} == {
            key: codes.tolist() for key, codes in second.members.items()
        }
    direct = xgboost.Booster(model_file=bytearray(payload)).inplace_predict(rows)
    assert (load_scorer(payload, "xgboost")(rows)[:, 1] == direct).all()
