"""`init` guesses what a person would, says why, and writes a file that says the same when it is read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from cauce.api.asking import Question
from cauce.api.init import init
from cauce.errors import CauceError, CauceErrors
from cauce.spec import read_project


def table(folder: Path, text: str, name: str = "data.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def guesses(source: str, folder: Path, **answers: object) -> dict[str, str]:
    made = init(source, project=folder / "cauce.toml", yes=True, force=True, **answers)  # type: ignore[arg-type]
    assert read_project(made.file) == made.project
    return {name: guess.value for name, guess in made.guesses.items()}


def test_the_hospitals_are_read_as_a_person_would(shared_data: Path, tmp_path: Path) -> None:
    """101,766 stays of 71,518 patients: split by row, 42 % of test rows belong to patients already seen."""
    found = guesses(str(shared_data / "diabetes130" / "diabetic_data.zstd.parquet"), tmp_path)
    assert found == {
        "missing": "?",
        "target": "readmitted",
        "task": "multiclass",
        "key": "encounter_id",
        "group": "patient_nbr",
        "time": "",
        "split": "group",
        "name": "diabetic_data",
    }


def test_small_real_tables(shared_data: Path, tmp_path: Path) -> None:
    """The first minute with one's own table."""
    penguins = guesses(str(shared_data / "penguins" / "penguins.csv"), tmp_path)
    assert (penguins["target"], penguins["split"], penguins["key"]) == ("species", "random", "")
    wine = guesses(str(shared_data / "wine_quality_white" / "winequality-white.csv"), tmp_path)
    assert wine["target"] == "quality"


def test_a_derived_target_and_a_split_in_time(tmp_path: Path) -> None:
    """Flights: what is predicted is no column, and the model will score days that come later."""
    rows = "".join(f"2013-01-{1 + n % 28:02d},{n % 40},{n % 5}\n" for n in range(200))
    source = table(tmp_path, "day,delay,carrier\n" + rows)
    found = guesses(source, tmp_path, formula="delay > 15")
    assert found["task"] == "binary"
    assert (found["time"], found["split"]) == ("day", "time")
    project = read_project(tmp_path)
    assert (project.target.formula, project.target.column, project.target.positive) == (
        "delay > 15",
        None,
        True,
    )


def test_a_class_keeps_its_type(tmp_path: Path) -> None:
    """Class 1 written as the text "1" would be another class."""
    source = table(tmp_path, "x,label\n" + "".join(f"{n},{n % 2}\n" for n in range(50)))
    init(source, project=tmp_path, yes=True, positive="0")
    assert read_project(tmp_path).target.positive == 0


def test_a_positive_class_makes_a_binary_task_of_several_classes(tmp_path: Path) -> None:
    """Who names the class that matters is not asked to know the word for it."""
    source = table(tmp_path, "x,y\n" + "".join(f"{n},{('NO', '<30', '>30')[n % 3]}\n" for n in range(60)))
    for answers in ({"positive": "<30"}, {"positive": "<30", "task": "binary"}):
        guesses(source, tmp_path, target="y", **answers)
        target = read_project(tmp_path).target
        assert (target.task, target.positive) == ("binary", "<30")


def test_the_file_finds_the_data_from_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path relative to the shell's folder would be wrong in the project's."""
    monkeypatch.chdir(tmp_path)
    table(tmp_path, "x,label\n1,a\n2,b\n3,a\n4,b\n", "rows.csv")
    init("rows.csv", project="deep/project/cauce.toml", yes=True)
    assert read_project(tmp_path / "deep" / "project").data.source == ("../../rows.csv",)


def test_a_project_file_is_never_lost(tmp_path: Path) -> None:
    """Hours of work replaced by guesses."""
    source = table(tmp_path, "x,label\n1,a\n2,b\n3,a\n4,b\n")
    (tmp_path / "cauce.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(CauceError) as refused:
        init(source, project=tmp_path, yes=True)
    assert refused.value.code == "E1509"
    assert (tmp_path / "cauce.toml").read_text(encoding="utf-8") == "mine"
    with pytest.raises(CauceError):
        init(source, project=tmp_path, yes=True, force=True, target="nothing")
    assert (tmp_path / "cauce.toml").read_text(encoding="utf-8") == "mine"
    init(source, project=tmp_path, yes=True, force=True)
    assert read_project(tmp_path).target.column == "label"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cauce.toml", "data.csv"]


def test_nobody_to_ask_names_every_open_question(tmp_path: Path) -> None:
    """A script would hang, or get a project nobody wanted."""
    source = table(tmp_path, "x,label\n1,a\n2,b\n3,a\n4,b\n")
    with pytest.raises(CauceError) as refused:
        init(source, project=tmp_path, target="label", split="random")
    assert refused.value.code == "E1508"
    assert "--target" not in refused.value.hint
    assert "--split" not in refused.value.hint
    assert "--key" in refused.value.hint
    assert "source" not in str(refused.value), "it was given"
    with pytest.raises(CauceError) as refused:
        init(project=tmp_path, yes=True)
    assert (refused.value.code, refused.value.values["flags"]) == ("E1508", "SOURCE")


def test_every_answer_given_asks_nothing(tmp_path: Path) -> None:
    """Options that are not enough after all."""
    source = table(tmp_path, "x,who,label,w\n1,p,a,1\n2,q,b,1\n3,p,a,1\n4,q,b,2\n")
    made = init(
        source,
        project=tmp_path,
        target="label",
        task="binary",
        positive="a",
        key="x",
        group="who",
        time="",
        split="group",
        weight="w",
        missing="",
        name="mine",
        drop=[],
    )
    data = made.project.data
    assert (data.key, data.group, data.time, data.weight, data.missing) == (("x",), "who", None, "w", ())
    assert made.guesses == {}


def test_answers_are_checked_where_they_are_given(tmp_path: Path) -> None:
    """A wrong column would be found only when the project runs."""
    source = table(tmp_path, "x,label\n1,a\n2,b\n3,a\n4,b\n")
    asked: list[tuple[str, str | None]] = []
    answers = iter(["lable", "label", "", "a", "x, y", "-", "", "", "sideways", "random", ""])

    def ask(question: Question, problem: str | None) -> str:
        asked.append((question.name, problem))
        return next(answers)

    made = init(source, project=tmp_path, ask=ask)
    assert [name for name, problem in asked if problem] == ["target", "key", "split"]
    assert made.project.target.positive == "a"
    assert made.project.data.key == ()


def test_an_ended_conversation_writes_nothing(tmp_path: Path) -> None:
    """Ctrl-D half way would leave half a project."""
    source = table(tmp_path, "x,label\n1,a\n2,b\n3,a\n4,b\n")

    def ask(question: Question, problem: str | None) -> str:
        raise EOFError

    with pytest.raises(CauceError) as refused:
        init(source, project=tmp_path, ask=ask)
    assert refused.value.code == "E1508"
    assert not (tmp_path / "cauce.toml").exists()


def test_a_name_the_project_cannot_have_is_refused(tmp_path: Path) -> None:
    """The name becomes a folder and a registered model."""
    source = table(tmp_path, "x,label\n1,a\n2,b\n3,a\n4,b\n")
    with pytest.raises(CauceErrors):
        init(source, project=tmp_path, yes=True, name="a/b")
    assert not (tmp_path / "cauce.toml").exists()


@pytest.mark.parametrize("name", ["ventas 2024 (añadidas).csv", "*.csv", "----.csv", "日本.csv"])
def test_a_name_is_made_of_any_file_name(name: str, tmp_path: Path) -> None:
    """`--yes` would fail on a file with an ordinary name."""
    table(tmp_path, "x,label\n1,a\n2,b\n3,a\n4,b\n", name.replace("*", "all"))
    assert init(str(tmp_path / name), project=tmp_path, yes=True).project.name


@pytest.mark.parametrize(
    "text", ["label\na\nb\na\n", "*,^a$\n1,a\n2,b\n3,a\n", "x,y\n,\n1,a\n,b\n", ",label\n1,a\n2,b\n3,a\n"]
)
def test_odd_tables_are_guessed_or_refused_with_a_code(text: str, tmp_path: Path) -> None:
    """One column, names that are patterns, an empty name: never a defect."""
    source = table(tmp_path, text)
    with suppress(CauceError):
        init(source, project=tmp_path, yes=True)
