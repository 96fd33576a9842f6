"""Answers as bytes: each comes back as it was, and other bytes are refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.environment.requests import Answer, Cause, Failed, Lost
from emu.recording.log import Log
from emu.recording.values import MalformedError, Reader, put_answer, put_signed, put_unsigned
from tests.recording.rig import BEGINNING

NUMBERS = st.integers(0, (1 << 63) - 1)
ANSWERS: st.SearchStrategy[Answer] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 62), 1 << 62),
    st.binary(max_size=300),
    st.builds(Failed, NUMBERS),
    st.builds(Lost, st.sampled_from((0, 1, 2)), NUMBERS),
    st.sampled_from(Cause),
)


@given(st.lists(ANSWERS))
def test_answers_come_back_with_their_types(answers: list[Answer]) -> None:
    out = bytearray()
    for answer in answers:
        put_answer(out, answer)
    reader = Reader(bytes(out))
    read = [reader.answer() for _ in answers]
    assert reader.is_at_end
    assert [(type(one), one) for one in read] == [(type(one), one) for one in answers]


@given(NUMBERS, st.integers(-(1 << 62), 1 << 62))
def test_integers_come_back(unsigned: int, signed: int) -> None:
    out = bytearray()
    put_unsigned(out, unsigned)
    put_signed(out, signed)
    reader = Reader(bytes(out))
    assert (reader.unsigned(), reader.signed(), reader.is_at_end) == (unsigned, signed, True)


@pytest.mark.parametrize(
    "data",
    [b"\x03", b"\x04\x05abcd", b"\x08", b"\x06\x03\x00", b"\x07\x09", b"\x03" + b"\x80" * 10],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        Reader(data).answer()


@given(st.binary(max_size=60))
def test_a_log_takes_any_bytes_or_refuses_them(data: bytes) -> None:
    log = Log(BEGINNING)
    with suppress(MalformedError):
        log.take(data)
    requests = [one.request for one in log.answers]
    assert requests == sorted(set(requests))
    assert log.requests >= max(requests, default=-1) + 1
    assert log.moment >= max(
        *(one.moment for one in log.answers), *(one.moment for one in log.stops), 0, 0
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1 << 40), ANSWERS)))
def test_a_log_is_read_as_it_was_written(steps: list[tuple[int, int, Answer]]) -> None:
    entries: list[bytes] = []
    log, moment = Log(BEGINNING, entries.append), 0
    for skipped, later, answer in steps:
        log.requests, moment = log.requests + skipped, moment + later
        if isinstance(answer, Cause):
            log.stopped(moment, answer)
        elif answer is None:
            log.goes_on(moment)
        else:
            log.answered(log.requests, moment, answer)
            log.requests += 1
    log.hand_on()
    read = Log(BEGINNING)
    for some in entries:
        read.take(some)
    assert (read.answers, read.stops, read.moment) == (log.answers, log.stops, log.moment)
    assert read.requests <= log.requests
