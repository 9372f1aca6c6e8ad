"""Exhaustive forward and backward tracing with arrivals per level, as docs/semantics says.

Every level keeps a moment for every person it reaches, and every one of them is expanded, dominated or
not. Nothing is pruned and nothing is indexed: slow, and easy to believe.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine import params
from tests.oracles import cases, dose
from tests.oracles.contacts import Evidence, PolicyLike, all_evidence, by_pair
from tests.oracles.intervals import Interval, clip, length, most_in_24h, union
from tests.oracles.state import State

DAY = 86_400


@dataclass(frozen=True)
class Row:
    """One person of an answer."""

    person: str
    level: int
    first_exposed_at: int
    last_exposed_at: int
    minutes: float
    probability: float
    dose: float
    """Sum over the predecessors."""
    is_case: bool
    channels: tuple[str, ...]
    via: str
    places: tuple[str, ...]
    rivals: frozenset[str]
    """Predecessors that tie with ``via`` but for a thousandth of the dose (itself among them)."""


@dataclass(frozen=True)
class Answer:
    """A whole answer: rows by person, and the arrival of everybody at every level."""

    window: Interval
    rows: dict[str, Row]
    arrivals: tuple[dict[str, int], ...]


@dataclass(frozen=True)
class Step:
    """A qualifying contact between somebody already reached (``near``) and the next person (``far``)."""

    near: str
    far: str
    evidence: tuple[Evidence, ...]
    window: Interval

    @property
    def intervals(self) -> list[Interval]:
        return union(clip((e.interval for e in self.evidence), self.window))


def qualifies(evidence: list[Evidence], window: Interval, policy: PolicyLike) -> bool:
    """Whether the eligible time within the window is enough for the policy."""
    inside = union(clip((e.interval for e in evidence), window))
    if not inside:
        return False
    credited = {
        "window": length(inside),
        "24h": most_in_24h(inside),
        "single": max(e - s for s, e in inside),
    }[policy.accumulate]
    return credited >= policy.min_minutes * 60


def forward(
    state: State,
    seed: str,
    policy: PolicyLike,
    until: int,
    depth: int,
    channels: frozenset[str] | None = None,
) -> Answer:
    """Who was exposed to ``seed``, up to ``depth`` steps away."""
    window = cases.forward_window(state, seed, policy, until)
    latent = round(policy.latent_hours * 3600)
    known = cases.f0s(state)

    def window_of(x: str, level: int, arrival: int) -> Interval:
        if level == 0:
            return window
        return (arrival + latent, min(cases.isolation(state, x), until))

    def course_of(x: str, arrival: int) -> dose.Course:
        return dose.course_of_case(known[x]) if x in known else dose.course_of_infected(arrival)

    pairs = _evidence(state, policy, channels)
    search = _Search(seed, policy, pairs, window_of, True)
    levels = search.run(window[0], depth)

    def step_dose(step: Step, arrival: int) -> float:
        return dose.dose(list(step.evidence), step.window, course_of(step.near, arrival))

    return Answer(window, _rows(search, levels, step_dose, set(known)), tuple(levels))


def backward(
    state: State,
    seed: str,
    policy: PolicyLike,
    until: int,
    depth: int,
    since: int | None = None,
    channels: frozenset[str] | None = None,
) -> Answer:
    """Who may have infected ``seed``, up to ``depth`` steps back: forward tracing with time reversed."""
    known = cases.f0s(state)
    ref = cases.reference_moment(known[seed])
    opened = ref - round(params.BACKWARD_WINDOW_D.value * DAY) if since is None else since
    window = (opened, min(ref, until))
    latent = round(policy.latent_hours * 3600)

    def window_of(x: str, level: int, arrival: int) -> Interval:
        return (opened, arrival if level == 0 else arrival - latent)

    def step_dose(step: Step, arrival: int) -> float:
        course = dose.course_of_case(known[step.far]) if step.far in known else dose.unknown_course
        return dose.dose(list(step.evidence), step.window, course)

    pairs = _evidence(state, policy, channels)
    search = _Search(seed, policy, pairs, window_of, False, lambda y: cases.isolation(state, y))
    levels = search.run(window[1], depth)
    return Answer(window, _rows(search, levels, step_dose, set(known)), tuple(levels))


def _evidence(
    state: State, policy: PolicyLike, channels: frozenset[str] | None
) -> dict[tuple[str, str], list[Evidence]]:
    found = all_evidence(state, policy)
    return by_pair([e for e in found if channels is None or e.channel in channels])


@dataclass(frozen=True)
class _Search:
    seed: str
    policy: PolicyLike
    pairs: dict[tuple[str, str], list[Evidence]]
    window_of: Callable[[str, int, int], Interval]
    is_forward: bool
    closed_to: Callable[[str], int] = lambda _: cases.NEVER
    """When the next person can no longer be the infector (backward only)."""

    def steps(self, near: str, level: int, arrival: int) -> list[Step]:
        """Qualifying contacts of one who was reached at this level at this moment."""
        found = []
        start, end = self.window_of(near, level, arrival)
        for (x, y), evidence in self.pairs.items():
            mine, far = (x, y) if self.is_forward else (y, x)
            if mine != near or far == self.seed:
                continue
            window = (start, min(end, self.closed_to(far)))
            if qualifies(evidence, window, self.policy):
                touched = tuple(e for e in evidence if clip([e.interval], window))
                found.append(Step(near, far, touched, window))
        return found

    def moment(self, step: Step) -> int:
        """The moment of a contact: its first instant forward, its last backward."""
        return step.intervals[0][0] if self.is_forward else step.intervals[-1][1]

    def better(self, a: int, b: int) -> bool:
        """Whether moment ``a`` goes strictly before ``b`` in the direction of the search."""
        return a < b if self.is_forward else a > b

    def run(self, origin: int, depth: int) -> list[dict[str, int]]:
        """Arrivals: ``levels[k][person]``."""
        levels = [{self.seed: origin}]
        for k in range(1, depth + 1):
            reached: dict[str, int] = {}
            for near, arrival in levels[k - 1].items():
                for step in self.steps(near, k - 1, arrival):
                    moment = self.moment(step)
                    if step.far not in reached or self.better(moment, reached[step.far]):
                        reached[step.far] = moment
            levels.append(reached)
        return levels

    def kept(self, levels: list[dict[str, int]], person: str, level: int) -> bool:
        """Whether this label says more than all lower levels of the person."""
        if person not in levels[level]:
            return False
        return all(person not in lower or self.better(levels[level][person], lower[person]) for lower in levels[:level])


def _rows(
    search: _Search,
    levels: list[dict[str, int]],
    step_dose: Callable[[Step, int], float],
    known: set[str],
) -> dict[str, Row]:
    probability: list[dict[str, float]] = [{search.seed: 1.0}]
    rows: dict[str, Row] = {}
    for k in range(1, len(levels)):
        incoming: dict[str, list[tuple[Step, float]]] = {}
        for near, arrival in levels[k - 1].items():
            if search.kept(levels, near, k - 1):
                for step in search.steps(near, k - 1, arrival):
                    incoming.setdefault(step.far, []).append((step, step_dose(step, arrival)))
        chance: dict[str, float] = {}
        for person, steps in incoming.items():
            if not search.kept(levels, person, k):
                continue
            escape = 1.0
            for step, d in steps:
                escape *= 1 - probability[k - 1][step.near] * dose.probability(d)
            chance[person] = 1 - escape
            if person not in rows:
                rows[person] = replace(_row(search, person, k, steps, person in known), probability=1 - escape)
        probability.append(chance)
    return rows


def _row(search: _Search, person: str, level: int, steps: list[tuple[Step, float]], is_case: bool) -> Row:
    covered = union(i for step, _ in steps for i in step.intervals)
    sign = 1 if search.is_forward else -1
    best, most = min(steps, key=lambda s: (sign * search.moment(s[0]), -s[1], s[0].near))
    rivals = {s.near for s, d in steps if search.moment(s) == search.moment(best) and d >= most * (1 - 1e-3)}
    evidence = [e for step, _ in steps for e in step.evidence]
    return Row(
        person=person,
        level=level,
        first_exposed_at=covered[0][0],
        last_exposed_at=covered[-1][1],
        minutes=length(covered) / 60,
        probability=0.0,
        dose=sum(d for _, d in steps),
        is_case=is_case,
        channels=tuple(sorted({e.channel for e in evidence})),
        via=best.near,
        places=tuple(sorted({e.place for e in evidence if e.place is not None})),
        rivals=frozenset(rivals),
    )
