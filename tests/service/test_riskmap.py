"""The hex map of an engine: the stays and fixes of its F0s while infectious, scored."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import params
from engine.clock import from_rfc3339
from engine.errors import BadParameterError
from engine.exposure.policies import PRESETS
from tests.oracles import cases
from tests.oracles import contacts as presences
from tests.oracles import hexes as oracle
from tests.oracles.policy import VN_2021_07
from tests.oracles.state import fold
from tests.strategies import until_moments, worlds
from tests.worlds import load

DAY = 86_400
T0 = from_rfc3339("2021-07-01T00:00:00Z")
ONSET, ISOLATED, AT = T0 + 4 * DAY, T0 + 6 * DAY, T0 + 8 * DAY
HALL = {"place": "hall", "kind": "market", "lat": 10.77, "lng": 106.69}
HOME = {"place": "home", "kind": "home"}


def stay(person, place, start, end):
    return ("check_in", {"person": person, "place": place, "entered_at": start, "left_at": end})


EVENTS = [
    ("place", HALL),
    ("place", HOME),
    ("case", {"person": "f0", "onset_at": ONSET, "confirmed_at": ISOLATED, "isolated_at": ISOLATED}),
    stay("f0", "hall", T0 + 3 * DAY, T0 + 3 * DAY + 7200),
    stay("f0", "home", T0 + 3 * DAY + 9000, T0 + 3 * DAY + 20_000),
    stay("f0", "hall", ISOLATED - 3600, ISOLATED + 3600),
    ("location", {"person": "f0", "at": T0 + 5 * DAY, "lat": 10.80, "lng": 106.72, "accuracy_m": 10.0}),
    stay("other", "hall", T0 + 3 * DAY, T0 + 3 * DAY + 7200),
]
STAYS = [
    (0, 10.77, 106.69, T0 + 3 * DAY, T0 + 3 * DAY + 7200, ONSET, 1.0),
    (0, 10.77, 106.69, ISOLATED - 3600, ISOLATED, ONSET, 1.0),
    (0, 10.80, 106.72, T0 + 5 * DAY, T0 + 5 * DAY + 900, ONSET, 1.0),
]


@pytest.fixture(scope="module")
def engine():
    return load(EVENTS)


@pytest.mark.parametrize("resolution", [7, 8, 9, 10])
def test_the_map_equals_the_oracle(engine, resolution):
    found = engine.hexes(resolution, at=AT)
    ten = oracle.infectious_time(STAYS, AT, 10)
    by_cell: dict[int, float] = {}
    for cell, seconds in ten.items():
        up = h3.cell_to_parent(cell, resolution)
        by_cell[up] = by_cell.get(up, 0.0) + seconds
    want = oracle.scores(by_cell, resolution)
    got = dict(zip(found.h3.tolist(), found.score.tolist(), strict=True))
    assert {c: s for c, s in got.items() if s > 0} == pytest.approx(want, rel=1e-5)
    assert found.as_of == engine.as_of


def stays_of_f0s(world, at):
    """What the map counts, from the raw events: stays and fixes of F0s with a position, inside their windows."""
    state = fold(world)
    known = cases.f0s(state)
    rows = []
    for p in (p for p in presences.stays(state) + presences.fixes(state) if p.person in known):
        start, end = cases.forward_window(state, p.person, VN_2021_07, at)
        where = p.event if "lat" in p.event else state.events["place"].get((p.event.get("place"),), {})
        if "lat" in where and max(start, p.start) < min(end, p.end):
            ill = known[p.person].get("onset_at") is not None
            lat, lng = (round(where[name] * 1e7) / 1e7 for name in ("lat", "lng"))
            peak, factor = cases.reference_moment(known[p.person]), 1.0 if ill else params.ASYMPTOMATIC_FACTOR.value
            rows.append((p.person, lat, lng, max(start, p.start), min(end, p.end), peak, factor))
    return rows


@settings(max_examples=40)
@given(worlds(), st.integers(7, 10), until_moments())
def test_the_map_of_any_world_equals_the_oracle(world, resolution, at):
    found = load(world).hexes(resolution, at=at)
    rows = stays_of_f0s(world, at)
    by_cell: dict[int, float] = {}
    for row in rows:
        cell = h3.cell_to_parent(h3.latlng_to_cell(row[1], row[2], 10), resolution)
        by_cell[cell] = by_cell.get(cell, 0.0) + oracle.seconds_of(row, at)
    want = oracle.scores({c: s for c, s in by_cell.items() if s > 1e-6}, resolution)
    got = dict(zip(found.h3.tolist(), found.score.tolist(), strict=True))
    assert {c: s for c, s in got.items() if s > 0} == pytest.approx(want, rel=1e-5, abs=1e-6)
    behind = oracle.people_behind(rows, at, resolution, 1e-6)
    for cell, low, high in zip(found.h3.tolist(), found.low.tolist(), found.high.tolist(), strict=True):
        interval = oracle.interval(want.get(cell, 0.0), len(behind.get(cell, ())))
        assert (low, high) == pytest.approx(interval, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("resolution", [7, 8, 9])
def test_a_coarser_cell_holds_the_hours_of_its_children(engine, resolution):
    coarse, fine = engine.hexes(resolution, at=AT), engine.hexes(resolution + 1, at=AT)
    sums = dict.fromkeys(coarse.h3.tolist(), 0.0)
    for cell, hours in zip(fine.h3.tolist(), fine.infectious_h.tolist(), strict=True):
        up = h3.cell_to_parent(cell, resolution)
        sums[up] = sums.get(up, 0.0) + hours
    want = dict(zip(coarse.h3.tolist(), coarse.infectious_h.tolist(), strict=True))
    assert {c: s for c, s in sums.items() if s} == pytest.approx({c: s for c, s in want.items() if s}, rel=1e-12)


def test_a_box_may_reach_across_180_degrees():
    places = [("place", {"place": f"p{lng}", "lat": -17.0, "lng": lng}) for lng in (179.9, -179.9, 0.0)]
    engine = load([*places, stay("a", "p0.0", T0, T0 + 60)])
    assert len(engine.hexes(9).h3) == 3
    lngs = [h3.cell_to_latlng(c)[1] for c in engine.hexes(9, bbox=(179.0, -18.0, -179.0, -16.0)).h3.tolist()]
    assert sorted(round(lng, 1) for lng in lngs) == [-179.9, 179.9]


def test_an_earlier_moment_knows_nothing_of_later_stays(engine):
    found = engine.hexes(9, at=T0 + 3 * DAY + 3600)
    hours = oracle.infectious_time([(*STAYS[0][:4], T0 + 3 * DAY + 3600, *STAYS[0][5:])], T0 + 3 * DAY + 3600, 9)
    assert found.infectious_h.sum() * 3600 == pytest.approx(sum(hours.values()), rel=1e-5)


def test_a_place_without_position_is_left_out(engine):
    total = sum(oracle.infectious_time(STAYS, AT, 10).values())
    assert engine.hexes(10, at=AT).infectious_h.sum() * 3600 == pytest.approx(total, rel=1e-5)


def test_a_box_keeps_the_cells_whose_centre_is_inside(engine):
    whole, part = engine.hexes(9, at=AT), engine.hexes(9, bbox=(106.68, 10.76, 106.70, 10.78), at=AT)
    inside = [
        c
        for c in whole.h3.tolist()
        if 10.76 <= h3.cell_to_latlng(c)[0] <= 10.78 and 106.68 <= h3.cell_to_latlng(c)[1] <= 106.70
    ]
    assert part.h3.tolist() == inside
    assert 0 < len(inside) < len(whole.h3)


def test_columns_are_ordered_by_cell(engine):
    cells = engine.hexes(8, at=AT).h3
    assert np.array_equal(cells, np.unique(cells))


def test_footfall_is_that_of_the_last_14_days_up_to_the_moment_and_no_other():
    def fix(at, lat):
        return ("location", {"person": "a", "at": at, "lat": lat, "lng": 106.7, "accuracy_m": 5.0})

    at = T0 + 20 * DAY + 36_000
    cut = at - 14 * DAY
    seen = [fix(cut - 1, 10.1), fix(cut, 10.2), fix(at - 1, 10.3), fix(at, 10.4)]
    lats = [round(h3.cell_to_latlng(c)[0], 1) for c in load(seen).hexes(9, at=at).h3.tolist()]
    assert sorted(lats) == [10.2, 10.3]


def test_without_cases_the_map_shows_where_people_were():
    engine = load([("place", HALL), stay("a", "hall", T0, T0 + 60)])
    found = engine.hexes(9)
    assert found.score.tolist() == [0.0]


@pytest.mark.parametrize("resolution", [6, 11])
def test_other_resolutions_are_refused(engine, resolution):
    with pytest.raises(BadParameterError, match="7 to 10"):
        engine.hexes(resolution)


def test_an_impossible_box_is_refused(engine):
    with pytest.raises(BadParameterError, match="bbox"):
        engine.hexes(9, bbox=(106.0, 11.0, 107.0, 10.0))


def test_the_window_is_that_of_the_engines_policy(engine):
    assert PRESETS["vn-2021-07"].days_before_onset == 3
    early = load([*EVENTS, stay("f0", "hall", T0 - DAY, T0 - DAY + 7200)])
    assert early.hexes(9, at=AT).infectious_h.sum() == pytest.approx(engine.hexes(9, at=AT).infectious_h.sum())
