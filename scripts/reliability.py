"""Write docs/reliability.md from the report of the long test run: date, commit, figures."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
LIBRARIES = ("polars", "pyarrow", "numpy", "xgboost-cpu", "onnxruntime", "pyspark", "mlflow")

HEADER = """# Reliability

Written by `make test-all`; not by hand.

{date}, commit `{commit}`; Python {python} on {system}, {cores} cores; {libraries}.

| part | passed | failed | skipped | seconds |
|---|---|---|---|---|
"""


def commit() -> str:
    """The commit tested, with "+" where the work tree differed from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def outcome(case: ElementTree.Element) -> str:
    """What became of a test: passed, failed or skipped."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def page(report: Path) -> str:
    """The page's text from a JUnit report; `record_property(name, value)` in a test makes a figure."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    figures, skips = [], []
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own report
        part, name = case.get("classname", "").removeprefix("tests.").split(".")[0], case.get("name", "")
        counts[part][outcome(case)] += 1
        seconds[part] += float(case.get("time", "0"))  # type: ignore[assignment]
        figures += [f"| {name} | {p.get('name')} | {p.get('value')} |" for p in case.iter("property")]
        skips += [f"- {part}: {name}: {skip.get('message')}" for skip in case.iter("skipped")]
    text = HEADER.format(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count(),
        libraries=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    )
    for part in sorted(counts):
        found = counts[part]
        row = (part, found["passed"], found["failed"], found["skipped"], f"{seconds[part]:.0f}")
        text += "| " + " | ".join(map(str, row)) + " |\n"
    if figures:
        text += "\n| test | figure | value |\n|---|---|---|\n" + "\n".join(figures) + "\n"
    return text + ("\nSkipped:\n\n" + "\n".join(skips) + "\n" if skips else "")


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
