"""The board from the rules: levels of everybody over all F0s, by trying everything again and again."""

from dataclasses import dataclass

from engine.clock import LATEST
from tests.oracles import cases, dose
from tests.oracles.contacts import PolicyLike, all_evidence, by_pair
from tests.oracles.state import State
from tests.oracles.tracing import Step, qualifies

Key = str


@dataclass(frozen=True)
class Row:
    """One person of the board."""

    person: Key
    level: int
    since: int
    channels: frozenset[str]
    rivals: frozenset[Key]
    """Who may be named as the one who passed it on: ties but for a thousandth of the dose. Empty for an F0."""


def board(state: State, policy: PolicyLike, depth: int = 2) -> dict[Key, Row]:
    """The rows by person. Every arrival of every level is expanded, whether it can matter or not."""
    known = cases.f0s(state)
    pairs = by_pair(all_evidence(state, policy))
    windows = {s: cases.forward_window(state, s, policy, LATEST) for s in known}
    arrival = {s: window[0] for s, window in windows.items()}
    rows = {s: Row(s, 0, at, frozenset(), frozenset()) for s, at in arrival.items()}
    latent = round(policy.latent_hours * 3600)
    for level in range(1, depth + 1):
        found: dict[Key, list[tuple[int, float, Step]]] = {}
        for (x, y), evidence in pairs.items():
            if x not in arrival:
                continue
            window = windows[x]
            if not qualifies(evidence, window, policy):
                continue
            course = dose.course_of_case(known[x]) if x in known else dose.course_of_infected(arrival[x])
            step = Step(x, y, tuple(evidence), window)
            credited = dose.dose(list(evidence), window, course)
            found.setdefault(y, []).append((step.intervals[0][0], credited, step))
        arrival = {y: min(at for at, _, _ in steps) for y, steps in found.items()}
        windows = {y: (at + latent, min(cases.isolation(state, y), LATEST)) for y, at in arrival.items()}
        for y, steps in found.items():
            if y not in rows:
                rows[y] = _row(y, level, steps)
    return rows


def _row(person: Key, level: int, steps: list[tuple[int, float, Step]]) -> Row:
    since = min(at for at, _, _ in steps)
    first = [(credited, step.near) for at, credited, step in steps if at == since]
    most = max(credited for credited, _ in first)
    channels = {e.channel for _, _, step in steps for e in step.evidence if _inside(e.interval, step.window)}
    rivals = frozenset(near for credited, near in first if credited >= most * (1 - 1e-3))
    return Row(person, level, since, frozenset(channels), rivals)


def _inside(interval: tuple[int, int], window: tuple[int, int]) -> bool:
    return max(interval[0], window[0]) < min(interval[1], window[1])
