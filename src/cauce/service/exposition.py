"""The counters in Prometheus' text form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cauce.service.counters import EDGES, Counters
from cauce.service.served import Served
from cauce.service.watched import Watched

TYPE = b"text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class _Collected:
    counters: Counters
    served: Served | None
    watched: Watched | None

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        answers = CounterMetricFamily(
            "cauce_requests", "Answers, by door and status", labels=("door", "status")
        )
        rows = CounterMetricFamily("cauce_rows", "Rows that were scored, by door", labels=("door",))
        times = HistogramMetricFamily(
            "cauce_request_seconds", "Seconds from a request's body to its answer, by door", labels=("door",)
        )
        for place, door in enumerate(self.counters.doors):
            total = self.counters.total(place)
            for status, count in total.statuses.items():
                if count:
                    answers.add_metric((door, str(status)), count)
            if any(total.edges):
                rows.add_metric((door,), total.rows)
                times.add_metric((door,), _cumulated(total.edges), sum_value=total.seconds)
        yield from (answers, rows, times)
        names = ("Rows kept with their predictions", "Rows answered and not kept, against the settings")
        for (name, text), count in zip(
            zip(("cauce_captured_rows", "cauce_dropped_rows"), names, strict=True),
            self.counters.captured(),
            strict=True,
        ):
            yield CounterMetricFamily(name, text, count)
        yield GaugeMetricFamily("cauce_workers", "Workers that were started", self.counters.workers)
        if self.served is not None:
            labels = {
                "name": self.served.manifest.name,
                "version": self.served.version,
                "digest": self.served.identity,
                "snapshot": self.served.manifest.snapshot or "",
            }
            model = GaugeMetricFamily("cauce_model", "The model that is served", labels=tuple(labels))
            model.add_metric(tuple(labels.values()), 1)
            yield model
        if self.watched is not None:
            yield from _of_swaps(self.watched)


def _of_swaps(watched: Watched) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    found = watched.read()
    yield CounterMetricFamily("cauce_swaps", "Changes to another model", found["swaps"])
    yield CounterMetricFamily("cauce_swaps_refused", "Models that were refused", found["refused"])
    yield CounterMetricFamily("cauce_registry_failures", "Questions nobody answered", found["away"])
    yield GaugeMetricFamily(
        "cauce_registry_answered_seconds", "When the registry answered last, since 1970", found["answered"]
    )


def _cumulated(edges: tuple[int, ...]) -> list[tuple[str, float]]:
    found, total = [], 0
    for edge, count in zip((*map(str, EDGES), "+Inf"), edges, strict=True):
        total += count
        found.append((edge, float(total)))
    return found


def exposed(counters: Counters, served: Served | None, *, watched: Watched | None = None) -> bytes:
    """All that is counted, for a scrape."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(counters, served, watched))
    return bytes(generate_latest(registry))
