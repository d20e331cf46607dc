"""The page of metrics says what the code does."""

from pathlib import Path

from cauce.core.metrics.kinds import KINDS
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.target import Target, metric_names

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def ways(kind):
    found = [MetricName(kind.name, positive="…")] if kind.positive else []
    found += [MetricName(kind.name, average=average) for average in kind.averages]
    found += [MetricName(kind.name)] if kind.bare else []
    found += [MetricName(kind.name, scale=kind.scale)] if kind.scale else []
    return ", ".join(f"`{name}`" for name in found)


def test_every_metric_stands_on_the_page_with_its_names_and_meaning():
    rows = [f"| {ways(kind)} | {kind.direction} | {kind.means} |" for kind in KINDS.values()]
    missing = [row for row in rows if row not in PAGE]
    assert not missing, "\n".join(rows)


def test_every_metric_of_a_task_is_reached_by_some_task():
    targets = (
        Target("binary", ("a", "b")),
        Target("multiclass", ("a", "b", "c")),
        Target("regression", log_scale=True),
    )
    assert {name.kind for target in targets for name in metric_names(target)} == set(KINDS)
