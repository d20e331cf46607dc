"""Questions put to a person at a terminal."""

from __future__ import annotations

from cauce.api.asking import Ask, Question
from cauce.cli.terminal import Terminal
from cauce.errors import shown
from cauce.language import gettext_noop as _
from cauce.language import translate


def ask_person(terminal: Terminal) -> Ask:
    """Asks on the terminal: the question, the guess and its reason, what can be answered."""

    def ask(question: Question, problem: str | None) -> str:
        return terminal.ask(_problem(problem) if problem is not None else _first(question))

    return ask


def _problem(problem: str) -> str:
    return f"  {shown(problem)}\n> "


def _first(question: Question) -> str:
    lines = [f"\n{question.text}"]
    if question.choices:
        lines.append(translate(_("  One of: {choices}")).format(choices=", ".join(question.choices)))
    if question.guess.value:
        text = translate(_("  Enter takes {guess} ({why}); - takes none."))
        lines.append(text.format(guess=shown(question.guess.value), why=shown(question.guess.why)))
    elif question.name != "source":
        lines.append(translate(_("  Enter takes none ({why}).")).format(why=shown(question.guess.why)))
    return "\n".join((*lines, "> "))
