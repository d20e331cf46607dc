"""The file of captured predictions proves what of it is whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauce.core.capture_log import LARGEST, MARK, LogReader, first_digest, framed

PAYLOADS = (b"first", b"", b"the third record\x00" * 3, b"last")


def log(payloads: tuple[bytes, ...]) -> tuple[bytes, list[int]]:
    """The file, and where each record begins and the last ends."""
    data, before, places = MARK, first_digest(), [len(MARK)]
    for payload in payloads:
        record, before = framed(payload, before)
        data += record
        places.append(len(data))
    return data, places


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_what_was_written_is_read(payloads: list[bytes]) -> None:
    """A record that comes back otherwise would replay what nobody asked."""
    data, _places = log(tuple(payloads))
    reader = LogReader(data)
    assert list(reader) == payloads
    assert (reader.state, reader.lost, reader.end) == ("whole", 0, len(data))


def test_a_file_cut_anywhere_gives_its_whole_records_and_is_torn() -> None:
    """After a power cut the service would not start, or give half a record as a prediction."""
    data, places = log(PAYLOADS)
    for length in range(len(data)):
        reader = LogReader(data[:length])
        found = list(reader)
        whole = [place for place in places if place <= length]
        assert tuple(found) == PAYLOADS[: max(0, len(whole) - 1)]
        assert reader.state == ("whole" if length in places else "torn")
        assert reader.lost == length - (max(whole) if whole else 0)


@pytest.mark.parametrize("bits", [0x01, 0x80, 0xFF])
def test_no_flipped_bit_anywhere_goes_unseen(bits: int) -> None:
    """A failing disk would change a captured prediction in silence."""
    data, places = log(PAYLOADS)
    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= bits
        reader = LogReader(bytes(broken))
        found = list(reader)
        assert reader.state != "whole"
        assert reader.lost > 0
        before = sum(place >= one for one in places[1:])
        assert tuple(found[:before]) == (() if place < len(MARK) else PAYLOADS[:before])
        assert set(found) <= set(PAYLOADS)


def test_a_damaged_payload_costs_its_own_record_alone() -> None:
    """One bad sector would take a whole segment with it."""
    data, places = log(PAYLOADS)
    broken = bytearray(data)
    broken[places[1] - 1] ^= 1
    reader = LogReader(bytes(broken))
    assert tuple(reader) == PAYLOADS[1:]
    assert (reader.state, reader.lost) == ("damaged", places[1] - places[0])


def test_records_left_out_or_exchanged_are_seen() -> None:
    """Someone could take out what should not be known."""
    data, places = log(PAYLOADS)
    records = [data[begin:end] for begin, end in pairwise(places)]
    for order in ((0, 2, 3), (1, 0, 2, 3), (0, 1, 1, 2, 3)):
        reader = LogReader(MARK + b"".join(records[one] for one in order))
        list(reader)
        assert reader.state == "damaged"


def test_zeros_at_the_end_are_a_torn_tail() -> None:
    """File systems lengthen a file before they fill it; the rest of it must not be lost."""
    data, _places = log(PAYLOADS)
    reader = LogReader(data + bytes(5000))
    assert tuple(reader) == PAYLOADS
    assert (reader.state, reader.lost) == ("torn", 5000)


def test_another_file_is_no_log() -> None:
    """What was put into the folder by mistake must not be taken for predictions."""
    reader = LogReader(b"PAR1 and so on")
    assert list(reader) == []
    assert reader.state == "damaged"


def test_a_payload_beyond_what_a_length_holds_is_refused() -> None:
    """Its length would be written as another one."""

    class Long(bytes):
        def __len__(self) -> int:
            return LARGEST

    with pytest.raises(ValueError, match="2 GiB"):
        framed(Long(), first_digest())
