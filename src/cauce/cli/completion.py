"""Completion in the user's shell, installed or printed."""

from __future__ import annotations

from pathlib import Path

from cauce.cli.answer import Answer
from cauce.errors import CauceError, shown
from cauce.language import gettext_noop as _
from cauce.language import translate

VARIABLE = "_CAUCE_COMPLETE"
_PROGRAM = "cauce"


def completion(*, install: bool) -> Answer:
    """Install completion for the shell this was started from, or give its script. E1516 for other shells."""
    from typer._completion_shared import (  # noqa: PLC0415 - only for this
        Shells,
        get_completion_script,
    )
    from typer._completion_shared import install as install_script  # noqa: PLC0415

    shell = _shell()
    if shell not in {one.value for one in Shells}:
        raise CauceError("E1516", shell=shell or "–", known=", ".join(one.value for one in Shells))
    if not install:
        text = get_completion_script(prog_name=_PROGRAM, complete_var=VARIABLE, shell=shell)
        return Answer("cauce.completion/1", {"shell": shell, "script": text}, text)
    file = Path(install_script(shell=shell, prog_name=_PROGRAM, complete_var=VARIABLE)[1])
    said = translate(_("Completion for {shell} is in {file}; it works in every new terminal."))
    content = {"shell": shell, "file": str(file)}
    return Answer("cauce.completion/1", content, notes=(said.format(shell=shell, file=shown(file)),))


def _shell() -> str:
    from typer._completion_shared import _get_shell_name  # noqa: PLC0415 - only for this

    return _get_shell_name() or ""
