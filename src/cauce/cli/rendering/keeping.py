"""What `gc` and `verify --snapshots` answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.cli.table import table
from cauce.errors import Exit, shown
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.gc import Collected
    from cauce.api.verify import SnapshotCheck

_REASON = 1000


def collected(found: Collected) -> Answer:
    """How much was deleted, of what, and what stays for its age."""
    again = "cauce gc" if found.dry_run and (found.keys or found.served) else None
    return Answer("cauce.gc/1", found.to_json(), "\n".join(_told(found)), next=again)


def _told(found: Collected) -> Iterator[str]:
    size = format_number(found.bytes / 1e6, digits=1)
    if not found.keys:
        if not found.served:
            yield translate(_("Nothing to delete."))
    elif found.dry_run:
        text = translate_plural(
            "{count} object would be deleted, {size} MB",
            "{count} objects would be deleted, {size} MB",
            len(found.keys),
        )
        yield text.format(count=format_number(len(found.keys)), size=size)
    else:
        text = translate_plural(
            "{count} object deleted, {size} MB", "{count} objects deleted, {size} MB", len(found.keys)
        )
        yield text.format(count=format_number(len(found.keys)), size=size)
    for kind, count in Counter(key.partition("/")[0] for key in found.keys).items():
        yield f"  {kind}/: {format_number(count)}"
    if found.served:
        yield _of_copies(found)
    if found.swept:
        text = translate_plural(
            "{count} file or folder that a killed process left in the making removed",
            "{count} files and folders that killed processes left in the making removed",
            found.swept,
        )
        yield text.format(count=format_number(found.swept))
    if found.young:
        text = translate_plural(
            "{count} object that nothing refers to yet stays: it is less than a day old",
            "{count} objects that nothing refers to yet stay: they are less than a day old",
            found.young,
        )
        yield text.format(count=format_number(found.young))


def _of_copies(found: Collected) -> str:
    if found.dry_run:
        text = translate_plural(
            "{count} copy of a model that no service uses any more would be deleted",
            "{count} copies of models that no service uses any more would be deleted",
            found.served,
        )
    else:
        text = translate_plural(
            "{count} copy of a model that no service uses any more deleted",
            "{count} copies of models that no service uses any more deleted",
            found.served,
        )
    return text.format(count=format_number(found.served))


def snapshots_verified(found: Sequence[SnapshotCheck], width: int) -> Answer:
    """A table of the stored datasets, and what is wrong with any; exit code 1 where something is."""
    holds = all(one.holds for one in found)
    content = {"holds": holds, "snapshots": [one.to_json() for one in found]}
    heads = [translate(one) for one in (_("snapshot"), _("rows"), _("parts"), _("state"))]
    rows = [
        (
            one.identity[:12],
            format_number(one.rows),
            format_number(one.parts),
            translate(_("whole")) if one.holds else translate(_("damaged")),
        )
        for one in found
    ]
    text = table(heads, rows, width=width) if found else translate(_("No snapshot is stored yet."))
    notes = tuple(f"- {shown(line, most=_REASON)}" for one in found for line in one.reason.splitlines())
    return Answer("cauce.snapshots/1", content, text, notes, status=0 if holds else int(Exit.GATE))
