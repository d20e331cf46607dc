"""Help as plain text in the active language: usage, what it does, examples, options."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from cauce.cli.page_text import Page
from cauce.cli.pages import EXIT_CODES, PAGES, ROOT
from cauce.language import gettext_noop as _
from cauce.language import translate

WIDEST = 100
_GLOBAL = "global"


def rendered(command: Any, context: Any) -> str:
    """The help of a command, or of the whole program, at most 100 columns wide."""
    width = max(40, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))
    page = PAGES.get(command.name or "", ROOT) if context.parent else ROOT
    sections = (
        [f"{translate(_('Usage:'))} {usage(command, context)}"],
        textwrap.wrap(translate(page.summary), width),
        textwrap.wrap(translate(page.more), width),
        _examples(page, width),
        *([_commands(command, width)] if page is ROOT else []),
        _parameters(command, context, width),
        _everywhere(command, context, width),
        *([_exits(width)] if page is ROOT else []),
    )
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def usage(command: Any, context: Any) -> str:
    """The line to type, such as `cauce predict SOURCE --model MODEL --out FILE [OPTIONS]`."""
    own = [one for one in command.get_params(context) if not is_global(one)]
    required = [one for one in own if one.required or one.param_type_name == "argument"]
    words = [form(one) if one.required else f"[{form(one)}]" for one in _arguments_first(required)]
    rest = translate(_("COMMAND [OPTIONS]")) if hasattr(command, "commands") else translate(_("[OPTIONS]"))
    return " ".join((context.command_path, *words, rest))


def is_global(parameter: Any) -> bool:
    """Whether every command takes it."""
    return getattr(parameter, "rich_help_panel", None) == _GLOBAL


def form(parameter: Any) -> str:
    """How a parameter is written: SOURCE, or --out FILE, or --yes."""
    metavar = translate(parameter.metavar or parameter.name.upper())
    if parameter.param_type_name == "argument":
        return metavar
    name = max(parameter.opts, key=len)
    return name if getattr(parameter, "is_flag", False) else f"{name} {metavar}"


def _arguments_first(parameters: Iterable[Any]) -> list[Any]:
    return sorted(parameters, key=lambda one: one.param_type_name != "argument")


def _examples(page: Page, width: int) -> Iterator[str]:
    yield translate(_("Examples:"))
    for line, does in page.examples:
        yield f"  {line}"
        yield from textwrap.wrap(translate(does), width, initial_indent="      ", subsequent_indent="      ")


def _parameters(command: Any, context: Any, width: int) -> Iterator[str]:
    shown = [one for one in _arguments_first(command.get_params(context)) if not is_global(one)]
    if shown:
        arguments = any(one.param_type_name == "argument" for one in shown)
        yield translate(_("Arguments and options:") if arguments else _("Options:"))
        yield from _columns([(form(one), _helped(one)) for one in shown], width)


def _everywhere(command: Any, context: Any, width: int) -> Iterator[str]:
    yield translate(_("Options of every command:"))
    shown = [one for one in command.get_params(context) if is_global(one)]
    yield from _columns([(form(one), _helped(one)) for one in shown], width)


def _commands(group: Any, width: int) -> Iterator[str]:
    yield translate(_("Commands:"))
    yield from _columns([(name, translate(PAGES[name].summary)) for name in group.commands], width)


def _exits(width: int) -> Iterator[str]:
    yield translate(_("Exit codes:"))
    yield from _columns([(str(int(code)), translate(text)) for code, text in EXIT_CODES.items()], width)


def _helped(parameter: Any) -> str:
    return translate(parameter.help or "")


def _columns(rows: list[tuple[str, str]], width: int) -> Iterator[str]:
    """Names and texts side by side; a long name has its text on the next line."""
    left = min(26, max(len(name) for name, _ in rows)) + 2
    for name, text in rows:
        lines = textwrap.wrap(text, max(20, width - left - 2)) or [""]
        if len(name) > left - 2:
            yield f"  {name}"
        else:
            yield f"  {name:<{left}}{lines.pop(0)}".rstrip()
        yield from (f"  {'':<{left}}{line}" for line in lines)
