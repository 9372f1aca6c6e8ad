"""An Engine asked while it is told, event by event, ends where one told everything at once ends."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.answers import HEAVY, snapshot
from tests.strategies import until_moments, worlds
from tests.worlds import World, body, load_sorted, new_engine


@settings(**HEAVY)
@given(worlds(most=15), st.integers(0, 2**32), until_moments())
def test_event_by_event_with_questions_between_equals_rebuilt(world: World, seed: int, until: int) -> None:
    engine = new_engine()
    for kind, event in random.Random(seed).sample(world, len(world)):
        engine.ingest_json(kind, body([event]))
        for case in engine.cases():
            engine.exposures(case.person, depth=2)
        engine.data_time  # noqa: B018 - asking is the point, the answer is not
    assert snapshot(engine, until) == snapshot(load_sorted(world), until)


@settings(**HEAVY)
@given(worlds(most=12), st.integers(0, 2**32), until_moments())
def test_every_prefix_answers_as_if_it_were_all(world: World, seed: int, until: int) -> None:
    order = random.Random(seed).sample(world, len(world))
    engine = new_engine()
    step = max(1, len(order) // 4)
    for start in range(0, len(order), step):
        for kind, event in order[start : start + step]:
            engine.ingest_json(kind, body([event]))
        assert snapshot(engine, until) == snapshot(load_sorted(order[: start + step]), until)
