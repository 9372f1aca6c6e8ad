"""Contacts as shown: episodes and the pairwise table."""

import numpy as np
import pyarrow as pa
import pytest

from engine.graph.export import to_networkx, to_scipy
from engine.graph.materialise import CONTACTS
from tests.graph.small import DAY, HOUR, T0, Told, saw, stay
from tests.worlds import load, new_engine


def table(world: list[Told], **asked: object) -> pa.Table:
    return load(world).materialise(T0, T0 + DAY, **asked)


def seconds_of(contacts: pa.Table) -> list[int]:
    return contacts.column("t_start").cast(pa.int64()).to_pylist()


@pytest.mark.parametrize(("gap", "episodes"), [(659, 1), (660, 2)])
def test_sightings_less_than_eleven_minutes_apart_are_one_episode(gap: int, episodes: int) -> None:
    contacts = table([saw("a", "b", T0), saw("b", "a", T0 + 300 + gap)])
    assert len(contacts) == episodes
    assert sum(contacts.column("seconds").to_pylist()) == 600


def test_gap_zero_joins_what_touches() -> None:
    contacts = table([saw("a", "b", T0), saw("a", "b", T0 + 300), saw("a", "b", T0 + 601)], gap_s=0)
    assert contacts.column("seconds").to_pylist() == [600, 300]


def test_each_pair_appears_once_with_the_smaller_key_first() -> None:
    contacts = table([saw("z", "a", T0), saw("m", "z", T0)])
    pairs = list(zip(contacts.column("person").to_pylist(), contacts.column("other").to_pylist(), strict=True))
    assert pairs == [("a", "z"), ("m", "z")]


def test_the_table_does_not_depend_on_the_order_of_arrival() -> None:
    world = [saw("c", "a", T0), stay("b", "p", T0, T0 + HOUR), stay("a", "p", T0, T0 + HOUR), saw("b", "c", T0 + 60)]
    assert table(world).equals(table(world[::-1]))


def test_contacts_are_clipped_to_the_interval_asked_for() -> None:
    contacts = load([saw("a", "b", T0 - 100)]).materialise(T0, T0 + 50)
    assert (seconds_of(contacts), contacts.column("seconds").to_pylist()) == ([T0], [50])


def test_an_episode_shows_the_strongest_sighting() -> None:
    (row,) = table([saw("a", "b", T0, 300, 66.0), saw("a", "b", T0 + 300, 300, 50.0)]).to_pylist()
    assert (row["attenuation_db"], row["weight"], row["distance_m"]) == (50.0, 1.75, None)


def test_channels_and_places_are_rows_of_their_own() -> None:
    world = [saw("a", "b", T0), *(stay(x, p, T0, T0 + 60) for x in "ab" for p in "pq")]
    rows = [(r["channel"], r["place"]) for r in table(world).to_pylist()]
    assert rows == [("bluetooth", None), ("check_in", "p"), ("check_in", "q")]


def test_nothing_known_gives_an_empty_table() -> None:
    contacts = new_engine().materialise(T0, T0 + DAY)
    assert (len(contacts), contacts.schema) == (0, CONTACTS)


def test_networkx_has_an_edge_a_pair() -> None:
    graph = to_networkx(table([saw("a", "b", T0), saw("a", "b", T0 + HOUR), saw("b", "c", T0)]))
    assert sorted(map(sorted, graph.edges)) == [["a", "b"], ["b", "c"]]
    edge = graph.edges["a", "b"]
    assert (edge["seconds"], edge["contacts"]) == (600, 2)
    assert (edge["last"] - edge["first"]).total_seconds() == HOUR + 300


def test_scipy_holds_the_same_seconds_both_ways() -> None:
    matrix, people = to_scipy(table([saw("b", "a", T0), saw("b", "c", T0), saw("b", "c", T0 + HOUR)]))
    assert people == ["a", "b", "c"]
    assert np.array_equal(matrix.toarray(), [[0, 300, 0], [300, 0, 600], [0, 600, 0]])


def test_an_empty_table_exports_to_empty_graphs() -> None:
    empty = CONTACTS.empty_table()
    assert len(to_networkx(empty)) == 0
    matrix, people = to_scipy(empty)
    assert (matrix.shape, people) == ((0, 0), [])
