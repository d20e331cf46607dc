"""Names of features: readable, unique, the same for the same plan and data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from cauce.core.features.plan import Chain
from cauce.core.features.stream import Stream


def named(streams: Iterable[tuple[Chain, Stream]]) -> Iterator[tuple[str, Stream]]:
    """Each stream's name: its source and what the steps made of it, such as "carrier=UA".

    Where chains of one source would share a name, those after the first say their steps; "#2" and so on
    parts what is left.
    """
    every = list(streams)
    chains: dict[str, Chain] = {}
    used: Counter[str] = Counter()
    for chain, stream in every:
        name = stream.source + stream.suffix
        if chains.setdefault(name, chain) != chain:
            steps = ".".join(step.step for step in chain.steps)
            name = f"{stream.source}:{steps}{stream.suffix}"
        yield _unique(name, used), stream


def _unique(name: str, used: Counter[str]) -> str:
    used[name] += 1
    if used[name] == 1:
        return name
    other = f"{name}#{used[name]}"
    while other in used:
        used[name] += 1
        other = f"{name}#{used[name]}"
    used[other] += 1
    return other
