"""The two pages for people: the model's card, and what the doors take."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cauce.language import active_language, format_number, format_significant, translate
from cauce.language import gettext_noop as _
from cauce.service.openapi import example_row, levels_of
from cauce.service.served import Served
from cauce.service.values import takes

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;"
    "background:#fff}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #ddd;vertical-align:top;overflow-wrap:anywhere}pre{background:#f5f5f5;"
    "padding:1rem;overflow:auto}code{overflow-wrap:anywhere}"
)
_TASKS = {
    "binary": _("a choice between two classes"),
    "multiclass": _("a choice between several classes"),
    "regression": _("a number"),
}
_DATASETS = {"train": _("training rows"), "validation": _("validation rows"), "test": _("test rows")}
_LEVELS = 30


def card(served: Served) -> bytes:
    """What the model is and how good, in the language in use."""
    manifest, target = served.manifest, served.manifest.target
    said = translate(_("Predicts {target}: {task}.")).format(
        target=target.name, task=translate(_TASKS[target.task])
    )
    facts = [
        (translate(_("Version")), served.version),
        (translate(_("Digest")), served.identity),
        (translate(_("Snapshot of the training data")), manifest.snapshot or "–"),
        (translate(_("Classes")), ", ".join(target.class_names[:_LEVELS]) or "–"),
    ]
    facts += [
        (translate(words), format_number(manifest.counts[name]))
        for name, words in _DATASETS.items()
        if name in manifest.counts
    ]
    parts = [
        f"<p>{_safe(said)}</p>",
        _table((), facts),
        *_metrics(served),
        _heading(_("What a row must have")),
        _table((_("Column"), _("Takes"), _("Known levels")), _columns(served)),
    ]
    return _page(manifest.name, parts)


def doors(served: Served, listed: Iterable[tuple[str, str, str]]) -> bytes:
    """What the doors take, with an example that can be sent. listed: path, methods and scope of each."""
    row = msgspec.json.format(msgspec.json.encode(example_row(served.golden))).decode()
    parts = [
        _table((_("Address"), _("Method"), _("Needs")), listed),
        _heading(_("A row to send to /predict")),
        f"<pre>{_safe(row)}</pre>",
        '<p><a href="/openapi.json">OpenAPI</a> · <a href="/">',
        _safe(translate(_("Model card"))) + "</a></p>",
    ]
    return _page(served.manifest.name, parts)


def _metrics(served: Served) -> Iterator[str]:
    found = served.manifest.metrics
    for dataset in sorted(found, key=[*_DATASETS, *found].index):
        if metrics := found[dataset]:
            name = translate(_DATASETS.get(dataset, dataset))
            yield f"<h2>{_safe(translate(_('Metrics on {rows}')).format(rows=name))}</h2>"
            yield _table((), [(str(one.name), _number(one.value)) for one in metrics])


def _number(value: float | None) -> str:
    return "–" if value is None else format_significant(value)


def _columns(served: Served) -> Iterator[tuple[str, str, str]]:
    levels = levels_of(served.manifest)
    for one in served.manifest.schema:
        known = levels.get(one.name, ())
        shown = ", ".join(map(str, known[:_LEVELS])) + (" …" if len(known) > _LEVELS else "")
        yield one.name, takes(one), shown


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    top = "".join(f'<th scope="col">{_safe(translate(name))}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{_safe(first)}</th>{"".join(f"<td>{_safe(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table>{f'<thead><tr>{top}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _heading(text: str) -> str:
    return f"<h2>{_safe(translate(text))}</h2>"


def _page(title: str, parts: Iterable[str]) -> bytes:
    head = f'<!doctype html><html lang="{active_language()}"><head><meta charset="utf-8">'
    head += f'<meta name="viewport" content="width=device-width"><title>{_safe(title)}</title>'
    body = "".join(parts)
    return f"{head}<style>{_STYLE}</style></head><body><h1>{_safe(title)}</h1>{body}</body></html>".encode(
        "utf-8", "replace"
    )


def _safe(text: object) -> str:
    return html.escape(str(text))
