"""Hex maps equal the slow oracle, add up over resolutions, and do not depend on order."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadParameterError
from engine.geo.cells import cells_of, disk, parents
from engine.risk.footfall import DayFootfall, first_day, footfall_of_rows
from engine.risk.hexes import RESOLUTIONS, HexScores, HexSums
from engine.risk.infectious import Infectious
from engine.risk.lattice import Lattice
from engine.risk.layers import PER_HOUR_D, PER_HOUR_N
from engine.risk.person_time import PersonTime, cells_at, joined, time_of
from engine.risk.rows import PresenceRows
from engine.risk.settings import HexSettings
from tests.oracles import dose
from tests.oracles import hexes as oracle

AT = 1_626_000_000
DAY, HOUR = 86_400, 3_600
LEVELS = (0, 0, 1, 2, None)
"""Of five people, by code."""
ORIGINS = (AT - 5 * DAY, AT - 9 * DAY, AT - 6 * DAY, AT - 4 * DAY, 0)
FACTORS = (1.0, 0.4, 0.183, 0.033, 0.0)
NO_PRIOR = HexSettings(prior_h=0.0)

stays = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.floats(10.70, 10.78),
        st.floats(106.60, 106.72),
        st.integers(-20 * DAY, DAY),
        st.integers(1, DAY),
    ),
    max_size=10,
)


def everybody() -> Infectious:
    who = [n for n, level in enumerate(LEVELS) if level is not None]
    return Infectious(
        person=np.array(who, np.int32),
        level=np.array([LEVELS[n] for n in who], np.int8),
        start=np.array([ORIGINS[n] - 3 * DAY * (LEVELS[n] == 0) for n in who], np.int64),
        end=np.full(len(who), AT, np.int64),
        origin=np.array([ORIGINS[n] for n in who], np.int64),
        factor=np.array([FACTORS[n] for n in who]),
    )


def map_of(drawn, at=AT, parts=1, used=None) -> HexSums:
    """Stays as (person, lat, lng, seconds from AT, length), summed up by the engine in so many parts."""
    people, sums = everybody(), HexSums(used)
    rows = [(p, round(lat * 1e7), round(lng * 1e7), AT + s, AT + s + n) for p, lat, lng, s, n in drawn]
    times, walked = [joined([])], []
    for part in range(min(parts, len(rows))):
        who, lat, lng, start, end = (np.array(c, np.int64) for c in zip(*rows[part::parts], strict=True))
        cell = cells_at(lat.astype(np.int32), lng.astype(np.int32))
        counts = who < 4
        times.append(time_of(people, who[counts], start[counts], end[counts], cell[counts], at, sums.settings))
        for day in np.unique(start // DAY * DAY).tolist():
            here = start // DAY * DAY == day
            if first_day(at) <= day < at:
                seen = PresenceRows(day, who[here].astype(np.int32), start[here], end[here], cell[here])
                walked.append(footfall_of_rows(seen, at, sums.settings.half_life_d))
    sums.assemble(at, joined(times), walked, np.empty(0, np.uint64))
    return sums


def hours_of(drawn, at=AT) -> oracle.Hours:
    found = []
    for p, lat, lng, s, n in drawn:
        level, origin = LEVELS[p], ORIGINS[p]
        window = (origin - 3 * DAY * (level == 0), AT)
        course = None
        if level == 0:
            course = lambda a, b, o=origin, f=FACTORS[p]: f * dose.course_of_case({"onset_at": o})(a, b)  # noqa: E731 - one line
        elif level is not None:
            course = dose.course_of_infected(origin)
        found.append(oracle.Stay(str(p), lat, lng, AT + s, AT + s + n, level, course, window))
    return oracle.hours_of(found, [], at)


def uniform(cells, n_h: float, d_h: float, used=None, at=AT) -> HexSums:
    """A map with the same hours in each of the cells of resolution 10."""
    sums = HexSums(used)
    count = len(cells)
    units = np.full(count, round(n_h * PER_HOUR_N), np.int64)
    time = PersonTime(np.asarray(cells, np.uint64), np.zeros(count, np.int32), np.zeros(count, np.int8), units)
    day = at // DAY * DAY - DAY
    walked = np.full(count, round(d_h * HOUR * 2**20), np.int64)
    sums.assemble(at, time, [DayFootfall(day, np.asarray(cells, np.uint64), walked)], np.empty(0, np.uint64))
    return sums


def columns(scores: HexScores) -> dict[str, object]:
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(scores).items()}


@settings(max_examples=30)
@given(stays, st.sampled_from(RESOLUTIONS))
def test_hours_of_every_cell_equal_the_oracle(drawn, resolution):
    layer, want = map_of(drawn).layers[resolution], hours_of(drawn)
    cells = layer.lattice.cells.tolist()
    for level, close in ((0, 1e-4), (1, 2e-3), (2, 2e-3)):
        got = dict(zip(cells, (layer.time[level] / PER_HOUR_N).tolist(), strict=True))
        expected = {c: h for c, h in oracle.up(want.levels[level], resolution).items() if h > 1e-6}
        assert {c: h for c, h in got.items() if h > 1e-6} == pytest.approx(expected, rel=close, abs=1e-7)
    got = dict(zip(cells, (layer.footfall / PER_HOUR_D).tolist(), strict=True))
    expected = oracle.up(want.footfall, resolution)
    assert {c: h for c, h in got.items() if h} == pytest.approx(dict(expected), rel=1e-5, abs=1e-6)


@settings(max_examples=30)
@given(stays, st.sampled_from(RESOLUTIONS))
def test_scores_and_their_cells_equal_the_oracle(drawn, resolution):
    found, want = map_of(drawn).scores(resolution), oracle.scores(hours_of(drawn), resolution)
    # Time is kept in whole units: what is next to nothing may be nothing.
    some = {cell for cell, row in want.items() if row.score > 1e-4 or row.smoothed_footfall_h > 0}
    assert some <= set(found.h3.tolist()) <= set(want)
    for n, cell in enumerate(found.h3.tolist()):
        row = want[cell]
        got = [found.score[n], found.low[n], found.high[n]]
        assert got == pytest.approx([row.score, row.low, row.high], rel=3e-3, abs=1e-3)
        assert found.band[n] == oracle.band(found.score[n])
        assert found.reliability[n] == oracle.reliability(found.low[n], found.high[n], row.smoothed_footfall_h)
        assert found.persons[n] <= row.persons
        assert found.persons[n] == row.persons or row.score < 1e-4


@given(stays)
def test_a_coarser_cell_is_exactly_the_sum_of_its_children(drawn):
    sums = map_of(drawn)
    for resolution in RESOLUTIONS:
        fine, coarse = sums.layers[resolution], sums.layers[resolution - 1]
        for values, above in (*zip(fine.time, coarse.time, strict=True), (fine.footfall, coarse.footfall)):
            total = dict.fromkeys(coarse.lattice.cells.tolist(), 0)
            for cell, value in zip(parents(fine.lattice.cells, resolution - 1).tolist(), values.tolist(), strict=True):
                total[cell] += value
            assert list(total.values()) == above.tolist()


@given(stays, st.randoms(use_true_random=False), st.integers(1, 4))
def test_neither_order_nor_parts_change_a_bit(drawn, rng, parts):
    shuffled = list(drawn)
    rng.shuffle(shuffled)
    one, two = map_of(drawn), map_of(shuffled, parts=parts)
    for resolution in RESOLUTIONS:
        assert columns(one.scores(resolution)) == columns(two.scores(resolution))


@settings(max_examples=40)
@given(stays, st.integers(0, 9))
def test_more_time_of_an_f0_never_lowers_a_score(drawn, where):
    before, after = map_of(drawn), map_of(drawn)
    slots = after.base.lattice.add(cells_of(np.array([10.70 + where / 100]), np.array([106.66]), 10))
    after.grow()
    for resolution in range(10, 5, -1):
        layer = after.layers[resolution]
        layer.change(slots, np.array([[10**9], [0], [0]]), np.zeros(1, np.int64), np.zeros(1, np.int64))
        if resolution > 6:
            slots = layer.lattice.parent[slots]
    for resolution in RESOLUTIONS:
        less, more = before.scores(resolution), after.scores(resolution)
        higher = dict(zip(more.h3.tolist(), more.score.tolist(), strict=True))
        assert all(higher[c] >= score - 1e-9 for c, score in zip(less.h3.tolist(), less.score.tolist(), strict=True))


@given(stays, st.integers(1, 3))
def test_without_a_prior_the_rate_does_not_change_as_time_passes(drawn, days):
    recent = [(p, lat, lng, s % (8 * DAY) - 9 * DAY, max(n, HOUR)) for p, lat, lng, s, n in drawn]
    now, later = map_of(recent, used=NO_PRIOR), map_of(recent, at=AT + days * DAY, used=NO_PRIOR)
    for resolution in RESOLUTIONS:
        one, two = now.scores(resolution), later.scores(resolution)
        assert one.h3.tolist() == two.h3.tolist()
        assert two.score == pytest.approx(one.score, rel=1e-4, abs=1e-3)
        assert (two.footfall_h < one.footfall_h)[one.footfall_h > 0].all()


@given(stays)
def test_the_interval_contains_the_score(drawn):
    found = map_of(drawn).scores(9)
    assert (found.low <= found.score + 1e-9).all()
    assert (found.score <= found.high + 1e-9).all()


PENTAGON = h3.get_pentagons(10)[3]
FIJI = h3.latlng_to_cell(-17.0, 179.9999, 10)


@pytest.mark.parametrize("middle", [PENTAGON, FIJI], ids=["pentagon", "antimeridian"])
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_a_uniform_map_is_uniform_everywhere(middle, resolution):
    cells = disk(np.array([middle], np.uint64), 12)[1]
    found = uniform(cells, 0.5, 100.0, NO_PRIOR).scores(resolution)
    inside = found.footfall_h > 0
    assert inside.sum() == len(np.unique(parents(cells, resolution)))
    assert found.score[inside] == pytest.approx(
        oracle.score(0.5 / found.footfall_h.max() * (found.infectious_h.max() / 0.5)), rel=1e-6
    )


def test_the_declared_rate_scores_half():
    cells = disk(cells_of(np.array([10.75]), np.array([106.65]), 10), 6)[1]
    sums = uniform(cells, 1.0, 1.0, NO_PRIOR)
    share = sums.scores(10).infectious_h.max() / sums.scores(10).footfall_h.max()
    sums = uniform(cells, NO_PRIOR.half_rate / share, 1.0, NO_PRIOR)
    assert sums.scores(10).score.max() == pytest.approx(50, rel=1e-4)


def test_a_cell_with_little_footfall_is_drawn_to_its_parent():
    cell = cells_of(np.array([10.75]), np.array([106.65]), 10)
    alone = uniform(cell, 1.0, 2.0).scores(10)
    crowd = uniform(cell, 500.0, 1000.0).scores(10)
    own = np.flatnonzero(alone.h3 == cell[0])[0]
    assert alone.reliability[own] == 0
    assert crowd.reliability[np.flatnonzero(crowd.h3 == cell[0])[0]] > 0
    free = uniform(cell, 1.0, 2.0, NO_PRIOR).scores(10)
    assert alone.score[own] < free.score[np.flatnonzero(free.h3 == cell[0])[0]]


def test_places_are_in_the_map_with_score_nought():
    sums, place = HexSums(), cells_of(np.array([10.9]), np.array([106.9]), 10)
    sums.assemble(AT, joined([]), [], np.append(place, np.uint64(0)))
    found = sums.scores(8)
    assert found.h3.tolist() == parents(place, 8).tolist()
    assert found.score.tolist() == [0.0]


def test_no_stays_no_cells():
    for resolution in RESOLUTIONS:
        assert len(map_of([]).scores(resolution).h3) == 0


@pytest.mark.parametrize("resolution", [6, 11])
def test_other_resolutions_are_refused(resolution):
    with pytest.raises(BadParameterError, match="7 to 10"):
        map_of([]).scores(resolution)


def test_ring_weights_are_whole_quarters():
    with pytest.raises(ValueError, match="quarters"):
        HexSettings(ring_1=0.3)


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 400), max_size=60), max_size=5), st.sampled_from([PENTAGON, FIJI]))
def test_a_growing_lattice_knows_who_is_near_whom(batches, middle):
    pool = np.array(sorted(h3.grid_disk(middle, 11)), np.uint64)
    lattice = Lattice(10, Lattice(9, None))
    for batch in batches:
        cells = pool[np.array(batch, np.int64) % len(pool)]
        slots = lattice.add(cells)
        assert lattice.cells[slots].tolist() == cells.tolist()
    cells = lattice.cells.tolist()
    assert len(set(cells)) == len(cells) == lattice.size
    assert [cells[n] for n in lattice.order.tolist()] == sorted(cells)
    for slot, cell in enumerate(cells):
        for ring, (first, last) in enumerate(((0, 1), (1, 7), (7, 19))):
            inner = set(h3.grid_disk(cell, ring - 1)) if ring else set()
            there = [cells[s] for s in lattice.near[slot, first:last].tolist() if s >= 0]
            assert sorted(there) == sorted((set(h3.grid_disk(cell, ring)) - inner) & set(cells))
        assert lattice.coarser.cells[lattice.parent[slot]] == h3.cell_to_parent(cell, 9)
