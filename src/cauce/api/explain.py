"""What a code means, why it happens and what to do."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass
from string import Formatter
from typing import Any

from cauce.errors import CATALOGUE, CauceError
from cauce.errors.entry import Entry
from cauce.language import translate


@dataclass(frozen=True)
class Explanation:
    """One code, in the active language. exit: the exit code it ends a command with, 0 for a warning.

    says, hint: what is said when it happens, with <names> in place of values.
    """

    code: str
    exit: int
    says: str
    hint: str
    explanation: str

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return asdict(self)


def explain(code: str | None = None, *, all_codes: bool = False) -> tuple[Explanation, ...]:
    """The explanation of `code` (such as E0301, in either case), or of every code in order.

    E1513 for a code that does not exist, E1518 where neither is asked for.
    """
    if all_codes:
        return tuple(_explanation(CATALOGUE[one]) for one in sorted(CATALOGUE, key=lambda one: one[1:]))
    if code is None:
        raise CauceError("E1518")
    entry = CATALOGUE.get(_normal(code))
    if entry is None:
        alike = difflib.get_close_matches(_normal(code), CATALOGUE, n=5, cutoff=0.5)
        raise CauceError("E1513", asked=code, near=", ".join(alike) or "–")
    return (_explanation(entry),)


def _normal(code: str) -> str:
    """The code in upper case, without the brackets and words around it in a message."""
    text = code.strip().strip(":").upper()
    return text.rpartition("[")[2].removesuffix("]")


def _explanation(entry: Entry) -> Explanation:
    return Explanation(
        entry.code,
        int(entry.exit),
        _named(entry.says),
        _named(entry.hint),
        translate(entry.explanation),
    )


def _named(template: str) -> str:
    text = translate(template)
    names = {name for _, name, _, _ in Formatter().parse(text) if name}
    return text.format_map({name: f"<{name}>" for name in names})
