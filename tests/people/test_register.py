"""The set of events of a kind with few events."""

import random
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events.outcome import ACCEPTED, CHANGED, DUPLICATE, RETRACTED
from engine.events.register import Register
from engine.events.schemas import canonical_schema, kind_named
from tests.oracles.state import fold

Told = dict[str, Any]


def apply(register: Register, rows: list[Told]) -> list[int]:
    full = [{"retract": False, "revision": 0, **r} for r in rows]
    return register.apply(pa.Table.from_pylist(full, canonical_schema(register.kind.name))).tolist()


def after(kind: str, *batches: list[Told]) -> tuple[Register, list[int]]:
    register = Register(kind_named(kind))
    return register, [code for rows in batches for code in apply(register, rows)]


def live(register: Register) -> dict[tuple[Any, ...], Told]:
    return {key: {n: v for n, v in payload.items() if v is not None} for key, payload in register.items()}


rows = st.lists(
    st.fixed_dictionaries(
        {
            "place": st.sampled_from("pqr"),
            "name": st.sampled_from((None, "x", "y")),
            "area_m2": st.sampled_from((None, 10.0, 20.0)),
            "indoor": st.sampled_from((None, True, False)),
            "retract": st.sampled_from((False, False, False, True)),
            "revision": st.integers(0, 2),
        }
    ),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(rows, st.integers(0, 99))
def test_state_is_a_function_of_the_set(world: list[Told], seed: int) -> None:
    register, _ = after("place", *([r] for r in random.Random(seed).sample(world, len(world))))
    oracle = fold([("place", r) for r in world]).events.get("place", {})
    assert live(register) == {key: {n: v for n, v in e.items() if n != "place"} for key, e in oracle.items()}


def test_replies_say_what_changed() -> None:
    steps = [{"place": "p", "name": "y"}], [{"place": "p", "name": "y"}], [{"place": "p", "name": "x"}]
    _, outcomes = after("place", *steps, [{"place": "p", "retract": True}], [{"place": "p", "name": "x"}])
    assert outcomes == [ACCEPTED, DUPLICATE, CHANGED, ACCEPTED, RETRACTED]


def test_an_older_revision_is_a_duplicate() -> None:
    register, outcomes = after("place", [{"place": "p", "name": "b", "revision": 1}], [{"place": "p", "name": "a"}])
    assert outcomes == [ACCEPTED, DUPLICATE]
    assert live(register) == {("p",): {"name": "b"}}


def test_a_table_holds_the_live_events_by_key() -> None:
    register, _ = after("place", [{"place": "q"}, {"place": "p", "lat": 10.0, "lng": 106.0, "revision": 3}])
    table = register.table()
    assert table.schema == canonical_schema("place")
    assert table.column("place").to_pylist() == ["p", "q"]
    assert table.column("revision").to_pylist() == [3, 0]


def test_a_table_told_again_changes_nothing() -> None:
    register, _ = after("case", [{"person": "a", "onset_at": 5}, {"person": "b", "confirmed_at": 7}])
    assert register.apply(register.table()).tolist() == [DUPLICATE, DUPLICATE]


def test_an_empty_register_gives_an_empty_table() -> None:
    assert Register(kind_named("quarantine")).table().num_rows == 0
