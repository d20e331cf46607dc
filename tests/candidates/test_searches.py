"""A search asks for the candidates that its file declares, each once, and finds good ones."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_loops import models, run, searched, sequence

from cauce.core.candidates.search.halving import rungs
from cauce.core.candidates.search.tables import search_of
from cauce.core.candidates.trials import Trial

SPACE: dict[str, Any] = {"max_depth": [3, 10], "eta": "log 0.01..0.3", "subsample": "0.5..1"}
METHODS = ("random", "tpe", "halving")
FIRST = [0.6639, 0.9694, 0.9222]


def bowl(model: Any) -> float:
    """Best at depth 6, eta 0.05, subsample 0.8; a deterministic stand-in for a model's score."""
    away = (
        (model.max_depth - 6) ** 2 / 10 + math.log(model.eta / 0.05) ** 2 + 4 * (model.subsample - 0.8) ** 2
    )
    return -away - 1.0 / model.rounds


def moody(model: Any) -> float | None:
    """Fails for some candidates."""
    return None if model.max_depth == 4 else bowl(model)


def test_a_grid_is_every_combination_in_the_order_a_reader_expects() -> None:
    """A missing combination would be the one that was wanted."""
    tables = searched(
        "grid", {"eta": "log 0.01..1 in 3", "max_depth": [6, 3], "class_weight": ["none", "balanced"]}
    )
    found = [(one.eta, one.max_depth, one.class_weight) for one in sequence(tables, bowl)]
    # The settings in the learner's own order; what is a number rises, words stay as written.
    assert found == list(itertools.product((0.01, 0.1, 1.0), (3, 6), ("none", "balanced")))


def test_the_order_of_a_table_in_the_file_changes_nothing() -> None:
    """TOML tables have no order: a file that was tidied up must give the same leaderboard."""
    turned = dict(reversed(SPACE.items()))
    for method in METHODS:
        one, other = (sequence(searched(method, space, trials=12), bowl) for space in (SPACE, turned))
        assert one == other


@pytest.mark.parametrize("method", METHODS)
def test_draws_stay_inside_what_was_written(method: str) -> None:
    """A draw outside its range is a candidate nobody asked for."""
    found = sequence(searched(method, SPACE, trials=30), bowl)
    for one in found:
        assert one.max_depth in range(3, 11)
        assert type(one.max_depth) is int
        assert 0.01 <= one.eta <= 0.3
        assert 0.5 <= one.subsample <= 1
        assert one.search is None
        assert one.reg_lambda == 1.0
    assert len(found) >= 30
    assert {one.max_depth for one in found} > {3, 10}


def test_random_draws_of_a_logarithm_are_even_in_the_logarithm() -> None:
    """Half of the draws of 0.001 to 1 must be below 0.0316, the middle of the logarithms."""
    found = [one.eta for one in sequence(searched("random", {"eta": "log 0.001..1"}, trials=2000), bowl)]
    below = sum(eta < math.sqrt(0.001) for eta in found) / len(found)
    # Four standard deviations of a share of 2,000.
    assert abs(below - 0.5) < 4 * 0.5 / math.sqrt(2000)


def test_another_setting_in_the_space_leaves_the_draws_of_the_others() -> None:
    """Trying one setting more should not make all earlier results those of other candidates."""
    narrow = sequence(searched("random", {"eta": SPACE["eta"]}, trials=9), bowl)
    wide = sequence(searched("random", SPACE, trials=9), bowl)
    assert [one.eta for one in narrow] == [one.eta for one in wide]


@pytest.mark.parametrize("method", METHODS)
def test_seeds_make_other_draws(method: str) -> None:
    """A seed that changes nothing is none."""
    tables = searched(method, SPACE, trials=8)
    assert sequence(tables, bowl, seed=1) != sequence(tables, bowl, seed=2)
    assert sequence(searched(method, SPACE, trials=8, seed=1), bowl) == sequence(tables, bowl, seed=1)


def test_the_first_draws_are_those_of_every_machine() -> None:
    """SHA-256 of "seed/number/setting", worked out with another program, is what a draw is."""
    found = sequence(searched("random", {"subsample": "0.5..1"}, trials=3), bowl)
    # sha256sum of "0/0/subsample" and so on: the first 53 bits as a share of 2^53, halved, plus 0.5.
    assert [one.subsample for one in found] == FIRST


def test_candidates_are_asked_once() -> None:
    """Each fit that was made before is time wasted, and a tie with itself in the leaderboard."""
    small = {"max_depth": [3, 4], "class_weight": ["none", "balanced"]}
    for method in ("random", "tpe"):
        found = sequence(searched(method, small, trials=50), bowl)
        assert len(found) == len(set(found)) == 4
    one = {"max_depth": 3}
    both = models(one, {"search": {"method": "grid", "space": {"max_depth": [3, 4]}}}, one)
    trials, computed = run(search_of(both, seed=0, higher=True), bowl)
    assert [t.candidate.model.max_depth for t in trials] == [3, 4]
    assert [t.candidate.number for t in trials] == [0, 1]
    assert [t.candidate.table for t in trials] == [0, 1]
    assert computed == 2


def test_penalties_are_a_grid_by_themselves() -> None:
    """Every pair of l1_ratio and lambda, from strong to weak as a path is solved."""
    table = {"learner": "logistic", "penalty": {"lambda": [0.1, 1, 0.01], "l1_ratio": [0, 0.5]}}
    found = [(one.penalty.l1_ratio, one.penalty.strength) for one in sequence(models(table), lambda _: 0.0)]
    assert found == [(0.0, 1.0), (0.0, 0.1), (0.0, 0.01), (0.5, 1.0), (0.5, 0.1), (0.5, 0.01)]


def test_tpe_finds_more_than_random_draws() -> None:
    """Otherwise it is only a slower way to draw. Over eight seeds, the mean of the best."""

    def best(method: str) -> float:
        runs = [sequence(searched(method, SPACE, trials=40), bowl, seed=seed) for seed in range(8)]
        return sum(max(map(bowl, run)) for run in runs) / len(runs)

    assert best("tpe") > best("random") + 0.02


def test_halving_gives_the_best_the_most() -> None:
    """27 candidates, a third goes on each time: 27, 9, 3, 1, as in Jamieson and Talwalkar's table."""
    tables = searched("halving", SPACE, trials=27, rounds_each=270)
    found = sequence(tables, bowl)
    by_rounds: dict[int, list[Any]] = {}
    for one in found:
        by_rounds.setdefault(one.rounds, []).append(one)
    assert {rounds: len(ones) for rounds, ones in by_rounds.items()} == {10: 27, 30: 9, 90: 3, 270: 1}
    settings_of = {
        rounds: {(o.max_depth, o.eta, o.subsample) for o in ones} for rounds, ones in by_rounds.items()
    }
    ranked = sorted(by_rounds[10], key=bowl, reverse=True)
    assert settings_of[30] == {(o.max_depth, o.eta, o.subsample) for o in ranked[:9]}
    assert settings_of[270] <= settings_of[90] <= settings_of[30]


@given(st.integers(1, 400), st.integers(1, 2000), st.integers(2, 10))
def test_rungs_fall_in_candidates_and_rise_in_rounds(candidates: int, most: int, factor: int) -> None:
    """A rung with none, or with more than the one before, would not be halving."""
    found = rungs(candidates, most, factor=factor)
    assert found[0].candidates == candidates
    assert found[-1].resource == most
    assert all(
        a.candidates > b.candidates >= 1 and a.resource < b.resource for a, b in itertools.pairwise(found)
    )


@pytest.mark.parametrize("method", ["grid", *METHODS])
def test_refinement_goes_on_around_the_best(method: str) -> None:
    """Narrower, inside the first space, around the best, and better than nothing."""
    space = SPACE if method != "grid" else {"max_depth": [3, 6, 10], "eta": "log 0.01..0.3 in 4"}
    budget = {} if method == "grid" else {"trials": 12}
    plain = sequence(searched(method, space, **budget), bowl)
    refined = sequence(searched(method, space, refine=1, **budget), bowl)
    assert refined[: len(plain)] == plain
    best, more = max(plain, key=bowl), refined[len(plain) :]
    assert more
    for one in more:
        assert 0.01 <= one.eta <= 0.3
        assert abs(math.log(one.eta / best.eta)) <= math.log(30) / 3 + 1e-6
        assert 3 <= one.max_depth <= 10
        assert abs(one.max_depth - best.max_depth) <= 4
    assert max(map(bowl, refined)) >= max(map(bowl, plain))


def test_words_are_fixed_at_the_best_when_refined() -> None:
    """Between words there is nothing to look for."""
    space = {"class_weight": ["none", "balanced"], "eta": "0.1..0.9"}
    found = sequence(searched("random", space, trials=10, refine=1), lambda m: -abs(m.eta - 0.4))
    best = max(found[:10], key=lambda m: -abs(m.eta - 0.4))
    assert {one.class_weight for one in found[10:]} == {best.class_weight}


def key(found: Trial) -> str:
    return repr(found.candidate.to_json())


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(0, 2**31 - 1), st.integers(1, 7), st.booleans())
def test_a_killed_search_goes_on_as_if_it_had_not_been(
    method: str, killed_at: int, seed: int, width: int, higher: bool
) -> None:
    """Resumed after any trial it repeats none and ends with the same trials in the same order."""
    tables = searched(method, SPACE, trials=14, width=width, refine=1)

    def worth(model: Any) -> float | None:
        found = moody(model)
        return found if higher or found is None else -found

    whole, _ = run(search_of(tables, seed=seed, higher=higher), worth)
    first, done = run(search_of(tables, seed=seed, higher=higher), worth, most=killed_at)
    known = {key(one): one for one in first}
    second, more = run(search_of(tables, seed=seed, higher=higher), worth, known=known)
    assert second == whole
    assert done + more == len(whole)


def test_lower_scores_win_where_lower_is_better() -> None:
    """A search that climbed an error would choose the worst model of all."""
    tables = searched("halving", SPACE, trials=9, rounds_each=90)
    up, _ = run(search_of(tables, seed=0, higher=True), bowl)
    down, _ = run(search_of(tables, seed=0, higher=False), lambda model: -bowl(model))
    assert [one.candidate for one in up] == [one.candidate for one in down]


def test_a_search_all_of_whose_candidates_fail_ends() -> None:
    """Nothing to learn from is no reason to go on for ever."""
    for method in METHODS:
        found, _ = run(
            search_of(searched(method, SPACE, trials=9, refine=1), seed=0, higher=True), lambda _: None
        )
        assert len(found) == 9


def test_tables_stop_one_by_one() -> None:
    """A time limit ends its own search; the next [[models]] is still tried."""
    search_table = {"search": {"method": "random", "space": SPACE, "time_limit": "90 s", "width": 2}}
    search = search_of(models(search_table, {"max_depth": 2}), seed=0, higher=True)
    asked = search.ask(100)
    assert (len(asked), search.seconds) == (2, 90.0)
    search.stop()
    (rest,) = search.ask(100)
    assert (rest.number, rest.table, rest.model.max_depth, search.seconds) == (0, 1, 2, None)


def test_penalties_of_one_model_are_asked_for_together() -> None:
    """They are solved from the same sums; asked for one by one, a path of 100 would cost 100 times more."""
    table = {"learner": "linear", "penalty": {"lambda": [0.1, 1, 0.01], "l1_ratio": [0, 0.5, 1]}}
    assert len(search_of(models(table), seed=0, higher=True).ask(4)) == 9
