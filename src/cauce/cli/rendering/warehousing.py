"""What `warehouse` and `captures` answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.errors import Exit, shown
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.warehouse import Mirrored
    from cauce.running.captured_rows import Captures


def mirrored(found: Mirrored) -> Answer:
    """The tables and their rows."""
    lines = [translate(_("Run {run} in {url}")).format(run=shown(found.run), url=shown(found.url))]
    for name, count in found.rows.items():
        rows = translate_plural("{table}: {rows} row", "{table}: {rows} rows", count)
        lines.append("  " + rows.format(table=shown(name), rows=format_number(count)))
    return Answer("cauce.warehouse/1", found.to_json(), "\n".join(lines))


def loaded(found: Captures) -> Answer:
    """What came new, what was there, and what is not sealed yet; exit code 65 where a file is damaged."""
    status = int(Exit.DATA) if found.damaged else 0
    return Answer("cauce.captures/1", found.to_json(), "\n".join(_lines(found)), status=status)


def _lines(found: Captures) -> Iterator[str]:
    rows = translate_plural("{rows} row loaded into {table}", "{rows} rows loaded into {table}", found.rows)
    yield rows.format(rows=format_number(found.rows), table=shown(found.out))
    if found.known:
        text = translate_plural(
            "{count} file was there already", "{count} files were there already", found.known
        )
        yield text.format(count=format_number(found.known))
    if found.open:
        text = translate_plural(
            "{count} file is still written to, and comes once it is sealed",
            "{count} files are still written to, and come once they are sealed",
            found.open,
        )
        yield text.format(count=format_number(found.open))
    for name in found.damaged:
        yield translate(_("{file} is damaged: what cannot be read of it is not loaded")).format(
            file=shown(name)
        )
