"""Why: contacts with the events behind them, and chains from a case to a person."""

from math import prod
from typing import Any

import numpy as np

from engine import params
from engine.exposure.infectiousness import EXPECTED, Course
from engine.exposure.pairs import Courses, probability, summarise
from engine.exposure.policies import Policy
from engine.exposure.reached import Labels, Trace
from engine.geo.cells import cells_of, to_text
from engine.graph.eligibility import BLUETOOTH, CHANNEL_NAMES, CHECK_IN, LOCATION
from engine.graph.evidence import Evidence, gather
from engine.graph.materialise import Episodes, join_episodes
from engine.graph.presences import Queries
from engine.graph.segments import Segment, major, second
from engine.service.results import Chain, ChainLink, ContactRow
from engine.service.snapshot import Snapshot


def contacts_of(
    state: Snapshot, person: int, start: int, end: int, policy: Policy, other: int | None = None
) -> tuple[list[ContactRow], Evidence]:
    """Contacts of a person in [start, end), ordered by (t_start, other, channel, place), and the evidence itself.

    Cost: the evidence of the person in the window.
    """
    queries = Queries(np.array([person], np.int32), np.array([start]), np.array([end]))
    evidence = gather(state.graph, queries, policy.eligibility())
    if other is not None:
        evidence = evidence.take(evidence.other == other)
    episodes = join_episodes(evidence, round(params.EPISODE_GAP_S.value))
    rows = [_contact(state, person, episodes, e) for e in range(len(episodes.head))]
    rows.sort(key=lambda r: (r.t_start, r.other, r.channel, r.place or ""))
    return rows, evidence


def _contact(state: Snapshot, person: int, episodes: Episodes, e: int) -> ContactRow:
    ev = episodes.evidence
    lo = int(episodes.head[e])
    hi = int(episodes.head[e + 1]) if e + 1 < len(episodes.head) else len(ev)
    channel = int(ev.channel[lo])
    measure = float(episodes.measure[e])
    return ContactRow(
        person=state.person_keys.key(person),
        other=state.person_keys.key(int(ev.other[lo])),
        t_start=int(ev.start[lo]),
        t_end=int(episodes.end[e]),
        seconds=int(episodes.seconds[e]),
        channel=CHANNEL_NAMES[channel],
        place=state.place_keys.key(int(ev.place[lo])) if channel == CHECK_IN else None,
        cell=_cell(state, int(ev.own_segment[lo]), int(ev.own_row[lo])) if channel == LOCATION else None,
        attenuation_db=measure if channel == BLUETOOTH else None,
        distance_m=round(measure, 2) if channel == LOCATION else None,
        weight=float(episodes.weight[e]),
        evidence=tuple(_natural_keys(state, ev, lo, hi, channel)),
    )


def _cell(state: Snapshot, segment: int, row: int) -> str:
    payload = state.graph.location[segment].rows.payload
    lat, lng = payload["lat_e7"][row : row + 1] / 1e7, payload["lng_e7"][row : row + 1] / 1e7
    return to_text(cells_of(lat, lng, int(params.FIX_CELL_RESOLUTION.value)))[0]


def _natural_keys(state: Snapshot, ev: Evidence, lo: int, hi: int, channel: int) -> list[dict[str, object]]:
    """The events behind rows [lo, hi), each once, ordered by kind, moment, person."""
    segments = getattr(state.graph, CHANNEL_NAMES[channel])
    events = {(int(d), int(r)) for d, r in zip(ev.other_segment[lo:hi], ev.other_row[lo:hi], strict=True)}
    if channel != BLUETOOTH:
        events |= {(int(d), int(r)) for d, r in zip(ev.own_segment[lo:hi], ev.own_row[lo:hi], strict=True)}
    keys = [_natural_key(state, segments[s], row, channel) for s, row in events]
    return sorted(keys, key=lambda k: (k.get("at", k.get("entered_at")), k["person"], k.get("peer", "")))


def _natural_key(state: Snapshot, segment: Segment, row: int, channel: int) -> dict[str, Any]:
    k1 = segment.rows.k1[row : row + 1]
    first, at = int(major(k1)[0]), segment.day_start + int(second(k1)[0])
    people, places = state.person_keys, state.place_keys
    if channel == BLUETOOTH:
        return {
            "kind": "bluetooth",
            "person": people.key(first),
            "peer": people.key(int(segment.rows.k2[row])),
            "at": at,
        }
    if channel == LOCATION:
        return {"kind": "location", "person": people.key(first), "at": at}
    left = int(segment.rows.payload["left_at"][row])
    return {
        "kind": "check_in",
        "person": people.key(int(segment.rows.k2[row])),
        "place": places.key(first),
        "entered_at": at,
        "left_at": segment.day_start + left if left >= 0 else None,
    }


def chains_to(state: Snapshot, answer: Trace, person: int, policy: Policy) -> list[Chain]:
    """One chain for every kept label of ``person`` in a trace from one case, nearest level first.

    Usually one; two when the person was reached later but nearer, and earlier but farther.
    """
    found = []
    for level in range(1, len(answer.labels)):
        at = np.flatnonzero(answer.labels[level].person == person)
        if len(at):
            found.append(_chain(state, answer.labels, level, int(at[0]), policy))
    return found


def _chain(state: Snapshot, labels: tuple[Labels, ...], level: int, at: int, policy: Policy) -> Chain:
    person = int(labels[level].person[at])
    links: list[ChainLink] = []
    for k in range(level, 0, -1):
        parent = int(labels[k].parent[at])
        links.append(_link(state, labels[k - 1], parent, labels[k], at, k, policy))
        at = parent
    case = state.person_keys.key(int(labels[0].person[at]))
    chance = prod(link.probability for link in reversed(links))
    return Chain(case, state.person_keys.key(person), level, chance, tuple(reversed(links)))


def _link(state: Snapshot, nearer: Labels, x: int, farther: Labels, y: int, level: int, policy: Policy) -> ChainLink:
    source, person = int(nearer.person[x]), int(farther.person[y])
    window = int(nearer.start[x]), int(nearer.end[x])
    rows, evidence = contacts_of(state, source, *window, policy, other=person)
    course = state.courses.get(source, Course(int(nearer.moment[x]), EXPECTED, 1.0))
    columns = Courses(np.array([course.origin]), np.array([course.course]), np.array([course.factor]))
    pair = summarise(evidence, columns, policy)
    return ChainLink(
        source=state.person_keys.key(source),
        person=state.person_keys.key(person),
        level=level,
        first_exposed_at=int(farther.moment[y]),
        minutes=float((pair.piece_end - pair.piece_start).sum()) / 60,
        probability=float(probability(pair.dose)[0]),
        contacts=tuple(rows),
    )
