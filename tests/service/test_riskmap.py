"""The hex map of an engine: where infectious people were, over everybody's time there, at any moment and live."""

from datetime import date

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import from_rfc3339
from engine.errors import BadParameterError, NotReadyError
from engine.exposure.policies import PRESETS
from engine.risk.hexes import RESOLUTIONS, HexSums
from engine.service.engine import Engine, Settings
from engine.service.riskmap import step_end
from tests.oracles import hexes as oracle
from tests.oracles.policy import VN_2021_07
from tests.oracles.state import fold
from tests.property.answers import COMMON
from tests.strategies import until_moments, worlds
from tests.worlds import NOW, body, load

DAY, HOUR = 86_400, 3_600
T0 = from_rfc3339("2021-07-01T00:00:00Z")
ONSET, ISOLATED, AT = T0 + 4 * DAY, T0 + 6 * DAY, T0 + 8 * DAY
HALL = {"place": "hall", "kind": "market", "lat": 10.77, "lng": 106.69}
HOME = {"place": "home", "kind": "home"}


def stay(person, place, start, end):
    return ("check_in", {"person": person, "place": place, "entered_at": start, "left_at": end})


def fix(person, at, lat, lng=106.7):
    return ("location", {"person": person, "at": at, "lat": lat, "lng": lng, "accuracy_m": 5.0})


EVENTS = [
    ("place", HALL),
    ("place", HOME),
    ("case", {"person": "f0", "onset_at": ONSET, "confirmed_at": ISOLATED, "isolated_at": ISOLATED}),
    stay("f0", "hall", T0 + 3 * DAY, T0 + 3 * DAY + 7200),
    stay("f0", "home", T0 + 3 * DAY + 9000, T0 + 3 * DAY + 20_000),
    stay("f0", "hall", ISOLATED - 3600, ISOLATED + 3600),
    fix("f0", T0 + 5 * DAY, 10.80, 106.72),
    stay("other", "hall", T0 + 3 * DAY, T0 + 3 * DAY + 7200),
    stay("third", "hall", T0 + 3 * DAY + 9000, T0 + 3 * DAY + 30_000),
    fix("other", T0 + 7 * DAY, 10.81, 106.71),
]


@pytest.fixture(scope="module")
def engine():
    return load(EVENTS)


def by_cell(columns, name):
    return dict(zip(columns.h3.tolist(), getattr(columns, name).tolist(), strict=True))


def assert_as_oracle(world, columns, resolution, at):
    hours = oracle.hours_of_state(fold(world), VN_2021_07, at)
    contacts = {c: hours.levels[1].get(c, 0) + hours.levels[2].get(c, 0) for k in (1, 2) for c in hours.levels[k]}
    for name, want, close in (
        ("infectious_h", hours.levels[0], 1e-4), ("contact_h", contacts, 2e-3), ("footfall_h", hours.footfall, 1e-5)
    ):  # fmt: skip
        got = {c: h for c, h in by_cell(columns, name).items() if h}
        assert got == pytest.approx(dict(oracle.up(want, resolution)), rel=close, abs=1e-5)
    for cell, want in oracle.scores(hours, resolution).items():
        n = np.searchsorted(columns.h3, cell)
        if n == len(columns.h3) or columns.h3[n] != cell:
            assert want.score < 1e-3
            continue
        got = [columns.score[n], columns.low[n], columns.high[n]]
        assert got == pytest.approx([want.score, want.low, want.high], rel=3e-3, abs=2e-2)
        assert columns.persons[n] == want.persons


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_the_map_equals_the_oracle(engine, resolution):
    found = engine.hexes(resolution, at=AT)
    assert_as_oracle(EVENTS, found, resolution, AT)
    assert found.contact_h.sum() > 0
    assert found.as_of == engine.as_of


def test_places_of_one_state_are_never_named_by_another(monkeypatch):
    """A purge may put another state, in which codes mean others, in place between the levels and the names."""
    before = load([("place", {"place": "old", "lat": 10.7, "lng": 106.7}), *EVENTS])
    engine = load(EVENTS)
    told = [before._known.labels(), engine._known.labels()]
    monkeypatch.setattr(engine._known, "labels", lambda: told.pop(0))
    assert [p.place for p in engine.infectious_places()] == [p.place for p in load(EVENTS).infectious_places()] != []
    monkeypatch.setattr(engine._known, "labels", before._known.labels)
    with pytest.raises(NotReadyError):
        engine.infectious_places()


@settings(**COMMON | {"max_examples": 15})
@given(worlds(), st.sampled_from(RESOLUTIONS), until_moments())
def test_the_map_of_any_world_equals_the_oracle(world, resolution, at):
    assert_as_oracle(world, load(world).hexes(resolution, at=at), resolution, at)


@pytest.mark.parametrize("resolution", [7, 8, 9])
def test_a_coarser_cell_holds_the_hours_of_its_children(engine, resolution):
    coarse, fine = engine.hexes(resolution, at=AT), engine.hexes(resolution + 1, at=AT)
    for name in ("infectious_h", "contact_h", "footfall_h"):
        sums = oracle.up(by_cell(fine, name), resolution)
        assert {c: h for c, h in sums.items() if h} == {c: h for c, h in by_cell(coarse, name).items() if h}


def test_a_box_may_reach_across_180_degrees():
    places = [("place", {"place": f"p{lng}", "lat": -17.0, "lng": lng}) for lng in (179.9, -179.9, 0.0)]
    engine = load([*places, stay("a", "p0.0", T0, T0 + 60)])
    assert len(engine.hexes(9).h3) == 3
    lngs = [h3.cell_to_latlng(c)[1] for c in engine.hexes(9, bbox=(179.0, -18.0, -179.0, -16.0)).h3.tolist()]
    assert sorted(round(lng, 1) for lng in lngs) == [-179.9, 179.9]


def test_an_earlier_moment_knows_nothing_of_later_time(engine):
    at = T0 + 3 * DAY + 3600
    found = engine.hexes(9, at=at)
    assert_as_oracle(EVENTS, found, 9, at)
    assert found.footfall_h.max() == pytest.approx(2, rel=0.01)  # two people, of whose two hours one has passed


def test_a_place_without_position_is_left_out(engine):
    hours = oracle.hours_of_state(fold(EVENTS), VN_2021_07, AT)
    assert engine.hexes(10, at=AT).infectious_h.sum() == pytest.approx(sum(hours.levels[0].values()), rel=1e-4)


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


def test_footfall_begins_with_the_first_whole_day_and_ends_at_the_moment():
    at = T0 + 20 * DAY + 36_000
    whole = T0 + 7 * DAY
    seen = [fix("a", whole - 1, 10.1), fix("a", whole, 10.2), fix("a", at - 60, 10.3), fix("a", at, 10.4)]
    found = load(seen).hexes(9, at=at)
    lats = {round(h3.cell_to_latlng(c)[0], 1): h for c, h in by_cell(found, "footfall_h").items()}
    assert sorted(lats) == [10.2, 10.3]
    assert lats[10.3] == pytest.approx(60 / HOUR, rel=1e-3)


def test_without_cases_the_map_shows_where_people_were():
    found = load([("place", HALL), stay("a", "hall", T0, T0 + 60)]).hexes(9)
    assert found.score.tolist() == [0.0]
    assert found.footfall_h[0] > 0


@pytest.mark.parametrize("resolution", [6, 11])
def test_other_resolutions_are_refused(engine, resolution):
    for ask in (engine.hexes, engine.people_behind):
        with pytest.raises(BadParameterError, match="7 to 10"):
            ask(resolution)


def test_an_impossible_box_is_refused(engine):
    with pytest.raises(BadParameterError, match="bbox"):
        engine.hexes(9, bbox=(106.0, 11.0, 107.0, 10.0))


def test_the_window_is_that_of_the_engines_policy(engine):
    assert PRESETS["vn-2021-07"].days_before_onset == 3
    early = load([*EVENTS, stay("f0", "hall", T0 - DAY, T0 - DAY + 7200)])
    assert early.hexes(9, at=AT).infectious_h.sum() == engine.hexes(9, at=AT).infectious_h.sum()


# -- live ----------------------------------------------------------------------------------------------
def test_the_live_map_stands_at_the_end_of_the_quarter_of_an_hour(engine):
    found = engine.hexes(9)
    assert found.at % 900 == 0
    assert 0 <= found.at - engine.data_time < 900
    exact = engine.hexes(9, at=found.at)
    assert all(np.array_equal(a, b) for a, b in zip(vars(found).values(), vars(exact).values(), strict=True))
    assert [step_end(t) for t in (0, 1, 900, 901)] == [0, 900, 900, 1800]


CITY = [
    *(("place", {"place": f"p{n}", "lat": 10.70 + n // 8 * 0.012, "lng": 106.60 + n % 8 * 0.012}) for n in range(64)),
    *(stay(f"v{n}", f"p{n % 64}", T0 + n * 600, T0 + n * 600 + 5400) for n in range(400)),
    ("case", {"person": "v1", "onset_at": T0 + DAY}),
]


def test_a_new_case_touches_its_own_cells_only():
    engine = load(CITY)
    maps = engine._hexes
    before = {r: maps.get(r, None).within(None) for r in RESOLUTIONS}
    assert len(before[9].h3) > 64
    engine.ingest_json("case", body([{"person": "v30", "onset_at": T0 + DAY}]))
    after = {r: maps.get(r, None).within(None) for r in RESOLUTIONS}
    assert after[9].at == before[9].at
    state = engine._known.labels()
    for resolution in RESOLUTIONS:
        anew = HexSums()
        anew.rebuild(state, after[9].at)
        for name, column in vars(anew.scores(resolution)).items():
            assert np.array_equal(getattr(after[resolution], name), column)
        old, new = by_cell(before[resolution], "score"), by_cell(after[resolution], "score")
        changed = {cell for cell in new if new[cell] != old.get(cell)}
        assert 0 < len(changed) <= maps._live.layers[resolution].rescored
    assert maps._live.layers[9].rescored < len(before[9].h3) / 4
    assert maps._live.layers[10].rescored < len(before[10].h3) / 4


def test_nothing_is_made_anew_while_nothing_changes():
    engine = load(CITY)
    assert engine._hexes.get(9, None) is engine._hexes.get(9, None)
    assert engine._hexes.get(9, AT).scores is engine._hexes.get(9, AT).scores


def test_a_map_of_the_past_is_that_of_its_events(tmp_path):
    engine = Engine.open(Settings(data=tmp_path), clock=lambda: NOW)
    seq = load(EVENTS[:4], engine=engine).as_of
    then = engine.hexes(9, at=AT)
    load(EVENTS[4:], engine=engine)
    for past in (engine.at(seq), engine.at(engine.as_of)):
        want = then if past.as_of == seq else load(EVENTS).hexes(9, at=AT)
        found = past.hexes(9, at=AT)
        for name in ("h3", "score", "low", "high", "contact_h", "footfall_h"):
            assert np.array_equal(getattr(found, name), getattr(want, name))
    engine.close()


# -- by day, why, and who ------------------------------------------------------------------------------
def test_the_map_of_a_day_stands_at_its_end_in_viet_nam(engine):
    found = list(engine.hex_days(8, date(2021, 7, 4), date(2021, 7, 8)))
    assert [m.at for m in found] == [T0 + n * DAY - 7 * HOUR for n in range(4, 9)]
    for columns in found:
        want = engine.hexes(8, at=columns.at)
        assert all(np.array_equal(a, b) for a, b in zip(vars(columns).values(), vars(want).values(), strict=True))
    with pytest.raises(BadParameterError, match="days"):
        list(engine.hex_days(8, date(2021, 7, 8), date(2021, 7, 4)))


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_the_account_of_a_cell_adds_up_to_its_score(engine, resolution):
    found = engine.hexes(resolution, at=AT)
    for n, cell in enumerate(found.h3.tolist()):
        why = engine.hex_why(cell, at=AT, people=True)
        assert (why.score, why.low, why.high) == (found.score[n], found.low[n], found.high[n])
        assert (why.band, why.reliability, why.persons) == (found.band[n], found.reliability[n], found.persons[n])
        own = why.rings[0]
        assert (own.f0_h, own.footfall_h) == (found.infectious_h[n], found.footfall_h[n])
        assert own.f1_h + own.f2_h == pytest.approx(found.contact_h[n])
        n_h = sum(r.weight * (r.f0_h + r.f1_h + r.f2_h) for r in why.rings)
        d_h = sum(r.weight * r.footfall_h for r in why.rings)
        rate = (n_h + why.prior_h * why.parent_rate) / (d_h + why.prior_h)
        assert rate == pytest.approx(why.rate)
        assert why.score == pytest.approx(100 * (1 - 2 ** (-rate / why.half_rate)))
        assert sum(r.infectious_share for r in why.rings) == pytest.approx(1 if n_h else 0)
        assert sum(p.near_h for p in why.people) == pytest.approx(n_h)
        assert sum(p.cell_h for p in why.people) == pytest.approx(own.f0_h + own.f1_h + own.f2_h)
        assert [p.near_h for p in why.people] == sorted((p.near_h for p in why.people), reverse=True)
        assert sum(p.level == 0 for p in why.people) == why.persons


def test_a_cell_where_nobody_was_has_an_account_of_nothing(engine):
    why = engine.hex_why(h3.latlng_to_cell(20.0, 105.0, 9), at=AT)
    assert (why.score, why.infectious_h, why.footfall_h, why.people) == (0.0, 0.0, 0.0, ())
    for cell in (5, h3.latlng_to_cell(20.0, 105.0, 6), h3.latlng_to_cell(20.0, 105.0, 11)):
        with pytest.raises(BadParameterError):
            engine.hex_why(cell)


def test_the_account_of_a_cell_that_left_the_map_is_of_nothing():
    """The live map remembers its cells; a map made anew knows nothing of it."""
    engine = load([*EVENTS[2:3], stay("f0", "hall", T0 + 3 * DAY, T0 + 3 * DAY + 7200), fix("f0", T0 + 5 * DAY, 10.9)])
    for resolution in RESOLUTIONS:
        (cell,) = [c for c in engine.hexes(resolution).h3.tolist() if h3.latlng_to_cell(10.9, 106.7, resolution) == c]
        assert engine.hex_why(cell).score > 0
    engine.ingest_json("location", body([{"person": "f0", "at": T0 + 5 * DAY, "retract": True}]))
    for resolution in RESOLUTIONS:
        cell = h3.latlng_to_cell(10.9, 106.7, resolution)
        assert cell not in engine.hexes(resolution).h3.tolist()
        why = engine.hex_why(cell)
        assert (why.score, why.low, why.high, why.band, why.reliability, why.rate) == (0, 0, 0, 0, 0, 0)


def test_without_an_f0_there_is_no_infectious_place():
    assert load(EVENTS[:2] + EVENTS[3:]).infectious_places() == ()
    assert load([]).infectious_places() == ()


@settings(**COMMON | {"max_examples": 15})
@given(worlds(), st.sampled_from(RESOLUTIONS), until_moments())
def test_people_behind_a_cell_are_counted_once(world, resolution, at):
    hours = oracle.hours_of_state(fold(world), VN_2021_07, at)
    cells, people, f0s = load(world).people_behind(resolution, at)
    for found, want in ((people, hours.present), (f0s, hours.f0s)):
        sets: dict[int, set[str]] = {}
        for cell, who in want.items():
            sets.setdefault(h3.cell_to_parent(cell, resolution), set()).update(who)
        got = dict(zip(cells.tolist(), found.tolist(), strict=True))
        assert {c: n for c, n in got.items() if n} == {c: len(who) for c, who in sets.items() if who}
    assert cells.tolist() == sorted(cells.tolist())
