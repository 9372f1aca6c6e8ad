"""Contact rows of the Engine equal the oracle's evidence, shown as episodes."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import params
from engine.exposure.policies import PRESETS
from tests.oracles.contacts import Evidence, all_evidence
from tests.oracles.intervals import length
from tests.oracles.state import fold
from tests.property.answers import COMMON, contacts
from tests.strategies import DAY, PEOPLE, T0, worlds
from tests.worlds import World, load_sorted

POLICY = PRESETS["vn-2021-07"]


def episodes(evidence: list[Evidence]) -> list[list[Evidence]]:
    """Evidence less than EPISODE_GAP_S apart, end to next start, in one group."""
    groups: list[list[Evidence]] = []
    for item in sorted(evidence, key=lambda e: (e.start, e.end)):
        gap = params.EPISODE_GAP_S.value
        if groups and item.start - max(e.end for e in groups[-1]) < gap:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def expected_rows(evidence: list[Evidence], person: str) -> list[tuple[Any, ...]]:
    """(start, other, channel, place, end, credited seconds) of every row to be shown."""
    by_kind: dict[tuple[str, str, str | None], list[Evidence]] = {}
    for e in evidence:
        if e.infector == person:
            by_kind.setdefault((e.exposed, e.channel, e.place), []).append(e)
    rows = []
    for (other, channel, place), items in by_kind.items():
        for group in episodes(items):
            start, end = min(e.start for e in group), max(e.end for e in group)
            seconds = length(e.interval for e in group)
            rows.append((start, other, channel, place or "", end, seconds))
    return sorted(rows)


def shown(rows: Any) -> list[tuple[Any, ...]]:
    return [(r.t_start, r.other, r.channel, r.place or "", r.t_end, r.seconds) for r in rows]


@settings(**COMMON)
@given(worlds(), st.sampled_from(PEOPLE))
def test_contacts_equal_the_oracle(world: World, person: str) -> None:
    rows = contacts(load_sorted(world), person, POLICY.name)
    assert sorted(shown(rows)) == expected_rows(all_evidence(fold(world), POLICY), person)
    assert all(r.person == person for r in rows)
    order = [(r.t_start, r.other, r.channel) for r in rows]
    assert order == sorted(order)


@settings(**COMMON)
@given(worlds())
def test_contacts_are_symmetric(world: World) -> None:
    engine = load_sorted(world)
    seen = [
        (frozenset((p, r.other)), p, r.t_start, r.t_end, r.seconds, r.channel, r.place, r.weight)
        for p in PEOPLE
        for r in contacts(engine, p, POLICY.name)
    ]
    there = sorted((str(sorted(pair)), *rest) for pair, p, *rest in seen if p == min(pair))
    back = sorted((str(sorted(pair)), *rest) for pair, p, *rest in seen if p == max(pair))
    assert str(there) == str(back)


@settings(**COMMON)
@given(worlds(), st.sampled_from(PEOPLE))
def test_evidence_names_live_events(world: World, person: str) -> None:
    state = fold(world)
    live = {
        "bluetooth": {(e["person"], e["peer"], e["at"]) for e in state.of("bluetooth")},
        "check_in": {(e["person"], e["place"], e["entered_at"]) for e in state.of("check_in")},
        "location": {(e["person"], e["at"]) for e in state.of("location")},
    }
    names = {"bluetooth": ("person", "peer", "at"), "check_in": ("person", "place", "entered_at")}
    for row in contacts(load_sorted(world), person, POLICY.name):
        assert row.evidence
        for key in row.evidence:
            kind = key["kind"]
            assert kind == row.channel
            assert tuple(key[n] for n in names.get(str(kind), ("person", "at"))) in live[str(kind)]


@settings(**COMMON)
@given(worlds(), st.sampled_from(PEOPLE), st.integers(0, 96), st.integers(1, 48))
def test_a_narrower_question_shows_only_what_it_touches(world: World, person: str, n: int, hours: int) -> None:
    start = T0 + n * 3600
    end = start + hours * 3600
    engine = load_sorted(world)
    rows = contacts(engine, person, POLICY.name)
    if not rows:
        return
    narrow = engine.contacts(person, start=start, end=min(end, start + 10 * DAY), policy=POLICY.name)
    touching = [r for r in rows if r.t_start < end and r.t_end > start]
    assert {(r.other, r.channel, r.place) for r in narrow} <= {(r.other, r.channel, r.place) for r in touching}
