"""Metric names and tracker keys: what a number is can always be told from its name."""

import mlflow.utils.validation as mlflow_rules
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cauce.core.metrics.keys import DATASETS, KEY_CHARACTERS, baseline_key, tracker_key
from cauce.core.metrics.kinds import KINDS
from cauce.core.metrics.names import MetricName, direction
from cauce.errors import CauceError

CLASSES = st.one_of(
    st.text(st.characters(), max_size=30),
    st.text("aAbB<>=,[]\\-_. %h0123cxltgteq", max_size=12),
    st.text("aA-,<", min_size=150, max_size=400),
    st.sampled_from(
        ["", "<30", ">50K", "NO", "no", "a]b,c=d", "\\", "\\]", "-lt-30", "ñandú", "İ", "\ud800"]
    ),
)


@st.composite
def metric_names(draw):
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    ways = [{"positive": draw(CLASSES)}] if kind.positive else []
    ways += [{"average": average} for average in kind.averages]
    fields = draw(st.sampled_from(ways)) if ways else {}
    if kind.scale and draw(st.booleans()):
        fields["scale"] = kind.scale
    if kind.option:
        number = draw(st.integers(2, 99))
        fields["option"] = f"{number}%" if kind.option[0] == "top" else str(number)
    return MetricName(kind.name, **fields)


@given(metric_names())
@example(MetricName("recall", positive="\xa0"))
def test_the_canonical_text_of_a_metric_reads_back_as_the_same_metric(name):
    assert MetricName.parse(str(name)) == name
    assert str(name).isprintable()


@given(metric_names(), metric_names(), st.sampled_from(DATASETS), st.sampled_from(DATASETS))
@example(MetricName("recall", positive="NO"), MetricName("recall", positive="no"), "test", "test")
@example(MetricName("recall", positive="-lt-30"), MetricName("recall", positive="<30"), "test", "test")
@example(MetricName("recall", positive="Aa"), MetricName("recall", positive="aA"), "test", "test")
@example(MetricName("recall", positive="a" * 400), MetricName("recall", positive="a" * 401), "test", "test")
@example(MetricName("recall", positive="K"), MetricName("recall", positive="\u212a"), "test", "test")
def test_two_metrics_never_share_a_tracker_key_not_even_where_case_is_folded(one, other, here, there):
    keys = [tracker_key(one, here), tracker_key(other, there)]
    assert (keys[0].casefold() == keys[1].casefold()) == ((one, here) == (other, there))
    assert keys[0].casefold() != baseline_key(one, here).casefold()


@given(metric_names(), st.sampled_from(DATASETS))
def test_mlflow_takes_every_tracker_key(name, dataset):
    for key in (tracker_key(name, dataset), baseline_key(name, dataset)):
        assert len(key) <= KEY_CHARACTERS
        assert mlflow_rules._validate_metric_name(key) is None
        assert key.isascii()
        assert ":" not in key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("recall[positive=<30]", "test/recall.positive.-lt-30"),
        ("roc_auc[positive=>50K]", "test/roc_auc.positive.-gt-50K-c8-"),
        ("roc_auc[ovr,macro]", "test/roc_auc.ovr.macro"),
        ("f1[macro]", "test/f1.macro"),
        ("precision[positive=Sí, mucho]", None),
        ("lift[positive=yes,top=10%]", "test/lift.positive.yes"),
        ("lift[positive=yes,top=5%]", "test/lift.positive.yes.top.5"),
        ("rmse", "test/rmse"),
        ("rmse[log1p]", "test/rmse.log1p"),
    ],
)
def test_names_people_write_have_the_keys_the_page_promises(text, key):
    if key is None:
        with pytest.raises(CauceError) as caught:
            MetricName.parse(text)
        assert caught.value.code == "E0903"
    else:
        assert str(MetricName.parse(text)) == text
        assert tracker_key(MetricName.parse(text), "test") == key


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("roc_auc[macro]", "roc_auc[ovr,macro]"),
        ("roc_auc[ macro , ovr ]", "roc_auc[ovr,macro]"),
        ("lift[positive=a]", "lift[positive=a,top=10%]"),
        ("calibration_error[bins=15, positive= a b ]", "calibration_error[positive= a b ,bins=15]"),
        (r"recall[positive=a\,b\]c]", r"recall[positive=a\,b\]c]"),
    ],
)
def test_other_spellings_become_the_one_canonical_text(text, canonical):
    assert str(MetricName.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("recall", "E0902"),
        ("f1", "E0902"),
        ("roc_auc", "E0902"),
        ("roc_auc[ovr]", "E0902"),
        ("average_precision", "E0902"),
        ("recal[positive=1]", "E0901"),
        ("", "E0901"),
        ("accuracy[positive=1]", "E0903"),
        ("roc_auc[weighted]", "E0903"),
        ("recall[ovr,macro]", "E0903"),
        ("recall[macro,positive=a]", "E0903"),
        ("recall[positive=a,positive=b]", "E0903"),
        ("lift[positive=a,top=0%]", "E0903"),
        ("lift[positive=a,top=100%]", "E0903"),
        ("calibration_error[positive=a,bins=1]", "E0903"),
        ("roc_auc[positive=a,ovr]", "E0903"),
        ("recall[positive=a", "E0904"),
        ("recall[positive=a]]", "E0904"),
        (r"recall[positive=\q]", "E0904"),
        ("recall[positive=\\", "E0904"),
        ("recall[positive=\\u{110000}]", "E0904"),
        ("recall[]", "E0903"),
    ],
)
def test_a_metric_that_does_not_say_what_it_is_cannot_be_written(text, code):
    with pytest.raises(CauceError) as caught:
        MetricName.parse(text)
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.hint


def test_which_way_is_better_is_known_for_every_metric():
    assert direction("rmse") == "lower"
    assert direction("roc_auc[positive=x]") == "higher"
    assert direction("prevalence[positive=x]") == "none"
