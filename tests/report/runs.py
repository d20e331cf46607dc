"""Small runs to report, one of them with names that attack whoever shows them."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import NamedTuple

from cauce.running.project_run import Results, run_project
from cauce.running.report.report import write_report
from cauce.running.workspace import open_workspace


class Ran(NamedTuple):
    """A run: the project's folder, its name, its results, and its report."""

    folder: Path
    run: str
    results: Results
    page: Path


def run_again(folder: Path) -> Ran:
    """Run the project without drawing its plots, which reports do not need, and write its report."""
    work = open_workspace(folder)
    done = run_project(work)
    return Ran(folder, done.run, Results(work, done.records), write_report(work, done.run).path)


SCRIPT = "<script>document.documentElement.dataset.owned='yes'</script>"
IMAGE = '"><img src=x onerror="document.documentElement.dataset.owned=\'yes\'">'
STYLE = "</style><script>document.documentElement.dataset.owned='yes'</script>"
HOSTILE = {
    SCRIPT: "number",
    IMAGE: "number",
    STYLE: "level",
    "{{7*7}}{% raw %}": "level",
    'quote \' and "double"': "number",
    "\u202eright to left": "number",
    "שלום עולם": "level",
    "two\nlines": "number",
    "null": "number",
    "&lt;b&gt;": "number",
    "x" * 10_000: "number",
}
LEVELS = ("<i>one</i>", "NaN", "two & more", "']]>{{1}}")
CLASSES = ("<script>alert(1)</script>", "</title>yes")


def small_project(folder: Path, *, name: str = "small", lang: str = "en", more: str = "") -> Path:
    """A project of 300 customers, without tracking."""
    draw = random.Random(5)
    rows = []
    for number in range(300):
        income, plan = round(draw.lognormvariate(7, 1), 2), draw.choice(["basic", "plus", "año"])
        answer = "yes" if draw.random() < 1 / (1 + (1100 / income) ** 2) else "no"
        rows.append([f"{number:05d}", income if number % 17 else "", plan, answer])
    return project(
        folder, [["customer", "income", "plan", "answer"], *rows], name, f'lang = "{lang}"\n{more}'
    )


def hostile_project(folder: Path) -> Path:
    """A project whose columns, levels and classes hold markup, directions and templates."""
    draw = random.Random(6)
    rows: list[list[object]] = [["customer", *HOSTILE, "answer"]]
    for number in range(300):
        made = [
            draw.choice(LEVELS) if kind == "level" else round(draw.gauss(0, 1), 4)
            for kind in HOSTILE.values()
        ]
        hit = float(str(made[0])) + draw.gauss(0, 1) > 0
        rows.append([f"{number:05d}", *made, CLASSES[hit]])
    return project(folder, rows, "hostile", "")


def project(folder: Path, rows: list[list[object]], name: str, more: str) -> Path:
    """Write the table and the project file; the target is the last column, the key the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    text = f"""schema = 1
name = "{name}"
{more}
[data]
source = "table.csv"
key = "{rows[0][0]}"
[target]
column = "{rows[0][-1]}"
[[models]]
rounds = 10
[tracking]
enabled = false
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder
