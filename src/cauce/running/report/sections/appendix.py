"""How to repeat it: settings, versions, digests, and what is not in this report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import (
    Block,
    Cell,
    Code,
    Column,
    Facts,
    Listing,
    Paragraph,
    Part,
    Section,
    Table,
)
from cauce.running.report.content import RunContent
from cauce.running.report.wording import count, moment, name

MOST_ROWS = 400


def appendix_section(content: RunContent, missing: Sequence[str]) -> Section:
    """What a reader needs to check or to repeat the run. missing: names of sections that are left out."""
    parts: list[Block] = [
        Part(translate(_("How to repeat it")), _repeating(content)),
        Part(translate(_("The test rows")), (Paragraph(_readings(content.readings)),)),
        Part(translate(_("Digests")), (Facts(_named(_digests(content))),), folded=True),
        Part(translate(_("Versions")), (Facts(_named(_versions(content)), form="many"),), folded=True),
        Part(translate(_("Settings")), (_settings(content),), folded=True),
    ]
    if missing:
        text = translate(_("Not in this report, because the run did not make it:"))
        parts.append(Part(translate(_("What is not here")), (Paragraph(text), Listing(tuple(missing)))))
    return Section("appendix", translate(_("Appendix")), tuple(parts))


def _repeating(content: RunContent) -> tuple[Block, ...]:
    text = translate(
        _(
            "The same files, settings and versions give the same model, byte by byte. Its digest says "
            "whether they did."
        )
    )
    facts: list[tuple[Cell, Cell]] = [
        (translate(_("run")), name(content.run)),
        (translate(_("begun")), moment(content.begun)),
    ]
    if content.ended is not None:
        facts.append((translate(_("ended")), moment(content.ended)))
    lines = ["cauce run"]
    if content.bundle is not None:
        lines.append(f"cauce verify --digest {content.bundle}")
    return Paragraph(text), Facts(tuple(facts)), Code("\n".join(lines))


def _readings(readings: int | None) -> str:
    if readings is None:
        return translate(
            _(
                "How often the test rows of this split were read was not counted. Nothing that chooses a "
                "feature, a round, a threshold or a model reads them."
            )
        )
    text = translate_plural(
        "The test rows of this split were read {count} time. Nothing that chooses a feature, a round, a "
        "threshold or a model reads them.",
        "The test rows of this split were read {count} times. Nothing that chooses a feature, a round, a "
        "threshold or a model reads them.",
        readings,
    )
    return text.format(count=count(readings))


def _versions(content: RunContent) -> dict[str, str]:
    return {"cauce": content.version, **content.libraries}


def _digests(content: RunContent) -> dict[str, str]:
    words = {"snapshot": translate(_("snapshot")), "model": translate(_("model"))}
    step = translate(_("step {name}"))
    return {
        words.get(key) or step.format(name=key.removeprefix("step ")): one
        for key, one in content.digests.items()
    }


def _named(values: Mapping[str, str]) -> tuple[Any, ...]:
    return tuple((name(key), name(value)) for key, value in values.items() if value)


def _settings(content: RunContent) -> Table:
    rows = tuple(
        (name(step), name(key, 120), name(setting_text(value), 200))
        for step, parameters in content.settings.items()
        for key, value in flat_settings(parameters)
    )
    heads = (
        Column(translate(_("step"))),
        Column(translate(_("setting"))),
        Column(translate(_("value"))),
    )
    note = "" if len(rows) <= MOST_ROWS else translate(_("The JSON beside this page has all of them."))
    caption = translate(_("What was set when the steps ran; the project file may say something else by now."))
    return Table(caption, heads, rows[:MOST_ROWS], note)


def flat_settings(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by dotted name; those that say nothing are left out."""
    for key, one in value.items():
        if isinstance(one, Mapping) and one:
            yield from flat_settings(one, f"{above}{key}.")
        elif isinstance(one, list) and one and all(isinstance(item, Mapping) for item in one):
            for place, item in enumerate(one):
                yield from flat_settings(item, f"{above}{key}.{place}.")
        elif one not in (None, [], {}, ""):
            yield f"{above}{key}", one


def setting_text(value: Any) -> str:
    """A setting as the project file or JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
