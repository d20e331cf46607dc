"""The questions of `init`: answered beforehand, put to a person, or settled by a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypedDict

from cauce.api.looking import Guess
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate

Text = str | None
Names = str | Iterable[str] | None
NONE = ("", "-")
CHOICES = {
    "task": ("binary", "multiclass", "regression"),
    "split": ("random", "stratified", "group", "time"),
}
_TEXTS = {
    "source": _("Which file, folder or pattern holds the data?"),
    "missing": _("Which texts mean a missing value?"),
    "target": _("Which column is to be predicted?"),
    "task": _("Which kind of prediction is it?"),
    "positive": _("Which class counts as positive?"),
    "key": _("Which columns identify a row?"),
    "group": _("Which column's rows belong together?"),
    "time": _("Which column orders the rows in time?"),
    "split": _("How are the rows divided into training, validation and test?"),
    "name": _("What is the project called?"),
}


class Answers(TypedDict, total=False):
    """Answers to the questions of `init`; an empty text answers none. A list may be one text."""

    target: Text
    formula: Text
    task: Literal["binary", "multiclass", "regression"] | None
    positive: Text
    key: Names
    group: Text
    time: Text
    split: Literal["random", "stratified", "group", "time"] | None
    weight: Text
    drop: Names
    known_after: Names
    missing: Names
    name: Text


@dataclass(frozen=True)
class Question:
    """Something only a person knows. guess: what is taken where nothing is answered, with the reason.

    choices: the only answers there are, or empty.
    """

    name: str
    text: str
    guess: Guess
    choices: tuple[str, ...] = ()


class Ask(Protocol):
    """Puts a question to a person; problem: what was wrong with the answer before, if there was one.

    An empty answer takes the guess, "-" answers none. EOFError where nobody answers.
    """

    def __call__(self, question: Question, problem: str | None) -> str: ...


@dataclass
class Talk:
    """The answers given beforehand, and whoever can be asked for others. taken: guesses that were taken."""

    given: dict[str, Any]
    ask: Ask | None
    yes: bool
    taken: dict[str, Guess] = field(default_factory=dict)

    def settle(self, name: str, guess: Guess, *, check: Callable[[str], Any]) -> Any:
        """The answer to a question: given, else guessed or asked for. check: makes the answer of a text.

        E1508 where it is open and there is nobody to ask, and what `check` raises about a given answer.
        """
        if name in self.given:
            text = str(self.given[name])
            return check("" if text in NONE else text)
        if self.yes and (guess.value or name != "source"):
            self.taken[name] = guess
            return check(guess.value)
        if self.ask is None:
            raise self._open()
        return self._asked(
            self.ask, Question(name, translate(_TEXTS[name]), guess, CHOICES.get(name, ())), check
        )

    def several(self, name: str) -> tuple[str, ...]:
        """The given answers to a question that takes a list."""
        value = self.given.get(name)
        texts = (value,) if isinstance(value, str) else tuple(value or ())
        return tuple(text for text in texts if text not in NONE)

    def _asked(self, ask: Ask, question: Question, check: Callable[[str], Any]) -> Any:
        problem: str | None = None
        while True:
            try:
                text = ask(question, problem).strip()
            except EOFError:
                raise self._open() from None
            if not text:
                self.taken[question.name] = question.guess
            try:
                return check("" if text in NONE and text else text or question.guess.value)
            except CauceError as error:
                problem = error.message

    def _open(self) -> CauceError:
        instead = {"target"} if "formula" in self.given else set()
        names = [name for name in _TEXTS if name not in self.given and name not in instead]
        if self.yes:
            names = ["source"]
        flags = ["SOURCE" if name == "source" else f"--{name}" for name in names]
        return CauceError("E1508", questions=", ".join(names), flags=" ".join(flags))
