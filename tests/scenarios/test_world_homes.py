"""Homes, areas and households of a world: where people stay at night, else most."""

import math
from datetime import date
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from engine.geo.cells import cells_of
from engine.geo.units import Unit, Units
from engine.params import PLACE_KINDS
from engine.scenarios.model import Population
from engine.scenarios.world import World
from engine.service.scenario_catchments import areas_by_visits
from engine.service.scenario_world import world_for
from tests.graph.small import Told, saw, stay
from tests.worlds import load_sorted

T0 = 1_625_011_200
"""2021-06-30T00:00:00Z, 07:00 in Viet Nam."""
HOUR = 3600
HCM, HANOI = (10.78, 106.70), (21.03, 105.85)


def place(key: str, kind: str, at: tuple[float, float] | None, area: str | None) -> Told:
    event: dict[str, Any] = {"place": key, "kind": kind}
    if at is not None:
        event |= {"lat": at[0], "lng": at[1]}
    return "place", event if area is None else {**event, "area_code": area}


def seen(person: str, at: int, where: tuple[float, float]) -> Told:
    return "location", {"person": person, "at": at, "lat": where[0], "lng": where[1], "accuracy_m": 5.0}


def near(where: tuple[float, float], north_m: float) -> tuple[float, float]:
    return (where[0] + north_m / 111_195, where[1])


EVENTS: list[Told] = [
    place("h1", "home", HCM, "760"),
    place("h2", "home", HANOI, "001"),
    place("cafe", "cafe", near(HCM, 50), "760"),
    place("works", "factory", HANOI, "001"),
    place("stall", "shop", None, "770"),
    # a and b scan at home, b visits another home for less
    stay("a", "h1", T0, T0 + 5 * HOUR),
    stay("b", "h1", T0 + 30 * HOUR, T0 + 34 * HOUR),
    stay("b", "h2", T0 + 10 * HOUR, T0 + 11 * HOUR),
    # c sleeps near the cafe (fixes at 23:00 in Viet Nam) and works in Ha Noi
    stay("c", "works", T0, T0 + 9 * HOUR),
    *[seen("c", T0 + 16 * HOUR + n * 600, near(HCM, 400)) for n in range(3)],
    *[seen("c", T0 + 2 * HOUR + n * 600, HANOI) for n in range(9)],
    # d has a short visit beside the work; e only works; f is where nothing is known
    stay("d", "works", T0, T0 + 9 * HOUR),
    stay("d", "stall", T0 + 10 * HOUR, T0 + 11 * HOUR),
    stay("e", "works", T0, T0 + 9 * HOUR),
    saw("f", "a", T0),
    seen("g", T0, (16.0, 108.0)),
]
UNITS = (
    Unit("79", "province", None, "HCM", "HCM"),
    Unit("760", "district", "79", "Quận 1", "District 1"),
    Unit("VN", "country", None, "Việt Nam", "Viet Nam"),
    Unit("01", "province", "VN", "Hà Nội", "Ha Noi"),
    Unit("001", "district", "01", "Ba Đình", "Ba Dinh"),
)


def made(units: Units, events: list[Told] | None = None) -> tuple[World, tuple[str, ...]]:
    population = Population.model_validate({"observed": {}})
    return world_for(load_sorted(events or EVENTS).snapshot(), units, population)


def homes(world: World, keys: tuple[str, ...]) -> dict[str, str | None]:
    return {key: None if n < 0 else world.areas[n] for key, n in zip(keys, world.area.tolist(), strict=True)}


EXPECTED = {"a": "760", "b": "760", "c": "760", "d": "770", "e": "001", "f": None, "g": None}


def test_where_people_live() -> None:
    world, keys = made(Units())
    assert homes(world, keys) == EXPECTED
    assert world.parents == tuple((code,) for code in world.areas)
    cells = dict(zip(keys, world.cell.tolist(), strict=True))
    at = [HCM, near(HCM, 400), HANOI, (16.0, 108.0)]
    home, night, work, alone = cells_of([a for a, _ in at], [b for _, b in at], 9).tolist()
    assert cells == {"a": home, "b": home, "c": night, "d": 0, "e": work, "f": 0, "g": alone}


def square(south: float, west: float, side: float) -> Any:
    return box(west, south, west + side, south + side)


def test_loaded_areas_say_what_lies_in_what() -> None:
    world, keys = made(Units(UNITS))
    chains = dict(zip(world.areas, world.parents, strict=True))
    assert chains == {"760": ("760", "79"), "001": ("001", "01"), "770": ("770",)}
    assert homes(world, keys) == EXPECTED


def test_polygons_tell_the_commune_and_who_lives_where_no_place_is() -> None:
    shapes = [None, None, None, None, square(10.7, 106.6, 0.2), square(21.0, 105.8, 0.1), square(15.9, 107.9, 0.2)]
    communes = [
        Unit("26734", "commune", "760", "Phường Bến Nghé", "Ben Nghe"),
        Unit("00001", "commune", "002", "Phường Phúc Xá", "Phuc Xa"),  # not in 001, which the places there say
        Unit("20194", "commune", None, "Phường Hải Châu", "Hai Chau"),
    ]
    world, keys = made(Units([*UNITS, *communes], [*shapes[:4], None, *shapes[4:]]))
    assert homes(world, keys) == EXPECTED | {"a": "26734", "b": "26734", "c": "26734", "g": "20194"}
    chains = dict(zip(world.areas, world.parents, strict=True))
    assert chains["26734"] == ("26734", "760", "79")
    assert chains["20194"] == ("20194",)


def test_whom_a_phone_sees_by_night_lives_there_too() -> None:
    night = T0 + 17 * HOUR  # midnight in Viet Nam
    met = [
        saw("e", "a", night, 1000), saw("a", "e", night + 1200, 1000), saw("e", "c", night, 1900),
        saw("f", "c", night, 1800), saw("d", "g", T0 + 4 * HOUR, HOUR), saw("h", "f", night, HOUR),
        saw("d", "a", night, 1799),  # a guest
    ]  # fmt: skip
    world, keys = made(Units(), [*EVENTS, *met])
    told = {"e": "760", "f": "760", "h": None}  # f is known through c, which tells nothing of h
    assert homes(world, keys) == EXPECTED | told
    cells = dict(zip(keys, world.cell.tolist(), strict=True))
    assert (cells["e"], cells["f"], cells["h"]) == (cells["a"], cells["c"], 0)


def test_who_goes_where_others_go_lives_where_they_live() -> None:
    """The shop lies in 770; two of its visitors scan at home in 760. Who scans nowhere else is their neighbour."""
    known = [stay("a", "stall", T0 + 6 * HOUR), stay("b", "stall", T0 + 12 * HOUR), stay("x", "stall", T0 + 7 * HOUR)]
    world, keys = made(Units(), [*EVENTS, *known])
    assert homes(world, keys) == EXPECTED | {"x": "760", "d": "760"}
    # y scans only where nobody is known, but spends the night with z, of whom nothing is known but one visit.
    night = T0 + 17 * HOUR
    more = [place("far", "shop", None, "001"), stay("y", "far", T0), saw("z", "y", night, HOUR)]
    world, keys = made(Units(), [*EVENTS, *known, *more])
    assert homes(world, keys) == EXPECTED | {"x": "760", "d": "760", "y": "001", "z": "001"}


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 4), st.integers(1, 9)), max_size=25, unique_by=lambda v: v[:2]
    ),
    st.lists(st.integers(-1, 2), min_size=8, max_size=8),
    st.lists(st.integers(-1, 2), min_size=5, max_size=5),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=6, unique=True),
)
def test_areas_by_visits_are_the_most_likely_ones(
    visits: list[tuple[int, int, int]], lives: list[int], place_area: list[int], others: list[tuple[int, int]]
) -> None:
    person, place, seconds = (np.array(c, np.int64) for c in zip(*visits, strict=True)) if visits else (
        np.empty(0, np.int64),) * 3  # fmt: skip
    asked = [(p, o) for p, o in others if p != o and lives[p] < 0]
    pairs = np.array([p for p, _ in asked], np.int64), np.array([o for _, o in asked], np.int64)
    found = areas_by_visits(person, place, seconds, np.array(lives), np.array(place_area, np.int32), pairs)
    areas = max(*lives, *place_area) + 1
    for p in range(8):
        speak = dict.fromkeys(range(areas), 0.0)
        for q in [p, *(o for a, o in asked if a == p)] if lives[p] < 0 else []:
            for v, spot, _ in visits:
                for a in speak if v == q else []:
                    k = sum(w == spot and lives[u] == a for u, w, _ in visits) + (place_area[spot] == a)
                    speak[a] += math.log(1 + areas * k)
        best = max(speak.values(), default=0.0)
        likely = {a for a, value in speak.items() if value > 0 and value > best - 0.01}
        assert found[p] in likely if likely else found[p] == -1


def test_equally_likely_areas_are_told_apart_by_time() -> None:
    none = np.empty(0, np.int64)
    for seconds, best in (((60, 3000), 1), ((3000, 60), 0)):
        row = np.array([0, 0]), np.array([0, 1]), np.array(seconds)
        assert areas_by_visits(*row, np.array([-1]), np.array([0, 1], np.int32), (none, none)).tolist() == [best]


def test_households_are_those_who_scan_at_one_home() -> None:
    world, keys = made(Units())
    assert dict(zip(keys, world.household.tolist(), strict=True)) == {
        "a": 0, "b": 0, "c": -1, "d": -1, "e": -1, "f": -1, "g": -1
    }  # fmt: skip


def test_places_are_columns_in_order_of_their_names() -> None:
    world, _ = made(Units())
    kinds = tuple(PLACE_KINDS)
    assert [kinds[k] for k in world.places.kind] == ["cafe", "home", "home", "shop", "factory"]
    assert [world.areas[a] for a in world.places.area] == ["760", "760", "001", "770", "001"]
    assert world.places.cell.tolist()[3] == 0
    assert world.places.visitors.dtype == np.int32
    days = [date(2021, 6, 30), date(2021, 7, 1)]
    assert world.contacts.start == days[0]
    assert world.places.visitors.tolist() == [[0, 1, 1, 1, 3], [0, 1, 0, 0, 0]]


def test_households_of_a_file_stand_in_their_place(tmp_path: Any) -> None:
    (tmp_path / "h.csv").write_text("person,household\na,x\nf,x\nb,y\n")
    population = Population.model_validate({"observed": {}, "households": "h.csv"})
    world, keys = world_for(load_sorted(EVENTS).snapshot(), Units(), population, base=tmp_path)
    assert [key for key, n in zip(keys, world.household.tolist(), strict=True) if n == 0] == ["a", "f"]
