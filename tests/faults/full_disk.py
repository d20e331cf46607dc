"""Runs commands in a project on a small disk, with less and less of it free: full_disk.py PROJECT COUNT."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cauce.threads import limit_threads

limit_threads(1)

import whole_run  # noqa: E402 - after the threads

from cauce.cli.main import run_line  # noqa: E402
from cauce.testing.failpoints import done  # noqa: E402

_PAGE = 4096
COMMANDS = {
    "predict to Parquet": ["predict", "rows.csv", "--out", "made/out.parquet"],
    "predict to CSV": ["predict", "rows.csv", "--out", "made/out.csv"],
    "report": ["report", "--out", "made/page.html"],
    "profile": ["profile", "rows.csv", "--html", "made/profile.html"],
    "validate": ["validate", "--save"],
    "run": ["run"],
}


def ballast(disk: Path, free: int) -> None:
    """A file that leaves `free` bytes, to a page."""
    file = disk / "ballast"
    file.unlink(missing_ok=True)
    taken = shutil.disk_usage(disk).free - free
    with file.open("wb") as out:
        out.truncate(0)
        for _ in range(max(0, taken) // _PAGE):
            out.write(b"\0" * _PAGE)


def state(project: Path) -> dict[str, str]:
    """Every visible file by its digest, runs and pages (they have clocks) left out."""
    found = whole_run.visible(project)
    for path in sorted(project.rglob("*")):
        if ".cauce" not in path.parts and path.is_file() and not path.name.startswith("."):
            found[path.relative_to(project).as_posix()] = str(path.stat().st_size)
    return found


def line(project: Path, arguments: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        warnings.simplefilter("ignore")
        status = run_line([*arguments, "--project", str(project)])
    return status, err.getvalue()


def tried(project: Path, name: str, free: int) -> dict[str, Any]:
    """The command with so many bytes free, and what it left that was not there before."""
    disk = project.parent
    shutil.rmtree(project / "made", ignore_errors=True)
    whole_run.make_project(project)
    (project / "made").mkdir()
    before = state(project)
    ballast(disk, free)
    status, said = line(project, COMMANDS[name])
    (disk / "ballast").unlink()
    after = state(project)
    left = sorted(set(after.items()) - set(before.items())) if status and name != "run" else []
    return {"command": name, "free": free, "status": status, "said": said[-600:], "left": left}


def main() -> None:
    project, count = Path(sys.argv[1]), int(sys.argv[2])
    os.chdir(project)
    whole_run.preload()
    found: list[dict[str, Any]] = []
    answers = project.parent.parent / "answers"

    def child(work: Callable[[], object]) -> Any:
        """What `work` gives in a forked child: this process starts no threads."""
        done(lambda: answers.write_text(json.dumps(work())))
        return json.loads(answers.read_text())

    def kept(name: str, free: int) -> dict[str, Any]:
        return dict(child(lambda: tried(project, name, free)))

    for number in range(count):
        found.append(kept("run", 16_384 + number * 400_000 // count))
        shutil.rmtree(project / ".cauce", ignore_errors=True)
    found.append(kept("run", 32 << 20))
    whole = child(lambda: state(project))
    for name in [one for one in COMMANDS if one != "run"]:
        for number in range(count):
            found.append(kept(name, number * 24_000 // count))
        found.append(kept(name, 32 << 20))
        found[-1]["left"] = []
    after = child(lambda: state(project))
    stored = {key: digest for key, digest in whole.items() if "/" in key}
    assert stored.items() <= after.items(), "what a run made is as it was"
    print(json.dumps(found))


if __name__ == "__main__":
    main()
