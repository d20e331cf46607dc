"""`cauce profile` on a file and in a project."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from command_runs import cauce

ROWS = 200


def write_table(path: Path) -> None:
    """Numbers, levels, an identifier with e-mail addresses, and a marker for missing cells."""
    pl.DataFrame(
        {
            "price": [float(n % 17) for n in range(ROWS)],
            "town": ["Cali", "Pasto", "?", "Bogotá"] * (ROWS // 4),
            "mail": [f"person{n}@example.org" for n in range(ROWS)],
            "sold": [n % 3 == 0 for n in range(ROWS)],
        }
    ).write_csv(path)


def test_a_file_without_a_project_is_told_in_words_and_as_json(tmp_path: Path) -> None:
    write_table(tmp_path / "houses.csv")
    done = cauce("profile", "houses.csv", "--target", "sold", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for expected in ("200 rows, 4 columns", "price", "Cali", "personal data", 'data.drop = ["mail"]'):
        assert expected in done.stdout
    assert "person1" not in done.stdout + done.stderr
    assert "'?'" in done.stderr
    told = json.loads(cauce("profile", "houses.csv", "--json", folder=tmp_path).stdout)
    assert told["schema"] == "cauce.profile/1"
    assert [column["name"] for column in told["columns"]] == ["price", "town", "mail", "sold"]
    assert "person1" not in json.dumps(told)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["houses.csv"]


def test_an_unknown_target_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "houses.csv")
    done = cauce("profile", "houses.csv", "--target", "sale", folder=tmp_path)
    assert done.returncode == 2
    assert "E1515" in done.stderr


def test_a_project_gives_its_own_target(tmp_path: Path) -> None:
    """Nothing is kept: the project's store is not even made."""
    write_table(tmp_path / "houses.csv")
    text = 'schema = 1\nname = "houses"\n[data]\nsource = "houses.csv"\nmissing = ["?"]\n'
    text += '[target]\ncolumn = "sold"\n[[models]]\nlearner = "boosting"\n'
    (tmp_path / "cauce.toml").write_text(text, encoding="utf-8")
    done = cauce("profile", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["target"]["name"] == "sold"
    assert told["columns"][1]["nulls"] == ROWS // 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cauce.toml", "houses.csv"]
