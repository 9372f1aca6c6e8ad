"""Looking among few people finds what looking among all finds, of these few."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph.among import among
from engine.graph.eligibility import Eligibility
from engine.graph.evidence import Evidence, gather
from engine.graph.presences import Queries
from tests.property.answers import COMMON
from tests.strategies import DAY, DAYS, PEOPLE, T0, worlds
from tests.worlds import World, load

LIMITS = Eligibility(
    max_attenuation_db=80.0, max_distance_m=2.0, slack_s=3_600, channels=frozenset({"check_in", "location"})
)


def rows(evidence: Evidence, of: set[int]) -> list[tuple[object, ...]]:
    columns = (evidence.query, evidence.other, evidence.start, evidence.end, evidence.weight, evidence.channel)
    return sorted(row for row in zip(*(c.tolist() for c in columns), strict=True) if row[1] in of)


@settings(**COMMON)
@given(
    worlds(most=40),
    st.sets(st.sampled_from(PEOPLE)),
    st.integers(0, DAYS * DAY),
    st.integers(1, DAY),
    st.booleans(),
)
def test_among_some_people_is_among_all_but_for_the_others(
    world: World, some: set[str], after: int, length: int, infector: bool
) -> None:
    state = load(world).snapshot()
    start, end = T0 + after, T0 + after + length
    codes = sorted(code for code in (state.person_keys.find(key) for key in some) if code is not None)
    everybody = np.arange(len(state.person_keys), dtype=np.int32)
    asked = Queries(everybody, np.full(len(everybody), start), np.full(len(everybody), end), infector)
    few = among(state.graph, np.array(codes, np.int32), start, end, LIMITS.slack_s)
    expected = rows(gather(state.graph, asked, LIMITS), set(codes))
    assert rows(gather(state.graph, asked, LIMITS, few), set(codes)) == expected
    assert rows(gather(state.graph, asked, LIMITS, few), set(everybody.tolist())) == expected
