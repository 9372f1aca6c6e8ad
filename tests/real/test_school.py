"""The primary school (Stehlé 2011): who a child exposes, class by class."""

import pyarrow.compute as pc
import pytest

from benchmarks.real_data import ONSET, minutes_by_group
from benchmarks.real_sets import World, busiest, declare
from engine.clock import DAY, from_rfc3339
from engine.graph.export import to_networkx
from tests.real.plain import RULES, Badges, least_levels

ONSET_AT = from_rfc3339(ONSET["school"])


@pytest.fixture(scope="module")
def badges(school: World) -> Badges:
    return Badges("primaryschool_2009")


@pytest.fixture(scope="module")
def child(school: World) -> str:
    person = busiest(school, frozenset(school.group.values()) - {"Teachers"})
    declare(school, person, ONSET["school"])
    return person


def test_size_is_the_known_one(school: World) -> None:
    contacts = school.contacts()
    graph = to_networkx(contacts)
    assert (graph.number_of_nodes(), graph.number_of_edges(), len(contacts)) == (242, 8_317, 77_521)
    assert pc.sum(contacts["seconds"]).as_py() == 20 * len(school.raw)


@pytest.mark.parametrize("policy", RULES)
def test_levels_of_a_child_equal_a_plain_computation(school: World, child: str, badges: Badges, policy: str) -> None:
    rule = RULES[policy]
    expected = least_levels(badges.trace(child, ONSET_AT - rule.days_before * DAY, badges.last, rule, 2))
    report = school.engine.exposures(child, policy=policy)
    assert {r.person: (r.level, r.first_exposed_at) for r in report.rows} == expected


def test_minutes_by_class_equal_a_plain_computation(school: World, child: str, badges: Badges) -> None:
    expected = dict.fromkeys(school.group.values(), 0.0)
    for other, times in badges.met[child].items():
        expected[school.group[other]] += len(times) / 3
    assert minutes_by_group(school, school.engine.exposures(child, depth=1)) == pytest.approx(expected)


def test_the_own_class_dominates(school: World, child: str) -> None:
    report = school.engine.exposures(child, depth=1)
    own = school.group[child]
    minutes = minutes_by_group(school, report)
    assert minutes[own] > 0.5 * sum(minutes.values())
    people = [school.group[r.person] for r in report.rows]
    assert max(set(people), key=people.count) == own


def test_a_floor_of_15_minutes_leaves_mostly_the_own_class(school: World, child: str) -> None:
    rows = school.engine.exposures(child, depth=1, policy="cdc").rows
    own = sum(school.group[r.person] == school.group[child] for r in rows)
    assert own / len(rows) > 0.8
