"""Elements of a page as values, escaped where they are written, so that no name can become markup."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Attribute: TypeAlias = str | int | float


@dataclass(frozen=True)
class Element:
    """An element with its attributes and children, in order; texts are escaped when it is written.

    Templates take it as it is, since it has `__html__`.
    """

    tag: str
    children: tuple[Element | str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __html__(self) -> str:
        """The element as HTML."""
        inside = "".join(_written(child) for child in self.children)
        named = "".join(f' {name}="{html.escape(value)}"' for name, value in self.attributes.items())
        return f"<{self.tag}{named}>{inside}</{self.tag}>"


def element(tag: str, *children: Element | str, **attributes: Attribute) -> Element:
    """An element; `class_` is written class, `aria_label` aria-label, numbers with at most one decimal."""
    named = {name.rstrip("_").replace("_", "-"): _value(value) for name, value in attributes.items()}
    return Element(tag, children, named)


def _value(value: Attribute) -> str:
    if isinstance(value, float):
        text = f"{value:.1f}"
        return text[:-2] if text.endswith(".0") else text
    return str(value)


def _written(child: Element | str) -> str:
    return child.__html__() if isinstance(child, Element) else html.escape(child, quote=False)
