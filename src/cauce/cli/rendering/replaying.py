"""What `replay` answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.errors import Exit, shown
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.running.replay import Difference, Replay


def replayed(found: Replay) -> Answer:
    """What was scored again, and what differs."""
    status = 0 if found.holds else int(Exit.GATE)
    return Answer("cauce.replay/1", found.to_json(), "\n".join(_lines(found)), status=status)


def _lines(found: Replay) -> Iterator[str]:
    counted = translate_plural("{rows} row scored again", "{rows} rows scored again", found.rows)
    asked = translate_plural("of {requests} request", "of {requests} requests", found.requests)
    rows, requests = format_number(found.rows), format_number(found.requests)
    yield f"{counted.format(rows=rows)}, {asked.format(requests=requests)}"
    differing = found.rows - found.equal
    if differing:
        says = translate_plural("{rows} differs", "{rows} differ", differing)
        yield says.format(rows=format_number(differing))
        for name, count in found.differing.items():
            yield "  " + _column(name, count, found.largest.get(name))
        yield translate(_("The first:"))
        yield from map(_first, found.first)
    elif found.rows:
        yield translate(_("Every prediction has the same bits."))
    yield from _beside(found)


def _column(name: str, count: int, largest: float | None) -> str:
    line = f"{shown(name)}: {format_number(count)}"
    if largest is None:
        return line
    says = translate(_("largest difference {found}")).format(found=format_significant(largest, 2))
    return f"{line} ({says})"


def _first(one: Difference) -> str:
    names = ", ".join(map(shown, one.columns))
    says = translate(_("request {request}, row {row}: {columns}"))
    line = "  " + says.format(request=one.request, row=one.row + 1, columns=names)
    if one.values is None:
        return line
    return f"{line}\n    {shown(json.dumps(one.values, default=str, ensure_ascii=False))}"


def _beside(found: Replay) -> Iterator[str]:
    if found.others:
        says = translate_plural(
            "{count} request was answered by another model, and is left aside",
            "{count} requests were answered by other models, and are left aside",
            found.others,
        )
        yield says.format(count=format_number(found.others))
    if found.incomplete:
        says = translate_plural(
            "{count} request was kept without columns that the model reads: it cannot be scored again",
            "{count} requests were kept without columns that the model reads: they cannot be scored again",
            found.incomplete,
        )
        yield says.format(count=format_number(found.incomplete))
    if found.torn:
        says = translate_plural(
            "{count} byte of last records that never were whole",
            "{count} bytes of last records that never were whole",
            found.torn,
        )
        yield says.format(count=format_number(found.torn))
    for name in found.damaged:
        yield translate(_("{file} is damaged: not all of it could be read")).format(file=shown(name))
