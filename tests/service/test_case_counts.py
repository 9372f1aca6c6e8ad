"""What is told of many cases at once is what each one's own trace tells."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UnknownCaseError
from tests.strategies import worlds
from tests.worlds import NOW, load


@settings(max_examples=25)
@given(worlds())
def test_counts_in_lists_equal_traces(world):
    engine = load(world)
    for row in engine.cases():
        assert row.counts == {"F1": sum(r.level == 1 for r in engine.exposures(row.person, depth=1).rows)}
        assert engine.case(row.person).counts["F1"] == row.counts["F1"]


@settings(max_examples=25)
@given(worlds(), st.sampled_from([None, frozenset({"check_in"}), frozenset({"bluetooth", "location"})]))
def test_direct_contacts_of_many_are_those_of_each(world, channels):
    engine = load(world)
    cases = [row.person for row in engine.cases()]
    found = engine.direct_contacts([*cases, *cases[:1]], channels=channels)
    alone = [engine.exposures(case, 1, channels=channels).rows for case in cases]
    told = [{row.person: row.probability for row in rows} for rows in alone]
    assert found == [*told, *told[:1]]


def test_direct_contacts_are_of_cases_alone():
    engine = load(
        [("bluetooth", {"person": "a", "peer": "b", "at": NOW - 9_000, "duration_s": 60, "attenuation_db": 50.0})]
    )
    with pytest.raises(UnknownCaseError):
        engine.direct_contacts(["a"])
    assert engine.direct_contacts([]) == []
