"""Contacts as shown: episodes and the pairwise table."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph import materialise
from engine.graph.eligibility import BLUETOOTH, CHANNEL_NAMES, CHECK_IN, LOCATION, Eligibility
from engine.graph.evidence import gather
from engine.graph.export import to_networkx, to_scipy
from engine.graph.materialise import CONTACTS, join_episodes
from engine.graph.presences import Queries
from tests.graph.small import DAY, HOUR, T0, Told, saw, stay
from tests.property.answers import COMMON
from tests.strategies import worlds
from tests.worlds import World, load, new_engine


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
    assert list(graph) == ["a", "b", "c"]


def test_networkx_edges_add_up_the_rows_of_their_pair_in_any_order() -> None:
    contacts = table([saw(x, y, T0 + n * HOUR) for n, (x, y) in enumerate(["ab", "bc", "ba", "cd", "bc"])])
    contacts = contacts.take(pa.array(np.random.default_rng(1).permutation(len(contacts))))
    graph = to_networkx(contacts, directed=True)
    rows = contacts.to_pylist()
    assert list(graph) == list(dict.fromkeys(key for r in rows for key in (r["person"], r["other"])))
    assert set(graph.edges) == {(r["person"], r["other"]) for r in rows}
    for a, b, edge in graph.edges(data=True):
        of_pair = [r for r in rows if (r["person"], r["other"]) == (a, b)]
        assert edge == {
            "seconds": sum(r["seconds"] for r in of_pair),
            "contacts": len(of_pair),
            "first": min(r["t_start"] for r in of_pair),
            "last": max(r["t_end"] for r in of_pair),
        }


def test_scipy_holds_the_same_seconds_both_ways() -> None:
    matrix, people = to_scipy(table([saw("b", "a", T0), saw("b", "c", T0), saw("b", "c", T0 + HOUR)]))
    assert people == ["a", "b", "c"]
    assert np.array_equal(matrix.toarray(), [[0, 300, 0], [300, 0, 600], [0, 600, 0]])


def test_an_empty_table_exports_to_empty_graphs() -> None:
    empty = CONTACTS.empty_table()
    assert len(to_networkx(empty)) == 0
    matrix, people = to_scipy(empty)
    assert (matrix.shape, people) == ((0, 0), [])


def rows_alone(world: World, gap: int, limits: Eligibility, by_channel: bool) -> list[dict[str, object]]:
    """The table as everybody's own contacts give it."""
    state = load(world).snapshot()
    who = np.arange(len(state.person_keys), dtype=np.int32)
    asked = Queries(who, np.full(len(who), T0), np.full(len(who), T0 + 4 * DAY))
    e = join_episodes(gather(state.graph, asked, limits), gap, by_channel)
    ev, found = e.evidence.take(e.head), []
    for n in range(len(ev)):
        person, other = state.person_keys.key(int(ev.query[n])), state.person_keys.key(int(ev.other[n]))
        kind = int(ev.channel[n]) if by_channel else -1
        if person < other or limits.slack_s:
            found.append({
                "person": person, "other": other, "t_start": int(ev.start[n]), "t_end": int(e.end[n]),
                "seconds": int(e.seconds[n]), "channel": CHANNEL_NAMES[kind] if by_channel else None,
                "place": state.place_keys.key(int(ev.place[n])) if kind == CHECK_IN else None,
                "attenuation_db": float(e.measure[n]) if kind == BLUETOOTH else None,
                "distance_m": float(e.measure[n]) if kind == LOCATION else None, "weight": float(e.weight[n]),
            })  # fmt: skip
    return sorted(
        found, key=lambda row: [str(row[n] or "") for n in ("person", "other", "t_start", "channel", "place")]
    )


@settings(**COMMON)
@given(worlds(most=60), st.sampled_from((0, 660)), st.sampled_from((0, 0, 1800)), st.booleans(), st.integers(1, 30))
def test_the_table_is_what_everybody_finds_alone(
    world: World, gap: int, slack: int, by_channel: bool, part: int
) -> None:
    limits = Eligibility(70.0, 2.0, slack_s=slack)
    state = load(world).snapshot()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(materialise, "PART_ROWS", part)
        found = materialise.materialise(
            state.graph, state.person_keys, state.place_keys, T0, T0 + 4 * DAY, limits, gap, by_channel
        )
    for name in ("t_start", "t_end"):
        at = found.column_names.index(name)
        found = found.set_column(at, name, found.column(name).cast(pa.int64()))
    assert found.to_pylist() == rows_alone(world, gap, limits, by_channel)


def test_many_places_stay_apart() -> None:
    contacts = table([stay(who, f"place-{n:03}", T0, T0 + n + 1) for n in range(300) for who in "ab"])
    assert contacts.column("place").to_pylist() == [f"place-{n:03}" for n in range(300)]
    assert seconds_of(contacts) == [T0] * 300
