"""What Typer says about a line it cannot read, as failures of ours: coded, and in the user's language."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from typer import TyperException

from cauce.errors import CauceError
from cauce.language import translate


def is_usage_error(error: BaseException) -> bool:
    """Whether Typer raised it about the command line."""
    return isinstance(error, TyperException)


def usage_failure(error: BaseException) -> CauceError:
    """The coded form of Typer's error. Its own texts are English, so it is told apart by its type."""
    kind, context = type(error).__name__, getattr(error, "ctx", None)
    command = context.command_path if context is not None else "cauce"
    if kind == "NoSuchOption":
        option = str(getattr(error, "option_name", ""))
        return CauceError("E1502", command=command, option=option, near=near(option, _options(context)))
    if kind == "MissingParameter":
        return CauceError("E1503", command=command, parameter=_name(getattr(error, "param", None)))
    if kind == "BadOptionUsage":
        option = str(getattr(error, "option_name", ""))
        if _takes_value(context, option):
            return CauceError("E1505", option=option)
        return CauceError("E1506", option=option)
    return CauceError("E1517", command=command, reason=getattr(error, "message", ""))


def near(word: str, known: Iterable[str]) -> str:
    """The known words most like `word`, or the first few of them."""
    words = list(known)
    return ", ".join(difflib.get_close_matches(word, words, n=3, cutoff=0.5) or words[:12]) or "–"


def _options(context: Any) -> list[str]:
    if context is None:
        return []
    return [name for one in context.command.get_params(context) for name in one.opts if name.startswith("-")]


def _takes_value(context: Any, option: str) -> bool:
    for one in context.command.get_params(context) if context is not None else ():
        if option in one.opts:
            return not getattr(one, "is_flag", False)
    return True


def _name(parameter: Any) -> str:
    """How a missing parameter is written: --out FILE, or SOURCE."""
    if parameter is None:
        return "?"
    metavar = translate(parameter.metavar or parameter.name.upper()).removesuffix("...")
    return metavar if parameter.param_type_name == "argument" else f"{parameter.opts[0]} {metavar}"
