"""The number of F1 beside every case in a list is that of its own trace."""

from hypothesis import given, settings

from tests.strategies import worlds
from tests.worlds import load


@settings(max_examples=25)
@given(worlds())
def test_counts_in_lists_equal_traces(world):
    engine = load(world)
    for row in engine.cases():
        assert row.counts == {"F1": sum(r.level == 1 for r in engine.exposures(row.person, depth=1).rows)}
        assert engine.case(row.person).counts["F1"] == row.counts["F1"]
