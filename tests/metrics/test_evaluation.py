"""From scored rows to an evaluation: equal to scikit-learn, JSON and back, honest verdicts."""

import json

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as peer

from cauce.core.evaluation import Evaluation, History, decode_evaluation, encode_evaluation
from cauce.core.metrics.gap import VERDICTS, gap_between
from cauce.core.metrics.keys import tracker_key
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.ranking import ranking_metric
from cauce.core.metrics.requests import Guess, ScoredColumns, evaluated, scores_of, summaries_for
from cauce.core.metrics.target import Target, check_metric, metric_names
from cauce.errors import CauceError
from cauce.stats import ScoreBins

BINARY = Target("binary", ("NO", "<30"))
MANY = Target("multiclass", ("a", "b,]", ""))
NUMBER = Target("regression", log_scale=True)
ROWS = 3000


def gathered(target, frame, columns, guess):
    results = []
    for summary in summaries_for(target, columns, guess=guess):
        state = summary.start()
        for batch in frame.iter_slices(700):
            state = summary.merge(state, summary.update(summary.start(), batch))
        results.append(summary.result(state))
    return evaluated(target, results, guess=guess)


def binary_rows(seed=0, sharp=1.0):
    random = np.random.default_rng(seed)
    chance = random.beta(0.6, 3, ROWS)
    label = random.random(ROWS) < chance
    score = np.round(chance * sharp + (1 - sharp) * random.random(ROWS), 2)
    return pl.DataFrame(
        {"y": label.astype(int), "p": score, "k": (score >= 0.5).astype(int), "w": random.random(ROWS)}
    )


def binary(seed=0, sharp=1.0):
    columns = ScoredColumns(label="y", predicted="k", probabilities=("p",), weight="w")
    return gathered(BINARY, binary_rows(seed, sharp), columns, Guess(shares=(0.8, 0.2)))


def many():
    random = np.random.default_rng(1)
    table = random.dirichlet((2, 1, 0.5), ROWS)
    label = [random.choice(3, p=row) for row in table]
    frame = pl.DataFrame(
        {"y": label, "k": table.argmax(axis=1), "a": table[:, 0], "b": table[:, 1], "c": table[:, 2]}
    )
    columns = ScoredColumns(label="y", predicted="k", probabilities=("a", "b", "c"))
    return frame, gathered(MANY, frame, columns, Guess(shares=(0.5, 0.3, 0.2)))


def number_rows():
    random = np.random.default_rng(2)
    label = random.lognormal(10, 1, ROWS)
    label[:20] = 0.0
    return pl.DataFrame(
        {"y": label, "p": label * random.lognormal(0, 0.3, ROWS) + 1, "w": random.random(ROWS)}
    )


def number(weight="w"):
    columns = ScoredColumns(label="y", predicted="p", weight=weight)
    return gathered(NUMBER, number_rows(), columns, Guess(mean=36000.0, median=22000.0))


def test_a_binary_evaluation_equals_scikit_learn_on_the_rows():
    frame, found = binary_rows(), binary()
    label, score, predicted, weight = (frame[name].to_numpy() for name in ("y", "p", "k", "w"))
    known = {"sample_weight": weight}
    expected = {
        "roc_auc[positive=<30]": peer.roc_auc_score(label, score, **known),
        "average_precision[positive=<30]": peer.average_precision_score(label, score, **known),
        "log_loss": peer.log_loss(label, score, **known),
        "brier": peer.brier_score_loss(label, score, **known),
        "accuracy": peer.accuracy_score(label, predicted, **known),
        "balanced_accuracy": peer.balanced_accuracy_score(label, predicted, **known),
        "mcc": peer.matthews_corrcoef(label, predicted, **known),
        "precision[positive=<30]": peer.precision_score(label, predicted, **known),
        "recall[positive=<30]": peer.recall_score(label, predicted, **known),
        "f1[positive=<30]": peer.f1_score(label, predicted, **known),
        "specificity[positive=<30]": peer.recall_score(label, predicted, pos_label=0, **known),
        "prevalence[positive=<30]": np.average(label, weights=weight),
    }
    for text, value in expected.items():
        assert found[text].value == pytest.approx(value, abs=1e-9), text
        assert found[text].error == 0.0
    assert {str(one.name) for one in found.metrics} - set(expected) == {
        "calibration_error[positive=<30,bins=10]",
        "lift[positive=<30,top=10%]",
    }


def test_guessing_gives_what_a_constant_score_gives_in_scikit_learn():
    frame, found = binary_rows(), binary()
    label, weight = frame["y"].to_numpy(), frame["w"].to_numpy()
    constant = np.full(ROWS, 0.2)
    known = {"sample_weight": weight}
    assert found.baseline("roc_auc[positive=<30]").value == 0.5
    assert found.baseline("log_loss").value == pytest.approx(peer.log_loss(label, constant, **known))
    assert found.baseline("brier").value == pytest.approx(peer.brier_score_loss(label, constant, **known))
    assert found.baseline("accuracy").value == pytest.approx(1 - np.average(label, weights=weight))
    assert found.baseline("recall[positive=<30]").value == 0.0
    assert found.baseline("precision[positive=<30]") is None


def test_a_multiclass_evaluation_equals_scikit_learn_on_the_rows():
    frame, found = many()
    label, predicted = frame["y"].to_numpy(), frame["k"].to_numpy()
    table = frame.select("a", "b", "c").to_numpy()
    expected = {
        "roc_auc[ovr,macro]": peer.roc_auc_score(label, table, multi_class="ovr"),
        "log_loss": peer.log_loss(label, table),
        "accuracy": peer.accuracy_score(label, predicted),
        "f1[macro]": peer.f1_score(label, predicted, average="macro"),
        "f1[weighted]": peer.f1_score(label, predicted, average="weighted"),
        "precision[positive=]": peer.precision_score(label, predicted, average=None)[2],
        r"recall[positive=b\,\]]": peer.recall_score(label, predicted, average=None)[1],
        "roc_auc[positive=a]": peer.roc_auc_score(label == 0, table[:, 0]),
    }
    for text, value in expected.items():
        assert found[text].value == pytest.approx(value, abs=1e-9), text
    constant = np.tile([0.5, 0.3, 0.2], (ROWS, 1))
    assert found.baseline("log_loss").value == pytest.approx(peer.log_loss(label, constant))
    assert found.baseline("accuracy").value == pytest.approx(np.mean(label == 0))


def test_a_regression_evaluation_equals_scikit_learn_on_the_rows():
    frame, found = number_rows(), number()
    label, predicted, weight = (frame[name].to_numpy() for name in ("y", "p", "w"))
    known = {"sample_weight": weight}
    expected = {
        "rmse": peer.root_mean_squared_error(label, predicted, **known),
        "mae": peer.mean_absolute_error(label, predicted, **known),
        "r2": peer.r2_score(label, predicted, **known),
        "bias": np.average(predicted - label, weights=weight),
        "rmse[log1p]": peer.root_mean_squared_log_error(label, predicted, **known),
        "r2[log1p]": peer.r2_score(np.log1p(label), np.log1p(predicted), **known),
    }
    for text, value in expected.items():
        assert found[text].value == pytest.approx(value, rel=1e-9), text
    median = found["median_absolute_error"]
    assert abs(median.value - peer.median_absolute_error(label, predicted, **known)) <= median.error + 1e-9
    guess = peer.mean_absolute_error(label, np.full(ROWS, 22000.0), **known)
    assert found.baseline("mae").value == pytest.approx(guess)
    guess = peer.r2_score(label, np.full(ROWS, 36000.0), **known)
    assert found.baseline("r2").value == pytest.approx(guess)
    guess = peer.root_mean_squared_log_error(label, np.full(ROWS, 22000.0), **known)
    assert found.baseline("rmse[log1p]").value == pytest.approx(guess), "the median, not the amounts' mean"
    histogram = found.residuals
    assert histogram.weight.sum() + histogram.below + histogram.above == pytest.approx(weight.sum())


@pytest.mark.parametrize("limit", [3, 60, 1000])
def test_binned_scores_say_how_far_off_they_may_be_and_are_not_further(limit):
    random = np.random.default_rng(5)
    score = random.random(5000) ** 3
    label = random.random(5000) < score
    bins = ScoreBins("p", "y", limit=limit, bits=1)
    counts = bins.result(bins.update(bins.start(), pl.DataFrame({"p": score, "y": label})))
    exact = {
        "roc_auc[positive=a]": peer.roc_auc_score(label, score),
        "average_precision[positive=a]": peer.average_precision_score(label, score),
        "brier": peer.brier_score_loss(label, score),
        "log_loss": peer.log_loss(label, score),
    }
    for text, truth in exact.items():
        found = ranking_metric(scores_of(counts), MetricName.parse(text))
        assert found.error > 0
        assert abs(found.value - truth) <= found.error, text


def test_rows_without_a_score_or_of_no_class_are_refused_and_never_left_out():
    columns = ScoredColumns(label="y", predicted="k", probabilities=("p",))
    types = {"y": pl.Int64, "p": pl.Float64, "k": pl.Int64}
    for rows in (
        [(0, None, 0)],
        [(0, float("nan"), 0)],
        [(0, 1.5, 0)],
        [(2, 0.5, 0)],
        [(0, 0.5, None)],
        [(0, 0.5, 7)],
    ):
        with pytest.raises(CauceError, match="E0907"):
            gathered(BINARY, pl.DataFrame(rows, types, orient="row"), columns, Guess())
    columns = ScoredColumns(label="y", predicted="p")
    frame = pl.DataFrame([(1.0, None)], {"y": pl.Float64, "p": pl.Float64}, orient="row")
    with pytest.raises(CauceError, match="E0907"):
        gathered(Target("regression"), frame, columns, Guess())


def test_rows_without_a_label_are_left_out_and_counted():
    columns = ScoredColumns(label="y", predicted="k", probabilities=("p",))
    types = {"y": pl.Int64, "p": pl.Float64, "k": pl.Int64}
    frame = pl.DataFrame([(None, 0.9, 1), (1, 0.8, 1), (0, 0.3, 0)], types, orient="row")
    found = gathered(BINARY, frame, columns, Guess(shares=(0.5, 0.5)))
    assert (found.rows, found.unlabelled) == (2, 1)
    assert found["accuracy"].value == 1.0
    frame = pl.DataFrame([(None, 0.9), (1.0, 0.8)], {"y": pl.Float64, "p": pl.Float64}, orient="row")
    found = gathered(Target("regression"), frame, ScoredColumns(label="y", predicted="p"), Guess(mean=1.0))
    assert (found.rows, found.unlabelled) == (1, 1)


def test_no_rows_at_all_give_reasons_and_no_numbers():
    types = {"y": pl.Int64, "p": pl.Float64, "k": pl.Int64}
    columns = ScoredColumns(label="y", predicted="k", probabilities=("p",))
    found = gathered(BINARY, pl.DataFrame(schema=types), columns, Guess(shares=(0.5, 0.5)))
    assert {one.reason for one in found.metrics} == {"no_rows"}
    columns = ScoredColumns(label="p", predicted="q")
    frame = pl.DataFrame(schema={"p": pl.Float64, "q": pl.Float64})
    found = gathered(NUMBER, frame, columns, Guess(mean=1.0, median=1.0))
    assert {one.reason for one in found.metrics} == {"no_rows"}


def whole(**datasets):
    return Evaluation(
        target=BINARY,
        datasets=datasets,
        importance=(("age, \n]", 3.5), ("$x$", 1.0)),
        history=History(
            metric="logloss", losses={"train": (0.6, 0.5), "validation": (0.7, 0.6)}, best_round=1
        ),
    )


def test_an_evaluation_is_the_same_after_json_and_holds_no_row():
    for one in (whole(train=binary(), test=binary(1)), whole(validation=many()[1]), whole(test=number())):
        data = encode_evaluation(one)
        assert encode_evaluation(decode_evaluation(data)) == data
        assert len(data) < 400_000
    curve = decode_evaluation(encode_evaluation(whole(test=binary()))).datasets["test"].roc["<30"]
    assert (curve.x[0], curve.y[0], curve.threshold[0]) == (0.0, 0.0, np.inf)


def test_tracked_numbers_stand_under_the_keys_the_names_have():
    found = whole(test=binary()).tracked()
    name = MetricName.parse("roc_auc[positive=<30]")
    assert found[tracker_key(name, "test")] == pytest.approx(binary()[str(name)].value)
    assert found["test/baseline.roc_auc.positive.-lt-30"] == 0.5


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("datasets"),
        lambda value: value.update(version=99),
        lambda value: value["datasets"].update(other={}),
        lambda value: value["datasets"]["test"].update(metrics=[{"name": "rmse", "value": None}]),
        lambda value: value["datasets"]["test"].update(
            metrics=[{"name": "rmse", "value": None, "reason": "?"}]
        ),
        lambda value: value.update(importance=3),
    ],
)
def test_an_edited_evaluation_is_refused_with_a_code(change):
    value = json.loads(encode_evaluation(whole(test=binary())))
    change(value)
    with pytest.raises(CauceError, match="E0906"):
        Evaluation.from_json(value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"[" * 100_000])
def test_bytes_that_are_no_evaluation_are_refused_with_a_code(data):
    with pytest.raises(CauceError, match="E0906"):
        decode_evaluation(data)


def test_the_verdict_tells_learning_from_memorising():
    name = MetricName.parse("roc_auc[positive=<30]")
    sharp, middling, blunt = binary(), binary(0, 0.45), binary(0, 0.0)
    verdict = {
        "holds": {"train": sharp, "validation": binary(7), "test": binary(8)},
        "memorised": {"train": sharp, "validation": binary(0, 0.2)},
        "flattered": {"train": sharp, "validation": sharp, "test": middling},
        "unknown": {"train": sharp},
    }
    for expected, datasets in verdict.items():
        gap = gap_between(datasets, name)
        assert gap.verdict == expected, {key: one[str(name)].value for key, one in datasets.items()}
        assert gap.sentence == VERDICTS[expected]
    assert gap_between({"train": sharp, "test": blunt}, MetricName("log_loss")).verdict == "useless"
    assert gap_between({"train": number(), "test": number()}, MetricName("rmse")).verdict == "holds"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("rmse", BINARY),
        ("accuracy", NUMBER),
        ("brier", MANY),
        ("recall[positive=>30]", BINARY),
    ],
)
def test_a_metric_of_another_task_or_class_is_refused(text, target):
    with pytest.raises(CauceError, match="E0905"):
        check_metric(MetricName.parse(text), target)
    for name in metric_names(target):
        check_metric(name, target)


def test_chance_alone_is_not_called_overfitting():
    """Two datasets of one distribution differ; a user must not be sent after a fault that is none."""
    name = MetricName.parse("roc_auc[positive=<30]")
    drawn = [binary(seed) for seed in range(24)]
    triples = zip(drawn[::3], drawn[1::3], drawn[2::3], strict=True)
    found = [
        gap_between({"train": one, "validation": two, "test": three}, name).verdict
        for one, two, three in triples
    ]
    assert set(found) == {"holds"}
