"""The rows of a trace as columns: the same records and the same JSON as one object a row would give."""

import csv
import io
import json
import re
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import LATEST
from engine.exposure.reached import Reached
from engine.ids import Keys
from engine.service.exposure_rows import ExposureRows
from engine.service.present.csv_text import csv_pieces, exposures_csv
from engine.service.present.rows import exposure_row, report_json, report_pieces
from engine.service.results import ExposureReport, Window

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def rows_of(people, places, count, rng):
    """Random rows about these keys."""
    names, sites = Keys(), Keys()
    for key in people:
        names.add(key)
    for key in places:
        sites.add(key)
    first = rng.integers(-(2**40), 2**40, count)
    shared = np.unique(
        np.stack([rng.integers(0, len(names), 6), rng.integers(0, len(sites), 6)]).astype(np.int32), axis=1
    )
    reached = Reached(
        person=rng.integers(0, len(names), count).astype(np.int32),
        level=rng.integers(1, 7, count).astype(np.int8),
        first=first,
        last=first + rng.integers(0, 10**6, count),
        seconds=rng.integers(0, 10**7, count),
        dose=rng.random(count) * 10.0 ** rng.integers(-12, 4, count),
        probability=rng.random(count) * 10.0 ** rng.integers(-12, 1, count),
        channels=rng.integers(0, 8, count),
        via=rng.integers(0, len(names), count).astype(np.int32),
        shared=(shared[0].astype(np.int64) << 32) | shared[1],
    )
    return ExposureRows(reached, rng.random(count) < 0.5, names, sites)


@given(st.lists(NAMES, min_size=1, max_size=9, unique=True), st.lists(NAMES, min_size=1, max_size=4, unique=True),
       st.integers(0, 12), st.integers(0, 2**32))  # fmt: skip
def test_json_says_what_the_records_say(people, places, count, seed):
    rows = rows_of(people, places, count, np.random.default_rng(seed))
    told = json.loads(b"[" + rows.json() + b"]")
    assert len(told) == len(rows) == count
    for got, row in zip(told, rows, strict=True):
        want = exposure_row(row)
        for name, decimals in (("minutes", 4), ("probability", 9), ("dose", 9)):
            # A tie may fall to the other side: the last decimal.
            assert got.pop(name) == pytest.approx(want.pop(name), rel=1e-12, abs=1.01 * 10**-decimals)
        assert got == want


ODD = st.one_of(NAMES, st.text('=+-@\t\r\n,;"a', min_size=1, max_size=5))


@given(st.lists(ODD, min_size=1, max_size=9, unique=True), st.lists(ODD, min_size=1, max_size=4, unique=True),
       st.integers(0, 12), st.integers(0, 2**32))  # fmt: skip
def test_csv_is_what_the_plain_writer_writes_but_for_last_decimals(people, places, count, seed):
    rows = rows_of(people, places, count, np.random.default_rng(seed))
    plain = exposures_csv(list(rows)).decode()
    assert texts_of(exposures_csv(rows).decode()) == texts_of(plain)
    for got, want in zip(table_of(exposures_csv(rows)), table_of(plain.encode()), strict=True):
        for name, decimals in (("minutes", 4), ("probability", 9), ("dose", 9)):
            assert float(got[name]) == pytest.approx(float(want[name]), rel=1e-12, abs=1.01 * 10**-decimals)


def table_of(body):
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def texts_of(text):
    """The text without the three numbers that have decimals."""
    return re.sub(r"(Z,)[0-9.e+-]+,[0-9.e+-]+,[0-9.e+-]+(,(true|false),)", r"\1\2", text)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_pieces_make_the_whole(count, monkeypatch):
    rows = rows_of(["an", "bình", 'c"d\\'], ["chợ", "q"], count, np.random.default_rng(3))
    report = ExposureReport("an", "vn-2021-07", "forward", 7, Window(0, 60), 60, 2, rows)
    whole, text = report_json(report), exposures_csv(rows)
    monkeypatch.setattr("engine.service.exposure_rows.PIECE", 3)
    pieces = list(report_pieces(report, rows, "more"))
    assert len(pieces) == 2 + -(-count // 3)
    assert b"".join(pieces) == report_json(report, rows, "more")
    assert json.loads(b"".join(pieces)) == {**json.loads(whole), "next": "more"}
    assert b"".join(csv_pieces(rows)) == text


def test_slices_and_single_rows_are_those_of_the_whole():
    rows = rows_of(["an", "bình", 'c"d\\'], ["chợ", "q"], 7, np.random.default_rng(3))
    whole = tuple(rows)
    assert rows[2:5] == whole[2:5] == tuple(rows[2:5])
    assert rows[::-2] == whole[::-2]
    assert [rows_of(["a", "b"], ["p"], 5, np.random.default_rng(4))[i] for i in (0, -1)] == [
        tuple(rows_of(["a", "b"], ["p"], 5, np.random.default_rng(4)))[i] for i in (0, -1)
    ]
    assert rows[0] == whole[0]
    with pytest.raises(IndexError):
        rows[7]
    assert json.loads(b"[" + rows[3:3].json() + b"]") == []


def test_a_copy_is_equal_and_needs_no_copy_of_the_keys():
    rows = rows_of(["a", "b"], ["p"], 3, np.random.default_rng(6))
    assert deepcopy(rows) == rows


def test_moments_beyond_the_calendar_are_its_ends():
    rows = rows_of(["a"], ["p"], 1, np.random.default_rng(5))
    late = replace(rows._reached, last=np.array([LATEST + 10]))
    told = json.loads(ExposureRows(late, np.array([True]), rows._people, rows._places).json())
    assert told["last_exposed_at"].startswith("9999-")
