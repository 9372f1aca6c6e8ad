"""Areas of an engine: loaded, stored, seen by other processes; and which one an F0 lives in."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import params
from engine.clock import DAY, HOUR
from engine.errors import JournalError, UnreadableFileError
from engine.exposure.policies import policy_named
from engine.geo.units import Unit, Units
from engine.service import areas as module
from engine.service.engine import Engine, Settings
from engine.service.homes import home_areas, upto_now
from tests.oracles import areas as oracle
from tests.worlds import NOW, load

T0 = 1_626_000_000  # 2021-07-11
MERGED = date(2021, 7, 1)
WEST, EAST = shapely.box(106.0, 10.0, 106.5, 11.0), shapely.box(106.5, 10.0, 107.0, 11.0)
UNITS = Units(
    [
        Unit("79", "province", None, "79", "79"),
        Unit("001", "district", "79", "001", "001"),
        Unit("002", "district", "79", "002", "002"),
        Unit("009", "district", "79", "009", "009", until=MERGED, replaced_by=("002",)),
        Unit("00010", "commune", "002", "00010", "00010"),
    ],
    [None, WEST, EAST, None, None],
)
CODES = [None, "001", "002", "009", "00010", "79", "unknown"]
MEANT = {"001": "001", "002": "002", "009": "002", "00010": "002"}
GAP = int(params.FIX_MAX_GAP_S.value)


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("code,name,province_code\n79,Thành phố Hồ Chí Minh,\n760,Quận 1,79\n", "utf-8")
    return path


def at_place(code, lng):
    """The unit that a place counts for."""
    if code in MEANT:
        return MEANT[code]
    return None if lng is None else oracle_unit(lng)


def oracle_unit(lng):
    found = oracle.holder(10.5, lng, [WEST, EAST])
    return None if found is None else ("001", "002")[found]


place = st.tuples(
    st.sampled_from(["home", "shop"]), st.sampled_from(CODES), st.sampled_from([None, 106.2, 106.7, 108.0])
)
stay = st.tuples(st.integers(0, 3), st.integers(-20 * 24, 30), st.integers(1, 40))
fix = st.tuples(st.integers(-20 * 24, 30), st.sampled_from([106.2, 106.7, 108.0]))


@given(
    st.lists(place, min_size=4, max_size=4),
    st.lists(stay, max_size=5),
    st.lists(fix, max_size=4, unique_by=lambda f: f[0]),
    st.none() | st.integers(-200, 40),
)
@settings(max_examples=60, deadline=None)
def test_the_area_of_an_f0_is_that_of_the_oracle(places, stays, fixes, isolated):
    world = [("case", {"person": "p", "confirmed_at": T0 - DAY, "onset_at": T0 - 3 * DAY})]
    if isolated is not None:
        world[0][1]["isolated_at"] = T0 + isolated * HOUR
    for n, (kind, code, lng) in enumerate(places):
        more = {} if lng is None else {"lat": 10.5, "lng": lng}
        world.append(("place", {"place": f"l{n}", "kind": kind, **({"area_code": code} if code else {}), **more}))
    kept = {}
    for n, came, hours in stays:
        kept[n, came] = (T0 + came * HOUR, T0 + (came + hours) * HOUR)
    for (n, _), (came, left) in kept.items():
        world.append(
            ("check_in", {"person": "p", "place": f"l{n}", "entered_at": came, "left_at": min(left, came + DAY)})
        )
    for at, lng in fixes:
        world.append(("location", {"person": "p", "at": T0 + at * HOUR, "lat": 10.5, "lng": lng, "accuracy_m": 20}))
    state = load(world).snapshot()

    end = T0 if isolated is None else min(T0, T0 + isolated * HOUR)

    def within(a, b):
        return max(0, min(b, end) - max(a, end - 14 * DAY))

    rows = []
    for (n, _), (came, left) in kept.items():
        kind, code, lng = places[n]
        rows.append((at_place(code, lng), kind == "home", within(came, min(left, came + DAY))))
    moments = sorted(T0 + at * HOUR for at, _ in fixes)
    for at, lng in fixes:
        t = T0 + at * HOUR
        after = [m for m in moments if m > t]
        rows.append((oracle_unit(lng), False, within(t, min([t + GAP, *after]))))
    code = state.person_keys.find("p")
    assert home_areas(state, UNITS, "district", T0) == {code: oracle.longest(rows)}


def test_nothing_is_known_without_areas_or_cases():
    state = load([("case", {"person": "p", "confirmed_at": T0})]).snapshot()
    assert list(home_areas(state, Units(), "district", T0).values()) == [None]
    assert list(home_areas(state, UNITS, "district", T0).values()) == [None]
    assert home_areas(load([]).snapshot(), UNITS, "district", T0) == {}


def test_a_unit_that_split_tells_nothing():
    units = Units(
        [
            Unit("1", "district", None, "a", "a", until=MERGED, replaced_by=("2", "3")),
            Unit("2", "district", None, "b", "b", since=MERGED),
            Unit("3", "district", None, "c", "c", since=MERGED),
        ]
    )
    assert upto_now(units, "1", "district", MERGED) is None
    assert upto_now(units, "1", "district", date(2021, 6, 30)) == "1"
    assert upto_now(units, "2", "district", date(2021, 6, 30)) is None


def test_a_loaded_table_is_stored_and_noted(tmp_path, listed):
    engine = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: NOW)
    assert len(engine.areas()) == 0
    report = engine.load_areas(listed)
    assert {t: n.units for t, n in report.tiers.items()} == {"province": 1, "district": 1}
    assert report.tiers["district"].without_polygon == ("760",)
    assert [row.action for row in engine.journal.audit_rows()] == ["areas"]
    rows = engine.areas().rows
    engine.close()
    again = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: NOW)
    assert again.areas().rows == rows
    assert again.areas() is again.areas()
    again.close()


def test_files_add_up_unless_they_replace(tmp_path, listed):
    engine = Engine.open(Settings())
    engine.load_areas([listed])
    (tmp_path / "more.csv").write_text("code,name,province_code,population_2019\n761,Quận 12,79,620146\n")
    engine.load_areas(tmp_path / "more.csv")
    assert [u.code for u in engine.areas()] == ["79", "760", "761"]
    engine.load_areas(tmp_path / "more.csv", replace=True)
    assert [u.code for u in engine.areas()] == ["761"]


def test_a_mistake_leaves_everything_as_it_was(tmp_path, listed):
    engine = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: NOW)
    engine.load_areas(listed)
    before = engine.areas()
    (tmp_path / "bad.csv").write_text("x,y\n1,2\n")
    with pytest.raises(UnreadableFileError, match="x, y"):
        engine.load_areas(tmp_path / "bad.csv")
    assert engine.areas() is before
    engine.close()


def test_what_another_process_loads_is_seen(tmp_path, listed, monkeypatch):
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    one = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: NOW)
    other = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: NOW - 100)
    one.load_areas(listed)
    assert [u.code for u in other.areas()] == ["79", "760"]
    (tmp_path / "more.csv").write_text("code,name,province_code\n761,Quận 12,79\n")
    for _ in range(5):
        other.load_areas(tmp_path / "more.csv")
    assert len(one.areas()) == 3
    assert len(one.journal.documents.all("areas")) == module.KEPT
    one.close()
    other.close()


def test_a_damaged_table_is_refused():
    from engine.geo.unit_store import from_bytes

    with pytest.raises(JournalError, match="load them again"):
        from_bytes(b"no table")


def test_progress_is_told(tmp_path, listed):
    told = []
    Engine.open(Settings()).load_areas(tmp_path, progress=lambda name, share: told.append((name, share)))
    assert told[-1][1] == 1.0
    assert [s for _, s in told] == sorted(s for _, s in told)
    assert told[0][0] == "list.csv"


def test_index_of_takes_arrays_of_any_length():
    assert UNITS.index_of(np.empty(0), np.empty(0), "district", MERGED).tolist() == []


def test_each_f0_has_an_area_of_their_own():
    world = [("case", {"person": p, "confirmed_at": T0}) for p in ("lan", "minh", "nga", "phuc")]
    world += [
        ("place", {"place": "home", "kind": "home", "area_code": "001"}),
        ("place", {"place": "shop", "kind": "shop", "lat": 10.5, "lng": 106.7}),
        ("check_in", {"person": "lan", "place": "home", "entered_at": T0 - DAY, "left_at": T0 - DAY + HOUR}),
        ("check_in", {"person": "lan", "place": "shop", "entered_at": T0 - DAY + HOUR, "left_at": T0 - HOUR}),
        ("check_in", {"person": "minh", "place": "shop", "entered_at": T0 - DAY, "left_at": T0 - HOUR}),
        ("location", {"person": "nga", "at": T0 - DAY, "lat": 10.5, "lng": 106.2, "accuracy_m": 20}),
    ]
    state = load(world).snapshot()
    found = home_areas(state, UNITS, "district", T0)
    assert {state.person_keys.key(p): unit for p, unit in found.items()} == {
        "lan": "001", "minh": "002", "nga": "001", "phuc": None,
    }  # fmt: skip


@pytest.mark.parametrize(("came", "left"), [(-14 * DAY - 20 * HOUR, -14 * DAY + HOUR), (-HOUR, 20 * HOUR)])
def test_only_the_time_within_the_window_counts(came, left):
    world = [
        ("case", {"person": "p", "confirmed_at": T0}),
        ("place", {"place": "a", "kind": "home", "area_code": "001"}),
        ("place", {"place": "b", "kind": "home", "area_code": "002"}),
        ("check_in", {"person": "p", "place": "a", "entered_at": T0 + came, "left_at": T0 + left}),
        ("check_in", {"person": "p", "place": "b", "entered_at": T0 - 5 * DAY, "left_at": T0 - 5 * DAY + 3 * HOUR}),
    ]
    state = load(world).snapshot()
    assert list(home_areas(state, UNITS, "district", T0).values()) == ["002"]
    later = load(world[:-1]).snapshot()
    assert list(home_areas(later, UNITS, "district", T0).values()) == ["001"]


def test_a_policy_closes_the_window_at_its_last_day():
    world = [
        ("case", {"person": "p", "onset_at": T0 - 60 * DAY}),
        ("place", {"place": "a", "kind": "home", "area_code": "001"}),
        ("place", {"place": "b", "kind": "home", "area_code": "002"}),
        ("check_in", {"person": "p", "place": "a", "entered_at": T0 - 62 * DAY, "left_at": T0 - 62 * DAY + HOUR}),
        ("check_in", {"person": "p", "place": "b", "entered_at": T0 - 2 * DAY, "left_at": T0 - 2 * DAY + HOUR}),
    ]
    state = load(world).snapshot()
    short = replace(policy_named("who"), max_days_after_onset=10)
    assert list(home_areas(state, UNITS, "district", T0).values()) == ["002"]
    assert list(home_areas(state, UNITS, "district", T0, short).values()) == ["001"]


def test_areas_stay_known_while_the_database_is_away(tmp_path, listed, monkeypatch):
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    engine = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: NOW)
    engine.load_areas(listed)
    assert len(engine.areas()) == 2

    def away(*_):
        raise JournalError("away")

    monkeypatch.setattr(engine.journal.documents, "all", away)
    assert len(engine.areas()) == 2
    with pytest.raises(JournalError):
        engine.load_areas(listed)
    fresh = module.Areas(engine.journal, lambda: NOW)
    with pytest.raises(JournalError):
        fresh.units()
    engine.close()
