"""Help, the page of commands and the functions of the same names say the same."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from typer.main import get_command

import cauce
from cauce.api.asking import CHOICES, Answers
from cauce.api.looking import Look
from cauce.cli.app import app
from cauce.cli.help import WIDEST, is_global, rendered
from cauce.cli.page import page
from cauce.cli.pages import EXIT_CODES, PAGES, ROOT
from cauce.language import use_language
from cauce.spec import Project, Split, Target

ROOT_FOLDER = Path(__file__).resolve().parents[2]
GROUP: Any = get_command(app)
NAMES = list(GROUP.commands)


def parsed(name: str) -> tuple[Any, Any]:
    context = GROUP.make_context("cauce", ["plan"], resilient_parsing=True)
    command = GROUP.commands[name]
    return command, command.make_context(name, [], parent=context, resilient_parsing=True)


def own_options(name: str) -> set[str]:
    command, context = parsed(name)
    return {one.name for one in command.get_params(context) if not is_global(one)}


def test_every_command_is_written_about() -> None:
    """A command without help is one nobody finds."""
    assert list(PAGES) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "version"])
def test_every_option_is_a_parameter_of_the_function_of_that_name(name: str) -> None:
    """Who knows the command line would have to learn the Python functions anew."""
    try:
        function = getattr(cauce, name)
    except ModuleNotFoundError as missing:
        pytest.skip(f"not written yet: {missing.name}")
    parameters = inspect.signature(function).parameters
    taken = {name for name, one in parameters.items() if one.kind is not inspect.Parameter.VAR_KEYWORD}
    for one in parameters.values():
        if one.kind is inspect.Parameter.VAR_KEYWORD:
            hint = get_type_hints(function, localns={"Project": Project})[one.name]
            taken |= set(get_type_hints(hint.__args__[0]))
    assert own_options(name) <= taken


def test_init_has_an_option_for_every_answer() -> None:
    """A question without an option would stop a script."""
    assert set(get_type_hints(Answers)) <= own_options("init")


def test_choices_are_those_of_the_project_file() -> None:
    """A choice offered here and refused there."""
    kinds = get_type_hints(Split)["kind"].__args__
    tasks = get_type_hints(Target)["task"].__args__[0].__args__
    assert (CHOICES["split"], CHOICES["task"]) == (kinds, tasks)
    assert Look is not None


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_fits_and_shows_examples(name: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrapped lines in a narrow window cannot be copied."""
    monkeypatch.setenv("COLUMNS", "200")
    use_language(language)
    context = GROUP.make_context("cauce", ["plan"], resilient_parsing=True)
    command, inner = parsed(name) if name else (GROUP, context)
    text = rendered(command, inner)
    assert max(map(len, text.splitlines())) <= WIDEST
    examples = [line for line in text.splitlines() if line.startswith(f"  cauce {name}".rstrip())]
    assert len(examples) >= 2


def texts_of_help() -> Iterator[str]:
    for about in (*PAGES.values(), ROOT):
        yield from (about.summary, about.more, *(does for _, does in about.examples))
    yield from EXIT_CODES.values()
    for name in NAMES:
        command, context = parsed(name)
        for one in command.get_params(context):
            yield one.help
            if one.metavar is not None and one.metavar.isupper():
                yield one.metavar


def test_every_text_of_help_can_be_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Spanish help with English lines in it."""
    monkeypatch.syspath_prepend(str(ROOT_FOLDER / "scripts"))
    from messages import extract

    known = {one.id for one in extract(ROOT_FOLDER) if isinstance(one.id, str)}
    assert sorted(set(texts_of_help()) - known) == []
    assert "messages" in sys.modules


def test_the_examples_of_help_are_lines_that_can_be_read() -> None:
    """An example with an option that does not exist."""
    for name, about in PAGES.items():
        command, context = parsed(name)
        known = {option for one in command.get_params(context) for option in one.opts}
        for line, _ in about.examples:
            assert line.split()[:2] == ["cauce", name]
            assert set(re.findall(r"(?<= )--[a-z-]+", line)) <= known, line


def test_the_page_of_commands_is_up_to_date() -> None:
    """The documentation would describe another program: `python -m cauce.cli.page > docs/commands.md`."""
    assert (ROOT_FOLDER / "docs" / "commands.md").read_text(encoding="utf-8") == page()
