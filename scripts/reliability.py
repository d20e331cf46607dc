"""Write docs/reliability.md from the report of the long test run: date, commit, what holds, figures."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
TARGETS = ROOT / "scripts" / "reliability.toml"
LIBRARIES = ("polars", "pyarrow", "numpy", "xgboost-cpu", "onnxruntime", "pyspark", "mlflow")

HEADER = """# Reliability

What Cauce promises when something goes wrong, what was tried, and what was found. Written by `make test-all`;
not by hand.

{date}, commit `{commit}`; Python {python} on {system}, {cores} cores; {libraries}. {passed} tests passed,
{failed} failed, {skipped} were skipped, in {minutes} minutes.
"""


@dataclass(frozen=True)
class Target:
    """A promise: its number, the tests that hold it ("file::function"), and what no test does yet."""

    number: str
    promise: str
    tests: tuple[str, ...]
    lacks: str


@dataclass(frozen=True)
class Case:
    """A test that ran: "file::function", its outcome, seconds, figures it noted, why it was skipped."""

    test: str
    name: str
    outcome: str
    seconds: float
    figures: tuple[tuple[str, str], ...]
    reason: str

    @property
    def part(self) -> str:
        """The folder of tests it belongs to."""
        return self.test.split("/")[1]


def read_targets(path: Path = TARGETS) -> tuple[Target, ...]:
    """The promises, in the order of their numbers."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))["target"]
    return tuple(Target(one["number"], one["promise"], tuple(one["tests"]), one["lacks"]) for one in found)


def read_later(path: Path = TARGETS) -> dict[str, str]:
    """What is not tried yet, by number."""
    return dict(tomllib.loads(path.read_text(encoding="utf-8"))["later"])


def read_cases(report: Path) -> tuple[Case, ...]:
    """The tests of a JUnit report; `record_property(name, value)` in a test makes a figure."""
    return tuple(map(_case, ElementTree.parse(report).getroot().iter("testcase")))  # noqa: S314 - our own report


def read_seconds(report: Path) -> float:
    """How long the run took; where processes share the tests, that is less than the sum of their seconds."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - our own report
    return sum(float(suite.get("time", "0")) for suite in suites)


def _case(element: ElementTree.Element) -> Case:
    classes, name = element.get("classname", ""), element.get("name", "")
    skip = element.find("skipped")
    failed = element.find("failure") is not None or element.find("error") is not None
    return Case(
        test=f"{classes.replace('.', '/')}.py::{name.partition('[')[0]}",
        name=name,
        outcome="failed" if failed else "passed" if skip is None else "skipped",
        seconds=float(element.get("time", "0")),
        figures=tuple((p.get("name", ""), p.get("value", "")) for p in element.iter("property")),
        reason="" if skip is None else skip.get("message", ""),
    )


def verdict(target: Target, cases: Sequence[Case]) -> str:
    """What this run says of the promise; for it to hold, each of its tests must have run and passed."""
    if not target.tests:
        return "not tested"
    own = [case for case in cases if case.test in target.tests]
    if any(case.outcome == "failed" for case in own):
        return "**does not hold**"
    passed = {case.test for case in own if case.outcome == "passed"}
    if passed >= set(target.tests):
        return "holds"
    return f"{len(passed)} of {len(target.tests)} tests ran" if passed else "not run"


def commit() -> str:
    """The commit tested, with "+" where the work tree differed from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def page(report: Path, targets: Sequence[Target], later: Mapping[str, str]) -> str:
    """The page's text."""
    cases = read_cases(report)
    sections = (
        _header(cases, read_seconds(report)),
        _promises(targets, cases),
        _later(later),
        _figures(cases),
        _parts(cases),
        _failures(cases),
        _skips(cases),
    )
    return "\n".join(section for section in sections if section)


def _header(cases: Sequence[Case], seconds: float) -> str:
    counts = Counter(case.outcome for case in cases)
    return HEADER.format(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count(),
        libraries=", ".join(_libraries()),
        minutes=round(seconds / 60),
        **{name: counts[name] for name in ("passed", "failed", "skipped")},
    )


def _libraries() -> Iterator[str]:
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} –"


def _promises(targets: Sequence[Target], cases: Sequence[Case]) -> str:
    rows = []
    for target in targets:
        tried = sum(case.test in target.tests for case in cases)
        rows.append(
            (target.number, target.promise, verdict(target, cases), tried or "–", target.lacks or "–")
        )
    return _table(("", "promise", "found", "tests", "what no test does yet"), rows)


def _later(later: Mapping[str, str]) -> str:
    listed = "; ".join(f"{number} {words}" for number, words in later.items())
    return (
        f"Not tried yet, because it is not served yet or nobody wrote the test: {listed}.\n" if listed else ""
    )


def _figures(cases: Sequence[Case]) -> str:
    rows = [(_words(case.name), name, value) for case in cases for name, value in case.figures]
    return "## Figures\n\n" + _table(("test", "figure", "value"), rows) if rows else ""


def _parts(cases: Sequence[Case]) -> str:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    for case in cases:
        counts[case.part][case.outcome] += 1
        seconds[case.part] += case.seconds
    rows = [
        (part, found["passed"], found["failed"], found["skipped"], f"{seconds[part]:.0f}")
        for part, found in sorted(counts.items())
    ]
    return "## All tests\n\n" + _table(("part", "passed", "failed", "skipped", "seconds"), rows)


def _failures(cases: Sequence[Case]) -> str:
    lines = sorted(f"- {case.part}: {_words(case.name)}" for case in cases if case.outcome == "failed")
    return "Failed:\n\n" + "\n".join(lines) + "\n" if lines else ""


def _skips(cases: Sequence[Case]) -> str:
    lines = sorted({f"- {case.part}: {_words(case.name)}: {case.reason}" for case in cases if case.reason})
    return "Skipped:\n\n" + "\n".join(lines) + "\n" if lines else ""


def _words(name: str) -> str:
    """A test's name as a sentence, its parameters in brackets as they are."""
    function, bracket, values = name.partition("[")
    return _cell(
        f"{function.removeprefix('test_').replace('_', ' ')}{' ' if bracket else ''}{bracket}{values}"
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_cell(cell) for cell in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "\\|").split())


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1]), read_targets(), read_later()), encoding="utf-8")
