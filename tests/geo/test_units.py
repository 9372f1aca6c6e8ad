"""The table of units: periods of a code, the tree, mergers and splits, population."""

from datetime import date

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInputError, BadParameterError, UnknownAreaError
from engine.geo.unit_store import from_bytes, to_bytes
from engine.geo.units import Population, Unit, Units
from tests.oracles import areas as oracle

MERGED = date(2021, 1, 1)
BEFORE, AFTER = date(2020, 12, 31), MERGED


def unit(code, tier="district", parent="79", **more):
    return Unit(code, tier, parent, more.pop("name_vi", code), more.pop("name_en", code), **more)


@pytest.fixture
def thu_duc():
    """Districts 2 (769), Thu Duc (762) and 9 (763) of Ho Chi Minh City became Thu Duc City, with the code 769."""
    return Units(
        [
            unit("79", "province", None),
            unit("760"),
            unit("762", until=MERGED, replaced_by=("769",)),
            unit("763", until=MERGED, replaced_by=("769",)),
            unit("769", until=MERGED, replaced_by=("769",), name_vi="Quận 2"),
            unit("769", since=MERGED, name_vi="Thành phố Thủ Đức"),
        ]
    )


def test_a_code_means_the_unit_of_the_day(thu_duc):
    assert thu_duc.unit("769", BEFORE).name_vi == "Quận 2"
    assert thu_duc.unit("769", AFTER).name_vi == thu_duc.unit("769").name_vi == "Thành phố Thủ Đức"
    assert thu_duc.get("763", AFTER) is None
    assert [len(thu_duc.on(d)) for d in (BEFORE, AFTER)] == [5, 3]
    assert thu_duc.on(AFTER) is thu_duc.on(date(2024, 1, 1))


def test_children_are_those_of_the_day(thu_duc):
    assert thu_duc.children("79", BEFORE) == ["760", "762", "763", "769"]
    assert thu_duc.children("79", AFTER) == ["760", "769"]
    assert thu_duc.children("79") == ["760", "762", "763", "769"]
    assert thu_duc.codes("district", AFTER) == ["760", "769"]


def test_a_merger_is_followed_both_ways(thu_duc):
    city = thu_duc.unit("769", AFTER)
    assert [thu_duc.successors(c, BEFORE) for c in ("762", "763", "769")] == [(city,)] * 3
    assert [u.code for u in thu_duc.predecessors("769")] == ["762", "763", "769"]
    assert thu_duc.successors("769") == thu_duc.successors("760") == thu_duc.predecessors("760") == ()


def test_a_split_has_several_successors():
    units = Units([unit("1", until=MERGED, replaced_by=("2", "3")), unit("2", since=MERGED), unit("3", since=MERGED)])
    assert [u.code for u in units.successors("1")] == ["2", "3"]
    assert [u.code for u in units.predecessors("3")] == ["1"]


def test_ancestors_and_the_way_up(thu_duc):
    units = Units([*thu_duc, unit("26740", "commune", "769")])
    assert units.ancestors("26740") == ["769", "79"]
    assert [units.upto("26740", t) for t in ("commune", "district", "province", "country")] == [
        "26740", "769", "79", None,
    ]  # fmt: skip
    assert units.upto("79", "district") is None


def test_what_is_not_there_is_said(thu_duc):
    with pytest.raises(UnknownAreaError, match="'999'"):
        thu_duc.unit("999")
    with pytest.raises(UnknownAreaError, match="2021-01-01"):
        thu_duc.ancestors("763", AFTER)
    with pytest.raises(BadParameterError, match="no tier"):
        thu_duc.codes("ward", AFTER)


@pytest.mark.parametrize(
    "rows",
    [
        [unit("1"), unit("1")],
        [unit("1", until=MERGED), unit("1", since=BEFORE)],
        [unit("1", since=MERGED, until=MERGED)],
        [unit("1", tier="ward")],
        [unit("1", parent="1")],
        [unit("1", "commune", "2"), unit("2", "commune", None)],
    ],
)
def test_contradictions_are_refused(rows):
    with pytest.raises(BadInputError):
        Units(rows)


def test_a_population_is_the_newest_by_then():
    figures = (Population(date(2009, 4, 1), 7, "census"), Population(date(2019, 4, 1), 9, "census"))
    units = Units([unit("79", "province", None, population=figures)])
    days = (date(2000, 1, 1), date(2019, 3, 31), date(2019, 4, 1), date(2030, 1, 1))
    assert [units.population("79", d) for d in days] == [7, 7, 9, 9]


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 9)), min_size=4, max_size=12))
def test_populations_add_up_as_in_the_oracle(rows):
    tiers = ("country", "province", "district", "commune")
    parents: dict = {}
    tier_of: dict = {}
    for n, (tier, _) in enumerate(rows):
        wider = [c for c, t in tier_of.items() if t < tier]
        parents[str(n)], tier_of[str(n)] = (wider[-1] if wider else None), tier
    figures = {str(n): people for n, (_, people) in enumerate(rows) if people is not None}
    units = Units(
        Unit(c, tiers[tier_of[c]], parents[c], c, c,
             population=(Population(date.min, figures[c], "x"),) if c in figures else ())
        for c in parents
    )  # fmt: skip
    for code in parents:
        assert units.population(code, AFTER) == oracle.population(code, figures, parents)


def test_stored_units_come_back_as_they_were(thu_duc):
    more = unit(
        "1", name_vi="Huyện Đảo", name_en="Island", name_en_derived=False, kind="Huyện", since=BEFORE,
        population=(Population(date.min, 3, "a"), Population(BEFORE, 4, "b")), sources=("f.csv", "g.csv"),
    )  # fmt: skip
    units = Units([*thu_duc, more], [*thu_duc.polygons, shapely.box(1, 2, 3, 4)])
    back = from_bytes(to_bytes(units))
    assert back.rows == units.rows
    assert [p and p.wkt for p in back.polygons] == [p and p.wkt for p in units.polygons]
    assert to_bytes(back) == to_bytes(units)
    assert units.without_polygon("district") == ["760", "762", "763", "769", "769"]
    assert Units().rows == from_bytes(to_bytes(Units())).rows
