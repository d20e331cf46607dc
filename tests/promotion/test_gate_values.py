"""The gate: which values pass which limits, and what it says."""

from __future__ import annotations

import pytest

from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import metric, undefined
from cauce.core.promotion.gate import Contest, GateVerdict, required
from cauce.errors import CauceError
from cauce.language import use_language

AUC, LOSS = "roc_auc[positive=<30]", "log_loss"
FOUND = (
    metric(MetricName.parse(AUC), 0.7),
    metric(MetricName(LOSS), 0.5),
    undefined(MetricName("mcc"), "no_rows"),
)


@pytest.mark.parametrize(
    ("require", "holds"),
    [
        ({}, True),
        ({AUC: 0.7}, True),
        ({AUC: 0.70001}, False),
        ({LOSS: 0.5}, True),
        ({LOSS: 0.49}, False),
        ({AUC: 0.6, LOSS: 0.4}, False),
        ({"mcc": 0.0}, False),
        ({"roc_auc[positive=NO]": 0.1}, False),
    ],
)
def test_a_limit_is_the_least_or_the_most(require: dict[str, float], holds: bool) -> None:
    """A loss taken for a score would let the worst model pass; a number that is not there passes nothing."""
    assert GateVerdict(requirements=required(require, FOUND)).holds is holds


@pytest.mark.parametrize(
    ("require", "code"),
    [
        ({"acuracy": 0.5}, "E0901"),
        ({"recall": 0.5}, "E0902"),
        ({"bias": 0.0}, "E2009"),
        ({"prevalence[positive=a]": 0.1}, "E2009"),
    ],
)
def test_what_cannot_be_demanded_is_refused(require: dict[str, float], code: str) -> None:
    """A misspelled demand that was ignored would be a gate that is open."""
    with pytest.raises(CauceError) as found:
        required(require, FOUND)
    assert found.value.code == code


def test_a_challenger_must_be_better_by_more_than_the_margin_beyond_doubt() -> None:
    terms = {"champion": "a" * 64, "metric": AUC, "confidence": 0.95, "difference": 0.02, "rows": 100}
    cases = [(0.0, 0.001, True), (0.0, 0.0, False), (0.0, -0.001, False), (0.01, 0.005, False)]
    for margin, low, holds in cases:
        contest = Contest(**terms, margin=margin, low=low, high=0.03)
        assert contest.holds is holds, (margin, low)
    unknown = Contest(champion="a" * 64, metric=AUC, margin=0.0, confidence=0.95, reason="no rows.")
    assert not unknown.holds
    assert str(unknown) == "it cannot be compared with the champion: no rows"


def test_the_verdict_is_a_sentence_for_each_failure() -> None:
    verdict = GateVerdict(requirements=required({AUC: 0.75, LOSS: 0.4, "mcc": 0.1}, FOUND))
    assert verdict.failures == (
        "roc_auc[positive=<30] is 0.7000, at least 0.7500 is demanded",
        "log_loss is 0.5000, at most 0.4000 is demanded",
        "mcc has no value on test rows",
    )
    use_language("es")
    assert "0,7000" in verdict.failures[0]
    assert GateVerdict.from_json(verdict.to_json()) == verdict
