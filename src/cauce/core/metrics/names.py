"""Metric names: one canonical text for one quantity, and back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cauce.core.metrics.kinds import KINDS, Average, Direction, MetricKind
from cauce.core.metrics.text import escaped, pieces, unescaped
from cauce.errors import CauceError

_OPTION_VALUES = {"bins": re.compile(r"[2-9]|[1-9][0-9]{1,2}"), "top": re.compile(r"[1-9][0-9]?%")}
_FIELDS = ("positive", "average", "option", "scale")


@dataclass(frozen=True)
class MetricName:
    """What a number is, completely: kind, and the class or the average it speaks of.

    `str()` is its one canonical text (`recall[positive=<30]`, `f1[macro]`, `roc_auc[ovr,macro]`) and
    `MetricName.parse` reads it back. option: the value of the kind's parameter (bins, top), filled in
    with its default. scale: "log1p" where labels and predictions are compared on that scale.
    Raises E0901 for an unknown kind, E0902 where class or average is missing, E0903 for one too many.
    """

    kind: str
    positive: str | None = None
    average: Average | None = None
    option: str | None = None
    scale: str | None = None

    def __post_init__(self) -> None:
        kind = kind_named(self.kind)
        if self.option is None and kind.option:
            object.__setattr__(self, "option", kind.option[1])
        for field in _FIELDS:
            value = getattr(self, field)
            if value is not None and not _fits(kind, field, value):
                raise CauceError("E0903", name=self.kind, argument=value, choices=_choices(kind))
        named = (self.positive is not None) + (self.average is not None)
        if named == 0 and not kind.bare:
            raise CauceError("E0902", name=self.kind, choices=_choices(kind))
        if named == 2:
            argument = f"{self.average}, positive={self.positive}"
            raise CauceError("E0903", name=self.kind, argument=argument, choices=_choices(kind))

    @property
    def direction(self) -> Direction:
        """Whether "higher" or "lower" is better; "none" where the number judges nothing."""
        return KINDS[self.kind].direction

    @property
    def means(self) -> str:
        """What the number means, in one English sentence to be translated."""
        return KINDS[self.kind].means

    def __str__(self) -> str:
        arguments = ",".join(_arguments(self))
        return f"{self.kind}[{arguments}]" if arguments else self.kind

    @staticmethod
    def parse(text: str) -> MetricName:
        """The name that `text` writes; arguments in any order, blanks before them ignored.

        Raises E0904 where it cannot be read, and what the constructor raises.
        """
        kind, inside = pieces(text)
        given: dict[str, str] = {}
        for piece in inside:
            field, value = _argument(kind, piece)
            if field in given:
                raise _refused(kind, piece)
            given[field] = value
        ranked = given.pop("ovr", None)
        name = MetricName(kind, **given)  # type: ignore[arg-type]
        if ranked and name.average is None:
            raise _refused(kind, "ovr")
        return name


def kind_named(name: str) -> MetricKind:
    """The kind called `name`; E0901 with the nearest names where there is none."""
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, n=3, cutoff=0.5) or sorted(KINDS)
        raise CauceError("E0901", name=name, suggestion=", ".join(near))
    return KINDS[name]


def direction(name: MetricName | str) -> Direction:
    """Whether a higher or a lower value of this metric is better, or "none"."""
    return (MetricName.parse(name) if isinstance(name, str) else name).direction


def _fits(kind: MetricKind, field: str, value: str) -> bool:
    match field:
        case "positive":
            return kind.positive
        case "average":
            return value in kind.averages
        case "option":
            return kind.option is not None and bool(_OPTION_VALUES[kind.option[0]].fullmatch(value))
        case _:
            return kind.scale is not None and value == kind.scale


def _arguments(name: MetricName) -> Iterator[str]:
    kind = KINDS[name.kind]
    if name.positive is not None:
        yield f"positive={escaped(name.positive)}"
    if name.average is not None:
        if kind.one_vs_rest:
            yield "ovr"
        yield name.average
    if kind.option and name.option:
        yield f"{kind.option[0]}={name.option}"
    if name.scale is not None:
        yield name.scale


def _argument(kind: str, piece: str) -> tuple[str, str]:
    known = kind_named(kind)
    key, mark, value = piece.lstrip(" ").partition("=")
    if mark and key == "positive":
        return "positive", unescaped(value)
    if mark and known.option and key == known.option[0]:
        return "option", value.strip(" ")
    word = piece.strip(" ")
    if word in known.averages:
        return "average", word
    if word == "ovr" and known.one_vs_rest:
        return "ovr", word
    if word == known.scale:
        return "scale", word
    raise _refused(kind, piece)


def _refused(kind: str, argument: str) -> CauceError:
    return CauceError("E0903", name=kind, argument=argument, choices=_choices(kind_named(kind)))


def _choices(kind: MetricKind) -> str:
    """The ways this metric can be written, for a hint."""
    ways = [f"{kind.name}[positive=…]"] if kind.positive else []
    ways += [f"{kind.name}[{'ovr,' if kind.one_vs_rest else ''}{average}]" for average in kind.averages]
    if kind.bare:
        ways = [kind.name]
    if kind.scale:
        ways.append(f"{kind.name}[{kind.scale}]")
    return ", ".join(ways)
