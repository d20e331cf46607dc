"""What `init`, `explain`, `doctor` and `version` answer."""

from __future__ import annotations

import platform
import shlex
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.cli.settings import FILE_NAME
from cauce.cli.table import columns, table
from cauce.cli.terminal import Terminal
from cauce.errors import Exit, shown
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.version import __version__

if TYPE_CHECKING:
    from cauce.api.doctor import Diagnosis
    from cauce.api.explain import Explanation
    from cauce.api.init import NewProject

_NUMBERS = ("polars", "pyarrow", "numpy", "xgboost", "onnx", "onnxruntime")


def explained(found: tuple[Explanation, ...]) -> Answer:
    """The explanation of each code."""
    text = "\n\n".join(map(_explanation, found))
    return Answer("cauce.explain/1", {"codes": [one.to_json() for one in found]}, text)


def _explanation(one: Explanation) -> str:
    kind = _("{code}, exit code {exit}") if one.exit else _("{code}, a warning")
    head = translate(kind).format(code=one.code, exit=one.exit)
    hint = f"{translate(_('hint:'))} {one.hint}"
    return "\n".join((head, one.says, hint, "", *textwrap.wrap(one.explanation, 100)))


def versions() -> Answer:
    """The version of Cauce and of what changes its numbers."""
    from cauce.planning.libraries import library_versions

    found = {"cauce": __version__, "python": platform.python_version(), **library_versions(*_NUMBERS)}
    text = "\n".join(f"{name} {version}" for name, version in found.items())
    return Answer("cauce.version/1", {"versions": found}, text)


def initiated(new: NewProject) -> Answer:
    """The file that was written, and what was guessed in it."""
    heads = [translate(one) for one in (_("setting"), _("value"), _("because"))]
    rows = [(name, guess.value or "–", guess.why) for name, guess in new.guesses.items()]
    said = translate(_("Written: {file}")).format(file=shown(new.file))
    guessed = (translate(_("Guessed:")), table(heads, rows, width=100_000)) if rows else ()
    command = (
        "cauce plan" if new.file == Path(FILE_NAME) else f"cauce plan --project {shlex.quote(str(new.file))}"
    )
    return Answer("cauce.init/1", new.to_json(), notes=(*guessed, said), next=command)


def diagnosed(found: Diagnosis, terminal: Terminal) -> Answer:
    """Each check with its result and, where there is one, what to do. Exit code 1 where one failed."""
    longest = max(columns(check.name) for check in found.checks)
    lines: list[str] = []
    for check in found.checks:
        state = terminal.marked(f"{check.state:<4}", check.state)
        lines.append(f"{state}  {check.name:<{longest}}  {shown(check.says)}")
        if check.fix:
            lines.append(f"{'':<{longest + 8}}{translate(_('hint:'))} {shown(check.fix)}")
    status = int(Exit.GATE) if found.worst == "fail" else 0
    missing = any(check.name == "project" and check.state == "warn" for check in found.checks)
    next_ = "cauce doctor" if found.worst == "fail" else "cauce init" if missing else "cauce run"
    return Answer("cauce.doctor/1", found.to_json(), "\n".join(lines), next=next_, status=status)
