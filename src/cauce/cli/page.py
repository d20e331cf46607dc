"""Writes docs/commands.md: `python -m cauce.cli.page > docs/commands.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cauce.cli.help import form, is_global, usage
from cauce.cli.pages import EXIT_CODES, PAGES
from cauce.cli.terminal import Terminal

_HEAD = """# Commands

<!-- Written by `python -m cauce.cli.page`; a test fails when it is out of date. -->

Each command is also a function of the same name with the same options: `cauce run` is `cauce.run()`. What
people read goes to standard error, what was asked for to standard output; with `--json` that is one document
whose member `schema` names its form, such as `cauce.run/1`, and nothing else. A failure is then a document
`cauce.error/1` with codes, messages, hints and places. `cauce --install-completion` sets up completion in
bash, zsh, fish and PowerShell."""


def page() -> str:
    """The page, in Markdown."""
    from typer.main import get_command

    from cauce.cli.app import app

    group: Any = get_command(app)
    with group.make_context("cauce", ["plan"], resilient_parsing=True) as context:
        lines = [_HEAD, "", *_everywhere(group, context)]
        for name, command in group.commands.items():
            with command.make_context(name, [], parent=context, resilient_parsing=True) as inner:
                lines += ["", *_command(name, command, inner)]
    return "\n".join([*lines, "", *_exits()]) + "\n"


def _everywhere(group: Any, context: Any) -> Iterator[str]:
    yield from ("## Options of every command", "", "They may stand before or after the command.", "")
    yield from _table(one for one in group.get_params(context) if is_global(one))


def _command(name: str, command: Any, context: Any) -> Iterator[str]:
    about = PAGES[name]
    yield from (f"## cauce {name}", "", f"{about.summary} {about.more}", "")
    yield from ("```text", usage(command, context), "```", "")
    yield "```console"
    for line, does in about.examples:
        yield f"$ {line}    # {does}"
    yield "```"
    own = [one for one in command.get_params(context) if not is_global(one)]
    if own:
        yield ""
        yield from _table(own)


def _table(parameters: Any) -> Iterator[str]:
    yield "| option | what it does |"
    yield "|---|---|"
    for one in parameters:
        yield f"| `{_escaped(form(one))}` | {_escaped(one.help or '')} |"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")


def _exits() -> Iterator[str]:
    yield from ("## Exit codes", "", "| code | means |", "|---|---|")
    for code, means in EXIT_CODES.items():
        yield f"| {int(code)} | {means} |"


if __name__ == "__main__":
    Terminal().data(page().rstrip("\n"))
