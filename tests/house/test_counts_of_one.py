"""A count of one reads right, and numbers follow the language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cauce.errors import CATALOGUE, CauceError
from cauce.language import (
    Counted,
    counted,
    format_significant,
    gettext_noop,
    ngettext_noop,
    translate,
    use_language,
)


@pytest.fixture
def spanish() -> Iterator[None]:
    use_language("es")
    yield
    use_language("en")


@pytest.mark.parametrize(
    ("code", "values", "one", "two"),
    [
        (
            "E0430",
            {"found": 1, "expected": 5},
            "1 cell where 5 are named",
            "2 cells where 5 are named",
        ),
        (
            "E0601",
            {"step": "fit", "finished": 1, "steps": 6},
            "Interrupted in the step fit; 1 of 6 steps is finished.",
            "Interrupted in the step fit; 2 of 6 steps are finished.",
        ),
        (
            "E1107",
            {"target": "delay", "count": 1},
            "The target delay is infinite in 1 row.",
            "The target delay is infinite in 2 rows.",
        ),
    ],
)
def test_an_error_about_one_thing_speaks_of_one_thing(
    code: str, values: dict[str, str | int], one: str, two: str
) -> None:
    """ "1 rows" makes a reader doubt the number."""
    assert CauceError(code, **values).message == one
    more = {name: 2 if value == 1 else value for name, value in values.items()}
    assert CauceError(code, **more).message == two


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_a_counted_text_counts_one_of_its_values(entry: object) -> None:
    """A text that counts what it is not given would be wrong for one, or crash."""
    for text in (entry.says, entry.hint):  # type: ignore[attr-defined]
        if isinstance(text, Counted):
            assert f"{{{text.by}}}" in text
            assert text.one != text


def test_a_counted_text_is_the_plural_where_nobody_counts() -> None:
    text = ngettext_noop("{count} row", "{count} rows")
    assert (text, translate(text)) == ("{count} rows", "{count} rows")
    assert [counted(text, count) for count in (0, 1, 2)] == ["{count} rows", "{count} row", "{count} rows"]
    assert counted(gettext_noop("rows"), 1) == "rows"


def test_a_number_has_the_decimal_mark_of_the_language(spanish: None) -> None:
    """A Spanish reader takes 1.5 for fifteen."""
    assert [format_significant(number) for number in (1.5, 2.0, 1e-6, 1234.5)] == [
        "1,5",
        "2",
        "1e-06",
        "1234,5",
    ]
    assert format_significant(0.123456789, 2) == "0,12"
