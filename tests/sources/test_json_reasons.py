"""Why a line of JSON was left out, in words that can be told in the reader's language."""

from __future__ import annotations

import pytest

from cauce.sources.json_records import Unread, cells


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1]", "not an object"),
        ('{"a": }', "Expecting value"),
        ('{"a": 1 "b": 2}', "Expecting ',' delimiter"),
        ('{"a" 1}', "Expecting ':' delimiter"),
        ("{a: 1}", "Expecting property name enclosed in double quotes"),
        ('{"a": 1} x', "Extra data"),
        ('{"a": "b', "Unterminated string starting at"),
        ('{"a": "\x01"}', "Invalid control character at"),
        ('{"a": "\\x"}', "Invalid \\escape"),
        ('{"a": "\\u12"}', "Invalid \\uXXXX escape"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1e999}', "a number beyond the largest"),
        ('{"a": ' + "9" * 5000 + "}", "a number of too many digits"),
        ('{"a": ' + "[" * 200_000 + "}", "nested too deeply"),
        ('{"a": "\\ud800"}', "half a letter (a lone surrogate)"),
    ],
)
def test_each_reason_has_words_of_its_own(line: str, reason: str) -> None:
    """A reason made of the decoder's changing words stays English, or shows a number of the row's."""
    with pytest.raises(Unread) as refused:
        cells(line.encode())
    assert refused.value.code == "E0435"
    assert refused.value.values == {"reason": reason}
