"""State is a function of the set of events: order, repetition, batch borders, retraction."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.state import KEYS
from tests.property.answers import COMMON, HEAVY, snapshot
from tests.strategies import until_moments, worlds
from tests.worlds import World, body, load, load_sorted, new_engine


def shuffled(world: World, seed: int) -> World:
    return random.Random(seed).sample(world, len(world))


@settings(**HEAVY)
@given(worlds(), st.integers(0, 2**32), st.lists(st.integers(1, 9), max_size=12), until_moments())
def test_order_and_batch_borders_change_nothing(world: World, seed: int, sizes: list[int], until: int) -> None:
    assert snapshot(load(shuffled(world, seed), sizes), until) == snapshot(load_sorted(world), until)


@settings(**HEAVY)
@given(worlds(), st.integers(0, 2**32), until_moments())
def test_telling_everything_twice_changes_nothing(world: World, seed: int, until: int) -> None:
    engine = load_sorted(world)
    before = snapshot(engine, until)
    for kind, event in sorted(shuffled(world, seed), key=lambda e: e[0]):
        reply = engine.ingest_json(kind, body([event]))
        assert reply.accepted == 0
        assert reply.duplicates + len(reply.rejected) == 1
        assert {r.code for r in reply.rejected} <= {"retracted"}
    assert snapshot(engine, until) == before


@settings(**HEAVY)
@given(worlds(changes=False), st.data(), until_moments())
def test_retracted_equals_never_told(world: World, data: st.DataObject, until: int) -> None:
    free = [e for e in world if e[0] != "place"]
    gone = data.draw(st.lists(st.sampled_from(free), max_size=8))
    gone_keys = {(k, *(e[n] for n in KEYS[k])) for k, e in gone}
    tombs = [(k, {n: e[n] for n in KEYS[k]} | {"retract": True}) for k, e in gone]
    left = [(k, e) for k, e in world if (k, *(e.get(n) for n in KEYS[k])) not in gone_keys]
    told = shuffled([*world, *tombs], data.draw(st.integers(0, 2**32)))
    assert snapshot(load(told), until) == snapshot(load_sorted(left), until)


@settings(**COMMON)
@given(worlds(), st.integers(0, 2**32))
def test_every_row_is_accepted_duplicate_or_rejected(world: World, seed: int) -> None:
    engine = new_engine()
    for kind, event in shuffled(world, seed):
        reply = engine.ingest_json(kind, body([event, {**event, "person": "", "place": ""}]))
        assert reply.accepted + reply.duplicates + len(reply.rejected) == 2
        assert 1 in {r.row for r in reply.rejected}
