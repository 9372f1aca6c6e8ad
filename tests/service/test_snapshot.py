"""One consistent state, and its memory of recent answers."""

import pytest

from engine.errors import UnknownCaseError, UnknownPersonError
from engine.service import snapshot as module
from tests.graph.small import T0, case, fix, saw, stay
from tests.worlds import load


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (saw("a", "b", T0), {"person": "a", "peer": "b", "at": T0}),
        (stay("a", "p", T0), {"person": "a", "place": "p", "entered_at": T0}),
        (fix("a", T0), {"person": "a", "at": T0}),
        (case("a", onset_at=T0), {"person": "a"}),
        (("quarantine", {"person": "a", "started_at": T0}), {"person": "a", "started_at": T0}),
    ],
)
def test_people_are_known_while_a_live_event_names_them(event: tuple[str, dict], key: dict) -> None:
    engine = load([event])
    assert engine.person("a").person == "a"
    load([(event[0], {**key, "retract": True})], engine=engine)
    with pytest.raises(UnknownPersonError):
        engine.person("a")


def test_the_person_who_was_only_seen_is_known() -> None:
    assert load([saw("a", "b", T0)]).person("b").level is None


def test_somebody_known_need_not_be_a_case() -> None:
    engine = load([saw("a", "b", T0)])
    with pytest.raises(UnknownCaseError):
        engine.exposures("a")
    with pytest.raises(UnknownPersonError):
        engine.exposures("nobody")


def test_a_state_is_made_once_and_shared() -> None:
    engine = load([saw("a", "b", T0)])
    assert engine.snapshot() is engine.snapshot()


def test_an_ingest_makes_a_new_state_and_leaves_the_old_one() -> None:
    engine = load([case("a", onset_at=T0)])
    before = engine.snapshot()
    load([case("b", onset_at=T0)], engine=engine)
    assert (len(before.people.cases), len(engine.snapshot().people.cases)) == (1, 2)
    assert (before.as_of, engine.snapshot().as_of) == (1, 2)


def test_an_answer_is_made_once_a_state() -> None:
    state = load([]).snapshot()
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return "answer"

    assert [state.remember("key", make) for _ in range(3)] == ["answer"] * 3
    assert len(made) == 1


def test_the_oldest_answers_are_forgotten_first() -> None:
    state = load([]).snapshot()
    for i in range(module.REMEMBERED + 1):
        state.remember(i, lambda i=i: i + 1000)  # type: ignore[misc]  # the default binds the loop's value
    assert state.remember(0, lambda: -1) == -1
    assert state.remember(module.REMEMBERED, lambda: -1) == module.REMEMBERED + 1000


def test_large_answers_are_kept_up_to_a_bound_and_the_newest_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_BYTES", 100)
    state = load([]).snapshot()
    made: list[str] = []

    def ask(key: str, size: int) -> None:
        state.remember(key, lambda: made.append(key) or key, lambda _: size)

    for key, size in (("a", 40), ("b", 40), ("c", 20), ("a", 40), ("d", 1), ("b", 40), ("a", 40), ("e", 1_000)):
        ask(key, size)
    assert made == ["a", "b", "c", "d", "a", "e"]  # d made room for itself by a, and a by b
    ask("e", 1_000)
    ask("a", 40)
    assert made[6:] == ["a"]
    ask("e", 1_000)
    assert made[7:] == ["e"]


def test_traces_tell_how_large_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_BYTES", 1)
    engine = load([case("a", onset_at=T0), case("c", onset_at=T0), saw("a", "b", T0 + 60)])
    for person in ("a", "c", "a"):
        engine.exposures(person)
    assert [key[1] for key in engine.snapshot()._memory] == [engine.snapshot().person("a")]


@pytest.mark.parametrize("year_0", [T0, -3_786_825_600])
def test_everything_known_begins_with_the_first_event_of_any_year(year_0: int) -> None:
    world = [case(p, onset_at=year_0) for p in "ab"] + [stay(p, "x", year_0 + 60, year_0 + 7_260) for p in "ab"]
    engine = load(world)
    assert [(c.other, c.t_start) for c in engine.contacts("a")] == [("b", year_0 + 60)]
    assert [(c.place, c.cases) for c in engine.clusters()] == [("x", ("a", "b"))]


@pytest.mark.parametrize(
    "other", [{"depth": 1}, {"policy": "cdc"}, {"until": T0 + 60}, {"channels": frozenset({"location"})}]
)
def test_remembered_answers_are_told_apart_by_every_parameter(other: dict) -> None:
    world = [case("a", onset_at=T0), saw("a", "b", T0 + 60), saw("b", "c", T0 + 600)]
    engine = load(world)
    assert [r.person for r in engine.exposures("a").rows] == ["b", "c"]
    fresh = load(world).exposures("a", **other)
    assert engine.exposures("a", **other).rows == fresh.rows
    assert len(fresh.rows) < 2
