"""What a page is made of: sections of paragraphs, facts, tables and charts, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cauce.running.report.markup import Element


@dataclass(frozen=True)
class Name:
    """A text of the user's data or project, already made safe to show; set in a direction of its own."""

    text: str


@dataclass(frozen=True)
class Shaded:
    """A cell of a heat table. level: 0 to 8, how dark."""

    text: str
    level: int


Cell: TypeAlias = str | Name | Shaded | Element


@dataclass(frozen=True)
class Column:
    """A column of a table. kind: "text", "number" (aligned right) or "chart"."""

    title: Cell
    kind: Literal["text", "number", "chart"] = "text"


@dataclass(frozen=True)
class Table:
    """Rows under a caption; the first cell of each row is its head. note: a line under it.

    heat: its cells are Shaded.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    heat: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Chart:
    """A drawing with its title, what it shows in words, and its numbers as a table.

    legend: the drawn sign and the name of each line.
    """

    title: str
    says: str
    drawing: Element
    data: Table
    legend: tuple[tuple[Element, str], ...] = ()
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True)
class Gallery:
    """Charts side by side where there is room."""

    charts: tuple[Chart, ...]
    kind: Literal["gallery"] = "gallery"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; lead: the first words of the page, note: small, warning: set apart."""

    text: str
    tone: Literal["plain", "lead", "note", "warning"] = "plain"
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Facts:
    """Names and values. form: "big" for the key numbers of a page, "many" for short ones side by side."""

    pairs: tuple[tuple[Cell, Cell], ...]
    form: Literal["plain", "big", "many"] = "plain"
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Listing:
    """Sentences, one for each item."""

    items: tuple[str, ...]
    kind: Literal["listing"] = "listing"


@dataclass(frozen=True)
class Code:
    """Lines to type or to paste."""

    text: str
    kind: Literal["code"] = "code"


@dataclass(frozen=True)
class Part:
    """Blocks under a heading of their own. folded: shown when asked for."""

    title: str
    blocks: tuple[Block, ...]
    folded: bool = False
    kind: Literal["part"] = "part"


Block: TypeAlias = Table | Chart | Gallery | Paragraph | Facts | Listing | Code | Part


@dataclass(frozen=True)
class Section:
    """A section of the page. anchor: its id, of lower-case letters."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole page. lines: what stands under the title; lang: of its texts."""

    title: str
    lines: tuple[str, ...]
    sections: tuple[Section, ...]
    lang: str


def gallery(charts: Sequence[Chart | None]) -> tuple[Block, ...]:
    """The charts there are, side by side; nothing where there is none."""
    found = tuple(chart for chart in charts if chart is not None)
    return (Gallery(found),) if found else ()
