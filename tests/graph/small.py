"""Short ways to write events and to read evidence."""

from typing import Any

import numpy as np

from engine.graph.eligibility import CHANNEL_NAMES, Eligibility
from engine.graph.evidence import gather
from engine.graph.presences import Queries
from tests.oracles.state import Event
from tests.worlds import load

T0 = 1_625_011_200
"""2021-06-30T00:00:00Z."""
HOUR, DAY = 3600, 86_400
LIMITS = Eligibility(max_attenuation_db=70.0, max_distance_m=2.0)
Told = tuple[str, Event]


def saw(person: str, peer: str, at: int, duration_s: int = 300, attenuation_db: float = 60.0) -> Told:
    return "bluetooth", {
        "person": person, "peer": peer, "at": at, "duration_s": duration_s, "attenuation_db": attenuation_db,
    }  # fmt: skip


def stay(person: str, place: str, entered_at: int, left_at: int | None = None) -> Told:
    return "check_in", {"person": person, "place": place, "entered_at": entered_at, "left_at": left_at}


def fix(person: str, at: int, north_m: float = 0.0, accuracy_m: float = 1.0) -> Told:
    return "location", {
        "person": person, "at": at, "lat": 10.7769 + north_m / 111_195, "lng": 106.7009, "accuracy_m": accuracy_m,
    }  # fmt: skip


def case(person: str, **dates: int) -> Told:
    return "case", {"person": person, **dates}


def evidence(
    world: list[Told], person: str, start: int, end: int, limits: Eligibility = LIMITS, infector: bool = True
) -> list[tuple[Any, ...]]:
    """(other, channel, start, end) of all evidence of a person, sorted."""
    state = load(world).snapshot()
    who = np.array([state.person(person)], np.int32)
    ev = gather(state.graph, Queries(who, np.array([start]), np.array([end]), infector), limits)
    others = state.person_keys.keys(ev.other.tolist())
    channels = [CHANNEL_NAMES[c] for c in ev.channel.tolist()]
    return sorted(zip(others, channels, ev.start.tolist(), ev.end.tolist(), strict=True))
