"""Hex scores equal the slow oracle, add up over resolutions, and do not depend on order."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import params
from engine.errors import BadParameterError
from engine.geo.cells import cells_of, disk, parents
from engine.risk.hexes import F0Presence, hex_map, hex_scores, infectious_time
from tests.oracles import hexes as oracle

AT = 1_626_000_000
DAY = 86_400

stays = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.floats(10.70, 10.78),
        st.floats(106.60, 106.72),
        st.integers(-20 * DAY, DAY),
        st.integers(0, 2 * DAY),
        st.integers(-18 * DAY, 3 * DAY),
        st.sampled_from([1.0, 0.4]),
    ),
    max_size=8,
)


def as_stays(drawn):
    """Coordinates as the engine keeps them: whole 1e-7 degrees."""
    return [
        (p, round(lat * 1e7) / 1e7, round(lng * 1e7) / 1e7, AT + s, AT + s + length, AT + peak, f)
        for p, lat, lng, s, length, peak, f in drawn
    ]


def presence(rows):
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    return F0Presence(
        person=np.array(columns[0], np.int32),
        lat_e7=np.rint(np.array(columns[1], np.float64) * 1e7).astype(np.int32),
        lng_e7=np.rint(np.array(columns[2], np.float64) * 1e7).astype(np.int32),
        start=np.array(columns[3], np.int64),
        end=np.array(columns[4], np.int64),
        peak=np.array(columns[5], np.int64),
        factor=np.array(columns[6], np.float64),
    )


@given(stays, st.integers(7, 10))
def test_infectious_time_equals_the_oracle(drawn, resolution):
    rows = as_stays(drawn)
    cells, seconds, _ = infectious_time(presence(rows), AT, resolution)
    want = {
        c: s
        for c, s in _at_ten_then_up(rows, resolution).items()
        if s > 1e-5  # kept in units of 2^-20 s
    }
    got = {c: s for c, s in zip(cells.tolist(), seconds.tolist(), strict=True) if s > 1e-5}
    assert got == pytest.approx(want, rel=1e-6, abs=2e-5)


def _at_ten_then_up(rows, resolution):
    """A stay belongs to its cell of resolution 10, and to that cell's ancestors."""
    out: dict[int, float] = {}
    for cell, seconds in oracle.infectious_time(rows, AT, 10).items():
        up = int(parents(np.array([cell], np.uint64), resolution)[0])
        out[up] = out.get(up, 0.0) + seconds
    return out


@given(stays, st.integers(7, 10))
def test_scores_bands_and_cells_equal_the_oracle(drawn, resolution):
    rows = as_stays(drawn)
    found = hex_map(presence(rows), AT, resolution)
    by_cell = {c: s for c, s in _at_ten_then_up(rows, resolution).items() if s > 1e-6}
    want = oracle.scores(by_cell, resolution)
    got = dict(zip(found.h3.tolist(), found.score.tolist(), strict=True))
    assert got == pytest.approx(want, rel=1e-5, abs=1e-6)
    for score, band in zip(found.score, found.band, strict=True):
        assert band == oracle.band(score)


@given(stays)
def test_a_coarser_cell_is_exactly_the_sum_of_its_children(drawn):
    rows = presence(as_stays(drawn))
    for resolution in (7, 8, 9):
        fine, seconds, _ = infectious_time(rows, AT, resolution + 1)
        coarse, totals, _ = infectious_time(rows, AT, resolution)
        up = parents(fine, resolution) if len(fine) else fine
        assert np.array_equal(np.unique(up), coarse)
        sums = np.zeros(len(coarse))
        np.add.at(sums, np.searchsorted(coarse, up), seconds)
        assert np.array_equal(sums, totals)


@given(stays, st.randoms(use_true_random=False))
def test_the_order_of_stays_changes_not_a_bit(drawn, rng):
    rows = as_stays(drawn)
    shuffled = list(rows)
    rng.shuffle(shuffled)
    one, two = (hex_map(presence(r), AT, 9) for r in (rows, shuffled))
    assert all(np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(two).values(), strict=True))


@given(stays, stays)
def test_more_stays_never_lower_a_cell(drawn, more):
    before = dict(zip(*(c.tolist() for c in infectious_time(presence(as_stays(drawn)), AT, 9)[:2]), strict=True))
    after = dict(zip(*(c.tolist() for c in infectious_time(presence(as_stays(drawn + more)), AT, 9)[:2]), strict=True))
    assert all(after[c] >= s for c, s in before.items())


@given(stays)
def test_the_interval_contains_the_score_and_narrows_with_people(drawn):
    found = hex_map(presence(as_stays(drawn)), AT, 9)
    assert (found.low <= found.score + 1e-9).all()
    assert (found.score <= found.high + 1e-9).all()
    for score, low, high, people in zip(found.score, found.low, found.high, found.persons, strict=True):
        if 0 < score < 99.99:
            assert (low, high) == pytest.approx(oracle.interval(score, people), rel=1e-6, abs=1e-9)


def test_a_uniform_map_stays_uniform_inside():
    centre = cells_of(np.array([10.75]), np.array([106.65]), 9)
    _, cells, ring = disk(centre, 8)
    order = np.argsort(cells)
    cells, ring = cells[order], ring[order]
    found = hex_scores(cells, np.full(len(cells), 1800.0), np.ones(len(cells), np.int64), 9)
    inside = np.isin(found.h3, cells[ring <= 6])
    assert found.score[inside] == pytest.approx(oracle.score(0.5, 9))


@pytest.mark.parametrize("resolution", [7, 9, 10])
def test_a_uniform_map_stays_uniform_round_a_pentagon(resolution):
    _, cells, ring = disk(np.array([h3.get_pentagons(resolution)[3]], np.uint64), 5)
    order = np.argsort(cells)
    cells, ring = cells[order], ring[order]
    found = hex_scores(cells, np.full(len(cells), 600.0), np.ones(len(cells), np.int64), resolution)
    inside = np.isin(found.h3, cells[ring <= 3])
    assert inside.sum() == 31
    assert found.score[inside] == pytest.approx(oracle.score(1 / 6, resolution))


def test_half_the_score_at_the_declared_hours():
    cells = disk(cells_of(np.array([10.75]), np.array([106.65]), 9), 4)[1]
    cells.sort()
    hours = np.full(len(cells), params.HEX_HALF_SCORE_H.value * 3600)
    found = hex_scores(cells, hours, np.ones(len(cells), np.int64), 9)
    assert found.score.max() == pytest.approx(50)


@given(stays)
def test_persons_are_the_distinct_f0s_within_two_rings(drawn):
    rows = as_stays(drawn)
    found = hex_map(presence(rows), AT, 9)
    # Time is kept in units of 2^-20 s: between these two a stay may be something or nothing.
    least, most = (oracle.people_behind(rows, AT, 9, s) for s in (1e-6, 4e-7))
    for cell, people in zip(found.h3.tolist(), found.persons.tolist(), strict=True):
        assert len(least.get(cell, ())) <= people <= len(most.get(cell, ()))


def test_footfall_cells_are_in_the_map_with_score_nought():
    seen = cells_of(np.array([10.9]), np.array([106.9]), 10)
    found = hex_map(presence([]), AT, 8, seen)
    assert found.h3.tolist() == parents(seen, 8).tolist()
    assert found.score.tolist() == [0.0]


def test_no_stays_no_cells():
    assert len(hex_map(presence([]), AT, 9).h3) == 0


def test_an_unknown_resolution_is_refused():
    with pytest.raises(BadParameterError):
        hex_map(presence([]), AT, 11)
