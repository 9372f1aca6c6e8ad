"""What is published: floors, one partition, all children or none, remainders; equal to the slow oracle."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import params
from engine.errors import BadParameterError
from engine.geo.cells import parents
from engine.risk.disclosure import AREA, Behind, Floors, partition
from engine.risk.disclosure_remainders import Chain
from engine.risk.disclosure_views import RESOLUTIONS, merged, records_of, score_of, views
from tests.oracles import disclosure as oracle
from tests.oracles.disclosure_cities import CENTRE, behind, city, units_of

seeds = st.integers(0, 100_000)
NINES = sorted(h3.cell_to_children(CENTRE, 9))
EIGHTS = sorted(h3.cell_to_children(CENTRE, 8))


def crowd(cell: int, people: int, cases: int, first: int = 0) -> dict[tuple[int, int, int], tuple[int, int]]:
    """``people`` of whom ``cases`` are F0s, one hour each."""
    hour = 3600 << 10
    return {(0, cell, first + n): (hour << 10 if n < cases else 0, hour) for n in range(people)}


def units(rows, chains=(), **floors):
    part = partition(behind(rows), chains, Floors(**floors))
    return {(int(r), u) for r, u in zip(part.resolution, part.unit, strict=True)}


def text(cell: int) -> str:
    return h3.int_to_str(cell)


@pytest.mark.parametrize("asked", [{"people": 9}, {"cases": 4}, {"people": 0, "cases": 0}, {"people": -1}])
def test_floors_can_only_be_raised(asked):
    with pytest.raises(BadParameterError, match="only be raised"):
        Floors(**asked)


@pytest.mark.parametrize(("people", "cases", "there"), [(10, 5, 1), (9, 5, 0), (10, 4, 0), (9, 9, 0), (0, 0, 0)])
def test_a_lonely_cell_is_published_from_ten_people_and_five_cases_on(people, cases, there):
    assert len(units(crowd(NINES[0], people, cases))) == there


def test_higher_floors_hide_more():
    rows = crowd(NINES[0], 12, 6)
    assert units(rows, people=12, cases=6) == {(9, text(NINES[0]))}
    assert units(rows, people=13, cases=5) == set()


def test_one_person_many_times_is_one_person():
    rows = {(day, NINES[0], person): (1, 1) for day in range(9) for person in range(9)}
    assert units(rows) == set()


def test_children_are_published_all_or_none():
    a, b = sorted(h3.cell_to_children(EIGHTS[0], 9))[:2]
    rows = crowd(a, 20, 10) | crowd(b, 20, 10, 100)
    assert units(rows) == {(9, text(a)), (9, text(b))}
    assert units(crowd(a, 20, 10) | crowd(b, 20, 4, 100)) == {(8, text(EIGHTS[0]))}
    assert units(crowd(a, 20, 10) | crowd(b, 1, 0, 100)) == {(8, text(EIGHTS[0]))}


def test_a_failing_eight_takes_its_siblings_along():
    a, b = (sorted(h3.cell_to_children(e, 9))[0] for e in EIGHTS[:2])
    assert units(crowd(a, 20, 10) | crowd(b, 2, 1, 100)) == {(7, text(CENTRE))}


def test_a_failing_seven_is_a_remainder_with_the_smallest_good_one():
    sevens = sorted(h3.grid_disk(CENTRE, 1))
    nine = [sorted(h3.cell_to_children(s, 9))[0] for s in sevens]
    rows = crowd(nine[0], 3, 1) | crowd(nine[1], 30, 9, 100) | crowd(nine[2], 20, 9, 200)
    chains = [Chain(s, ("commune", "district")) for s in sevens]
    assert units(rows, chains) == {(AREA, "commune"), (9, text(nine[1]))}
    assert units(rows) == {(AREA, ""), (9, text(nine[1]))}
    rows |= crowd(nine[3], 10, 5, 300)
    chains[3] = Chain(sevens[3], ("other", "district"))
    assert units(rows, chains) == {(AREA, "commune"), (9, text(nine[1])), (9, text(nine[3]))}


def test_a_remainder_that_reaches_the_floors_stands_alone():
    sevens = sorted(h3.grid_disk(CENTRE, 1))
    nine = [sorted(h3.cell_to_children(s, 9))[0] for s in sevens]
    rows = crowd(nine[0], 5, 2) | crowd(nine[1], 5, 3, 100) | crowd(nine[2], 20, 9, 200)
    assert units(rows, [Chain(s, ("commune",)) for s in sevens]) == {(AREA, "commune"), (9, text(nine[2]))}


def test_an_area_that_fails_whole_is_left_to_the_wider_one():
    sevens = sorted(h3.grid_disk(CENTRE, 1))
    nine = [sorted(h3.cell_to_children(s, 9))[0] for s in sevens]
    rows = crowd(nine[0], 5, 2) | crowd(nine[1], 6, 3, 100) | crowd(nine[2], 20, 9, 200)
    chains = [Chain(s, (f"commune {n}", "district")) for n, s in enumerate(sevens)]
    assert units(rows, chains) == {(AREA, "district"), (9, text(nine[2]))}


def test_areas_must_nest():
    sevens = sorted(h3.grid_disk(CENTRE, 1))[:2]
    with pytest.raises(BadParameterError, match="nest"):
        partition(behind(crowd(NINES[0], 10, 5)), [Chain(sevens[0], ("c", "d")), Chain(sevens[1], ("c", "e"))])
    with pytest.raises(BadParameterError, match="nest"):
        partition(behind(crowd(NINES[0], 10, 5)), [Chain(sevens[0], ("c", "d")), Chain(sevens[1], ("d", "c"))])


def test_cells_may_lie_in_no_area():
    rows = crowd(NINES[0], 10, 5)
    assert units(rows, [Chain(CENTRE, ())]) == units(rows) == {(9, text(NINES[0]))}


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        (([NINES[0]], [1, 2], [0], [1]), "one length"),
        (([EIGHTS[0]], [1], [0], [1]), "resolution 9"),
        (([NINES[0]], [1], [0], [0]), "above 0"),
        (([NINES[0]], [1], [-1], [1]), "at least 0"),
    ],
)
def test_rows_are_checked(columns, match):
    cell, person, infectious, present = columns
    with pytest.raises(BadParameterError, match=match):
        Behind(np.array(cell, np.uint64), np.array(person, np.int32), np.array(infectious), np.array(present, np.int64))


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_the_partition_is_the_oracles(seed):
    place = city(seed)
    part = partition(behind(place.rows), place.areas)
    names = list(zip(part.resolution.tolist(), part.unit, strict=True))
    found = {c: names[u] for c, u in zip(part.cell.tolist(), part.unit_of_cell.tolist(), strict=True)}
    rows = [(cell, person, n, d) for (_, cell, person), (n, d) in place.rows.items()]
    assert found == oracle.units(rows, place.chains)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_everything_is_in_one_unit_that_reaches_the_floors_or_nothing_is_published(seed):
    place = city(seed)
    rows = behind(place.rows)
    part = partition(rows, place.areas)
    if not part.unit:
        assert len(np.unique(rows.person)) < 10 or len(np.unique(rows.person[rows.infectious > 0])) < 5
        return
    assert set(part.cell.tolist()) == set(rows.cell.tolist())
    of = dict(zip(part.cell.tolist(), part.unit_of_cell.tolist(), strict=True))
    for n in range(len(part.unit)):
        here = [a for a in place.rows if of[a[1]] == n]
        people, cases = {a[2] for a in here}, {a[2] for a in here if place.rows[a][0]}
        assert (len(people), len(cases)) == (part.people[n], part.cases[n])
        assert len(people) >= 10
        assert len(cases) >= 5
        assert part.infectious[n] == sum(place.rows[a][0] for a in here)
        assert part.present[n] == sum(place.rows[a][1] for a in here)


@given(seeds, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_rows_plays_no_part(seed, random):
    place = city(seed)
    rows = list(place.rows.items())
    random.shuffle(rows)
    one, other = (partition(behind(dict(r)), place.areas) for r in (place.rows.items(), rows))
    assert one.unit == other.unit
    assert (one.unit_of_cell == other.unit_of_cell).all()


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_coarser_views_are_sums_of_whole_units(seed):
    place = city(seed)
    part = partition(behind(place.rows), place.areas)
    for resolution, view in zip(reversed(RESOLUTIONS), views([records_of(part, 0, 0)]), strict=True):
        names, into = merged(units_of(part), resolution)
        assert view.unit == tuple(u for _, u in names)
        cells = parents(part.cell, resolution)
        for n in np.flatnonzero(view.unit_resolution == resolution).tolist():
            # Whoever is in this cell is in this unit, and nobody else is.
            inside = cells == h3.str_to_int(view.unit[n])
            assert (inside == (into[part.unit_of_cell] == n)).all()
        assert (view.unit_resolution <= resolution).all()
        assert (view.unit_resolution == AREA).sum() == (part.resolution == AREA).sum()
        assert set(view.score.tolist()) <= set(range(0, 101, 5))


def test_scores_are_rounded_to_five_and_half_the_rate_is_fifty():
    half = params.HEX_HALF_RATE.value
    assert score_of(np.array([0.0, half, 1.01 * half, 100 * half]), np.ones(4)).tolist() == [0, 50, 50, 100]


@given(st.lists(seeds, min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_the_map_is_what_loops_make_of_the_records(drawn):
    """Every place in its newest units; records inside a unit count whole, those round it by their share of area."""
    day = 86_400
    records = [
        records_of(partition(behind(place.rows), place.areas), -age * day, 100 - age)
        for age, place in enumerate(map(city, drawn))
    ]
    plain = [
        (r.end, r.at, list(zip(units_of(r), r.infectious.tolist(), r.present.tolist(), strict=True))) for r in records
    ]
    for view in views(records):
        units = list(zip(view.unit_resolution.tolist(), view.unit, strict=True))
        expected = oracle.shown(plain, view.resolution)
        assert dict(zip(units, view.since.tolist(), strict=True)) == {unit: at for unit, (at, _) in expected.items()}
        for unit, score in zip(units, view.score.tolist(), strict=True):
            assert abs(score - expected[unit][1]) <= 2.5 + 1e-6


def test_older_records_count_less():
    rows = {(0, NINES[0], n): (1 << 30, 1 << 20) for n in range(12)}
    none = {atom: (1, d) for atom, (_, d) in rows.items()}
    one, other = (partition(behind(r)) for r in (rows, none))
    half_life = round(3.5 * 86_400)
    scores = [
        int(views([records_of(other, 0, 0), *([records_of(one, -age, -age)] if age else [])])[0].score[0])
        for age in (1, half_life, 8 * half_life, 0)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] == 0
