"""What a user reads when a search is wrong: the place, the value and the way out."""

from __future__ import annotations

import pytest

from cauce.errors import CATALOGUE, CauceErrors
from cauce.spec import project_from_mapping, project_from_text, write_project

HEAD = 'name = "a"\n[data]\nsource = "a.csv"\n[target]\ncolumn = "y"\n[[models]]\n'
GRID = 'search = {{ method = "grid", space = {{ {} }} }}'
TPE = 'search = {{ method = "tpe", space = {{ {} }} }}'


def told(table: str) -> list[str]:
    with pytest.raises(CauceErrors) as caught:
        project_from_text(HEAD + table)
    return [f"{error} {error.hint}" for error in caught.value.errors]


def test_a_misspelled_setting_is_told_with_the_right_one() -> None:
    """The nearest name is nearly always what was meant."""
    (said,) = told(TPE.format("max_dept = [3, 10]"))
    assert said.startswith("E0306 cauce.toml:7:38: There is no setting models[0].search.space.max_dept.")
    assert "Did you mean max_depth?" in said


def test_every_value_is_held_against_its_setting_at_its_place() -> None:
    """A value outside its range, found after an hour of fits, is an hour lost."""
    said = told(TPE.format('max_depth = [3, 5, 99], eta = "log 0.01..3", class_weight = ["none", "balancd"]'))
    assert said[0].startswith(
        "E0308 cauce.toml:7:57: models[0].search.space.max_depth[2] expects a whole number, at least 1, "
        "at most 24; it has 99."
    )
    assert said[1].startswith(
        "E0308 cauce.toml:7:62: models[0].search.space.eta expects a number, above 0, at most 1"
    )
    assert '[1] has "balancd", which is not one of its choices. Did you mean "balanced"?' in said[2]
    assert len(said) == 3


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (TPE.format('device = ["cpu", "cuda"]'), "E2130"),
        (TPE.format('learner = ["boosting"]'), "E2130"),
        (TPE.format('eta = "0.1 to 0.3"'), "E2131"),
        (TPE.format('eta = "log 0.1..0.3 in 1"'), "E2131"),
        (TPE.format('max_depth = "3.5..8"'), "E0308"),
        (TPE.format('eta = "0.3..0.1"'), "E2132"),
        (TPE.format("max_depth = [8, 3]"), "E2132"),
        (TPE.format('gamma = "log 0..1"'), "E2133"),
        (GRID.format('eta = "0.1..0.3"'), "E2134"),
        ('search = { method = "grid", trials = 4, space = { max_depth = [3] } }', "E2135"),
        ('search = { method = "halving", rounds = 4, space = { max_depth = [3] } }', "E2135"),
        ('search = { method = "random", factor = 4, space = { max_depth = [3] } }', "E2135"),
        ('search = { method = "random", rounds = 4, trials = 4, space = { max_depth = [3] } }', "E0314"),
        ('search = { method = "random", rounds = 4000, space = { max_depth = [3] } }', "E2136"),
        (GRID.format('rounds = "1..1000", max_depth = "1..11"'), "E2136"),
        ('search = { method = "grid" }', "E2137"),
        ('search = { method = "halving", space = { rounds = [10, 20, 30] } }', "E2138"),
        ('search = { method = "random", time_limit = "soon", space = { max_depth = [3] } }', "E0308"),
        ('max_depth = 3\nsearch = { method = "random", space = { max_depth = [3, 4] } }', "E0314"),
        ("search = { space = { max_depth = [3, 4] } }", "E0310"),
        ('search = { method = "bayes", space = { max_depth = [3, 4] } }', "E0308"),
    ],
)
def test_a_search_that_means_nothing_is_refused(table: str, code: str) -> None:
    """What is silently put right is another search than the one that was written."""
    (said,) = told(table)
    assert said.startswith(code)
    assert ": models[0].search" in said or code == "E2130" or "[0].max_depth" in said or "candidates" in said


def test_a_search_is_read_written_and_read_again() -> None:
    """`cauce init` and the store write projects too; a range must stay one."""
    table = 'search = { method = "tpe", refine = 1, space = { eta = "log 0.01..0.3", max_depth = [3, 10] } }'
    project = project_from_text(HEAD + table)
    assert project_from_text(write_project(project)) == project
    assert project_from_mapping(project.to_mapping()) == project


def test_hints_show_how_a_search_is_written() -> None:
    """Doubled braces in a hint would be copied into the file."""
    for code in ("E2137", "E2140", "E2141"):
        assert "{ max_depth = [3, 10] }" in CATALOGUE[code].hint.format()
