"""The model card: what is known, safe in Markdown and HTML, whatever columns and classes are called."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.opening import open_bundle
from cauce.core.leaks.findings import LeakReport
from cauce.core.metrics.interval import Interval
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import Metric
from cauce.core.promotion.card import ModelCard, plain
from cauce.core.promotion.gate import GateVerdict, Requirement
from cauce.expr.schema import Field
from cauce.language import use_language

HOSTILE = (
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](http://example.org/track.png)",
    "a|b",
    "`rm -rf`",
    "**bold** _it_ ~~no~~",
    "x\n# not a heading\n\n- not a list",
    "&lt;b&gt; <b onclick=1>",
    "http://example.org www.example.org",
    "\u202e\u0000\x1b[31m",
    "$x$ \\ \\\\",
    "<!-- -->",
    "[^1] [ref]",
    "]( ) {#id}",
)
# What a reader's program may show: raw HTML, links by themselves, tables and struck text included.
RENDER = MarkdownIt("gfm-like", {"html": True, "linkify": False})


@pytest.fixture(scope="module")
def card(promoted_bundles: tuple[Path, ...]) -> ModelCard:
    bundle = open_bundle(promoted_bundles[0])
    return ModelCard(manifest=bundle.manifest, identity=bundle.identity, model="m")


def words(html: str) -> str:
    """The text of rendered HTML without its tags."""
    bare = re.sub(r"<[^>]*>", "", html)
    for entity, mark in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        bare = bare.replace(entity, mark)
    return bare


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(card: ModelCard, name: str) -> None:
    """A card is read in a browser by whoever looks at the registry."""
    column = InputColumn(Field(name, "text"))
    manifest = replace(card.manifest, input=(column, column), target=replace(card.manifest.target, name=name))
    declared = {"owner": name, "notes": name, "intended_use": name}
    html = RENDER.render(replace(card, manifest=manifest, declared=declared, run=name).to_markdown())
    clean = RENDER.render(card.to_markdown())
    found = {
        tag: html.count(tag)
        for tag in ("<h1", "<h2", "<h3", "<table", "<script", "<a ", "<img", "<b ", "<em")
    }
    assert found == {tag: clean.count(tag) for tag in found}
    assert html.count("<code>") == clean.count("<code>")
    assert html.count("<td") == clean.count("<td")


@given(st.text(max_size=60))
def test_any_text_reads_back_as_it_is(text: str) -> None:
    """What is escaped too little changes the page, what is escaped wrongly changes the name."""
    visible = "".join(one for one in text if one.isprintable())
    html = RENDER.renderInline(f"x{plain(visible)}x")
    assert "<" not in html
    assert words(html) == f"x{visible}x"


def test_a_card_says_what_is_known(card: ModelCard) -> None:
    """Numbers with their doubt, leaks that were let pass, what the gate said, and who answers."""
    auc = Metric(MetricName("roc_auc", positive="sí"), 0.8, interval=Interval(0.7, 0.9))
    manifest = replace(card.manifest, metrics={"test": (auc,)})
    known = replace(
        card,
        manifest=manifest,
        declared={"owner": "Data team", "licence": "CC-BY-4.0"},
        leaks=LeakReport(rows=10, sampled=10, acknowledged=("paid",)),
        verdict=GateVerdict(
            requirements=(
                Requirement(metric="r2", limit=0.5, value=0.75),
                Requirement(metric="rmse", limit=1.0, value=2.0),
            )
        ),
    )
    text = known.to_markdown()
    for part in (
        "| roc_auc".replace("_", "\\_"),
        "0.8000 (0.7000 – 0.9000)",
        f"- Digest: `{card.identity}`",
        "- Owner: Data team",
        "- Licence: CC-BY-4.0",
        f"- Snapshot: `{'ab' * 32}`",
        "- Rows: training 1,200, validation 300",
        "- Split: random, by id",
        "The leak gate found nothing.",
        "Columns that looked like leaks were let pass by name: paid.",
        "The gate refused it.",
        "rmse is 2.0000, at most 1.0000 is demanded",
        "Nobody has written down what it is meant for.",
        f"cauce verify 'models:/m@champion' --digest {card.identity}",
    ):
        assert part in text, part
    assert "How far its numbers depend on chance is not known." not in text
    refused, met = text.split("It met what else was demanded.")
    assert "rmse is" in refused.split("The gate refused it.")[1]
    assert "r2 is" not in refused.split("The gate refused it.")[1]
    assert "r2 is 0.7500, at least 0.5000 is demanded" in met
    use_language("es")
    assert "0,8000" in known.to_markdown()
