"""Learning what the plan's steps need, from the training rows, in as few looks as possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cauce.core.features.asking import Ask, Look, ask
from cauce.core.features.components import ComponentsFit
from cauce.core.features.filling import Filled, refilled
from cauce.core.features.fitted import Dropped, Feature, FittedFeatures
from cauce.core.features.known import KnownFeatures
from cauce.core.features.naming import named
from cauce.core.features.plan import Chain, FeaturePlan
from cauce.core.features.planning import MOST_FEATURES
from cauce.core.features.rules import RULES, fuses
from cauce.core.features.stream import Setting, Stream, begin
from cauce.errors import CauceError

Answers = dict[Ask, Any]


@dataclass(frozen=True)
class _Item:
    """A stream and the steps before it; `made` where they are all taken."""

    stream: Stream
    steps: tuple[Any, ...]

    @property
    def made(self) -> bool:
        return not self.steps


def fit_features(plan: FeaturePlan | KnownFeatures, look: Look) -> FittedFeatures:
    """The features, learned from training rows.

    look(projection, summaries): the results of the summaries, in order, over the training rows of the
    prepared table (the plan's columns, TARGET, WEIGHT, FOLD, INNER_FOLD) after the projection, if any;
    called `scans` times. Raises E1006 to E1008, E1012, E1013.
    """
    if isinstance(plan, KnownFeatures):
        return plan.fitted
    fit = FeatureFit(plan)
    scans = 0
    while asks := fit.asks():
        fit.learn(ask(look, asks, schema=plan.setting.schema))
        scans += 1
    return fit.finished(scans)


@dataclass
class FeatureFit:
    """What is known so far: each chain's items, in order. What `asks` gives is looked up and `learn`ed."""

    plan: FeaturePlan
    items: list[list[_Item]] = field(default_factory=list)
    guarded: set[int] = field(default_factory=set)
    variances: dict[Any, float] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    components: list[ComponentsFit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.components = [ComponentsFit(one) for one in self.plan.components]
        for number, chain in enumerate(self.plan.chains):
            if chain.auto:
                self.guarded.add(number)
            stream = begin(chain.source, chain.expression, schema=self.setting.schema)
            self.items.append(list(_advanced([_Item(stream, chain.steps)], self.setting)))

    @property
    def setting(self) -> Setting:
        return self.plan.setting

    def asks(self) -> tuple[Ask, ...]:
        """Everything that can be asked now."""
        return tuple(dict.fromkeys(self._asks()))

    def _asks(self) -> Iterator[Ask]:
        for number in sorted(self.guarded):
            yield _guard(self.plan.chains[number])
        for items in self.items:
            for item in items:
                yield from _needs(item, self.setting) if item.steps else self._spread(item.stream)
        for one in self.components:
            yield from one.asks()

    def _spread(self, stream: Stream) -> Iterator[Ask]:
        filtered = self.plan.variance_filter is not None and stream.levels is None
        if filtered and stream.kind in ("integer", "float") and stream.training not in self.variances:
            yield Ask("moments", stream.training)

    def learn(self, answers: Answers) -> None:
        """Take every step the answers allow."""
        for one, found in answers.items():
            if one.about == "moments":
                self.variances[one.of] = found.variance
        for number in sorted(self.guarded):
            if _constant(self.plan.chains[number], answers):
                self.dropped.append(Dropped(self.plan.chains[number].source, "constant"))
                self.items[number] = []
        self.guarded.clear()
        for number, items in enumerate(self.items):
            after = [one for item in items for one in _taken(item, answers, self.setting)]
            if items and not after:
                self.dropped.append(Dropped(self.plan.chains[number].source, "no_levels"))
            self.items[number] = list(_advanced(after, self.setting))
        for components in self.components:
            components.learn(answers)

    def features(self) -> Iterator[Feature]:
        """The features that stay, named."""
        limit = self.plan.variance_filter
        kept = []
        for chain, items in zip(self.plan.chains, self.items, strict=True):
            for item in items:
                kept.append((chain, item.stream))
        kept += self._components()
        for name, stream in named(kept):
            variance = self.variances.get(stream.training)
            if limit is not None and variance is not None and not variance > limit:
                self.dropped.append(Dropped(name, "variance"))
                continue
            yield Feature(name, stream.expression, stream.training, stream.source, stream.levels, stream.told)

    def finished(self, scans: int) -> FittedFeatures:
        """The features, once nothing is left to ask; E1006, E1007. scans: looks taken."""
        features = tuple(self.features())
        if not features:
            raise CauceError("E1007")
        if len(features) > MOST_FEATURES:
            raise CauceError("E1006", count=len(features), most=MOST_FEATURES)
        read = {column for feature in features for column in feature.columns}
        required = self.plan.schema.select([name for name in self.plan.schema.names if name in read])
        found = tuple(one.found for one in self.components if one.found is not None)
        return FittedFeatures(features, required, tuple(self.dropped), scans, found)

    def _components(self) -> Iterator[tuple[Chain, Stream]]:
        for one in self.components:
            if one.found is None:
                self.dropped.append(Dropped(one.plan.name, "constant"))
                continue
            made = one.found.streams([cell for _name, cell in one.plan.columns])
            for stream, variance in zip(made, one.found.variances.tolist(), strict=False):
                self.variances[stream.training] = variance
                yield Chain(one.plan.name, stream.expression, ()), stream


def _guard(chain: Chain) -> Ask:
    return Ask("variety", chain.expression)


def _constant(chain: Chain, answers: Answers) -> bool:
    """Whether no two training rows differ in the chain's column."""
    found = answers[_guard(chain)]
    return not found.overflow and (not found.values or not found.nulls)


def _ready(item: _Item) -> tuple[Any, Stream]:
    """The item's next step, and the stream as it wants it."""
    step = item.steps[0]
    return step, RULES[step.step].start(step, item.stream)


def _advanced(items: Iterable[_Item], setting: Setting) -> Iterator[_Item]:
    """The items after every step that needs no data."""
    for item in items:
        if not item.steps or _needs(item, setting):
            yield item
        else:
            yield from _advanced(_step(item, (), setting), setting)


def _needs(item: _Item, setting: Setting) -> tuple[Ask, ...]:
    step, stream = _ready(item)
    own = RULES[step.step].needs(step, stream, setting)
    return (*own, *_following(item, setting)) if own else ()


def _following(item: _Item, setting: Setting) -> tuple[Ask, ...]:
    """What the step after an imputation needs, asked before the imputation is known."""
    step, stream = _ready(item)
    if len(item.steps) < 2 or not fuses(step, item.steps[1], kind=stream.kind):
        return ()
    following = item.steps[1]
    rule = RULES[following.step]
    return rule.needs(following, rule.start(following, stream), setting)


def _taken(item: _Item, answers: Answers, setting: Setting) -> Iterator[_Item]:
    """The item after its next step, or two, if it needs any."""
    if not item.steps:
        yield item
        return
    step, stream = _ready(item)
    own = tuple(answers[one] for one in RULES[step.step].needs(step, stream, setting))
    after = list(_step(item, own, setting))
    asked = _following(item, setting)
    if not asked:
        yield from after
        return
    fill = RULES[step.step].fit(step, stream, own, setting)
    results = tuple(_refilled(one, answers[one], fill) for one in asked)
    for one in after:
        yield from _step(one, results, setting) if one.steps else (one,)


def _refilled(one: Ask, found: Any, fill: Filled) -> Any:
    return refilled(one.about, found, value=fill.value, missing=fill.missing or 0)


def _step(item: _Item, results: tuple[Any, ...], setting: Setting) -> Iterator[_Item]:
    """The item after its next step."""
    step, stream = _ready(item)
    rule = RULES[step.step]
    state = rule.fit(step, stream, results, setting)
    for made in rule.make(step, stream, state, setting):
        rest = () if made.done else (*made.more, *item.steps[1:])
        yield _Item(replace(made, more=()), rest)
