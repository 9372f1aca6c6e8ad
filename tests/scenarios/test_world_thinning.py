"""A thinned view equals a graph that never saw the sightings of people without a device."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph.eligibility import Eligibility
from engine.graph.evidence import Evidence, gather
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from engine.ids import Keys
from engine.scenarios.thinning import thinned
from tests.graph.small import saw, stay
from tests.strategies import PEOPLE, T0, worlds
from tests.worlds import World, load_sorted

LIMITS = Eligibility(max_attenuation_db=75.0, max_distance_m=2.0)
DAY = 86_400


def rows(view: GraphView, keys: Keys) -> list[tuple[object, ...]]:
    """Everything that everybody is told, by key, sorted."""
    codes = [code for key in PEOPLE if (code := keys.find(key)) is not None]
    who = np.array(codes, np.int32)
    window = np.full(len(who), T0 - DAY, np.int64), np.full(len(who), T0 + 9 * DAY, np.int64)
    ev: Evidence = gather(view, Queries(who, *window), LIMITS)
    names = zip(keys.keys(who[ev.query].tolist()), keys.keys(ev.other.tolist()), strict=True)
    values = zip(ev.start.tolist(), ev.end.tolist(), ev.weight.tolist(), ev.channel.tolist(), strict=True)
    return sorted((*pair, *value) for pair, value in zip(names, values, strict=True))


@settings(max_examples=15, deadline=None)
@given(worlds(most=30), st.sets(st.sampled_from(PEOPLE)))
def test_a_thinned_view_is_a_graph_of_fewer_sightings(events: World, kept: set[str]) -> None:
    state = load_sorted(events).snapshot()
    keep = np.array([key in kept for key in state.person_keys.keys(range(len(state.person_keys)))], np.bool_)
    fewer = [(k, e) for k, e in events if k != "bluetooth" or (e["person"] in kept and e["peer"] in kept)]
    other = load_sorted(fewer).snapshot()
    before = rows(state.graph, state.person_keys)
    view = thinned(state.graph, keep)
    assert rows(view, state.person_keys) == rows(other.graph, other.person_keys)
    assert view.latest() == other.graph.latest()
    assert rows(state.graph, state.person_keys) == before
    assert view.check_in is state.graph.check_in


@pytest.mark.parametrize("share", [0.0, 0.75, 1.0])
def test_days_that_lose_nothing_are_shared(share: float) -> None:
    events: World = [saw(f"p{n}", f"p{n + 1}", T0 + d * DAY) for n in range(0, 6, 2) for d in range(3)]
    state = load_sorted([*events, stay("p0", "home-1", T0)]).snapshot()
    keep = np.arange(len(state.person_keys)) < share * len(state.person_keys)
    view = thinned(state.graph, keep)
    same = [new is old for new, old in zip(view.bluetooth, state.graph.bluetooth, strict=False)]
    assert same == {0.0: [], 0.75: [False] * 3, 1.0: [True] * 3}[share]
