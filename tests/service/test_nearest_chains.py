"""Chains without a case: the nearest one from each of the nearest cases."""

from hypothesis import given, settings

from tests.strategies import worlds
from tests.worlds import load


@settings(max_examples=25)
@given(worlds())
def test_they_are_the_nearest_chains_of_each_case(world):
    engine = load(world)
    cases = [row.person for row in engine.cases()]
    people = {row.person for case in cases for row in engine.exposures(case, depth=3).rows}
    for person in people:
        nearest = {}
        for case in cases:
            found = engine.chains(person, case) if case != person else []
            if found:
                nearest[case] = found[0]
        told = {chain.case: chain for chain in engine.chains(person)}
        assert told == nearest if len(nearest) <= 10 else set(told) <= set(nearest)
