"""A policy study by plain counting over exhaustive traces, written from the definitions in docs and docstrings."""

from dataclasses import dataclass
from statistics import median

from engine import params
from tests.oracles import cases, tracing
from tests.oracles.contacts import PolicyLike
from tests.oracles.intervals import length
from tests.oracles.state import Event, State

DAY = 86_400
Truth = dict[str, tuple[str | None, int | None]]
"""Infected person -> (infector, moment); None: not known."""


@dataclass(frozen=True)
class Asked:
    """One run of a study."""

    policy: PolicyLike
    until: int
    told_by: int
    depth: int = 2
    shift_s: int = 0
    channels: frozenset[str] | None = None
    levels: tuple[int, ...] = (1,)
    days: float = 14
    kind: str = "later_cases"
    truth: Truth | None = None


@dataclass(frozen=True)
class Pair:
    """A person found from a case."""

    case: str
    person: str
    level: int
    first: int
    last: int
    found_at: int
    hit: bool
    quarantine: tuple[int, int] | None


def traced_at(state: State) -> dict[str, int]:
    """Confirmation, else sample, else isolation, else onset of every F0."""
    moments = {}
    for person, dates in cases.f0s(state).items():
        isolated = cases.isolation(state, person)
        choices = [dates.get("confirmed_at"), dates.get("sampled_at")]
        choices += [None if isolated == cases.NEVER else isolated, dates.get("onset_at")]
        moments[person] = next(m for m in choices if m is not None)
    return moments


def shifted(state: State, by: int, told_by: int) -> State:
    """The state as if confirmation, sample and isolation of every F0 had been told so much later."""
    events = {kind: dict(rows) for kind, rows in state.events.items()}
    known, moments = cases.f0s(state), traced_at(state)
    for kind in ("test_result", "quarantine"):
        events[kind] = {key: e for key, e in events.get(kind, {}).items() if e["person"] not in known}
    events["case"] = {}
    for person, dates in known.items():
        isolated = cases.isolation(state, person)
        told: Event = {"person": person, "onset_at": dates.get("onset_at")}
        for name in ("confirmed_at", "sampled_at"):
            told[name] = None if dates.get(name) is None else dates[name] + by
        if isolated != cases.NEVER:
            order = {"person": person, "started_at": isolated + by}
            events["quarantine"][person, isolated + by] = order
        if moments[person] + by <= told_by:
            events["case"][(person,)] = {k: v for k, v in told.items() if v is not None}
            if len(events["case"][(person,)]) == 1:  # known by its isolation alone
                events["case"][(person,)]["isolated_at"] = isolated + by
    return State(events)


def pairs(state: State, asked: Asked) -> list[Pair]:
    """Everybody found from every case."""
    recorded = traced_at(state)
    then = shifted(state, asked.shift_s, asked.told_by)
    seeds = {p: recorded[p] + asked.shift_s for p in cases.f0s(then)}
    found = []
    for case, moment in seeds.items():
        answer = tracing.forward(then, case, asked.policy, asked.until, asked.depth, asked.channels)
        for row in answer.rows.values():
            at = max(moment, row.first_exposed_at)
            end = min(row.last_exposed_at + round(asked.days * DAY), seeds.get(row.person, cases.NEVER))
            held = row.level in asked.levels and at < end
            hit = _hit(state, asked, case, row.person, row.level, answer.window[0])
            times = (row.first_exposed_at, row.last_exposed_at, at)
            found.append(Pair(case, row.person, row.level, *times, hit, (at, end) if held else None))
    return found


def _hit(state: State, asked: Asked, case: str, person: str, level: int, opened: int) -> bool:
    if asked.kind == "later_cases":
        recorded = traced_at(state)
        return person in recorded and recorded[person] > recorded[case]
    truth = asked.truth or {}
    if asked.kind == "infections":
        moment = truth[person][1] if person in truth else -1
        return moment is None or moment >= opened
    for _ in range(level):
        person = truth.get(person, (None, None))[0] or ""
        if person == case:
            return True
    return False


def study(state: State, asked: Asked) -> dict[str, float | None]:
    """The counts of a run."""
    found = pairs(state, asked)
    then = shifted(state, asked.shift_s, asked.told_by)
    seeds = set(cases.f0s(then))
    direct = [p for p in found if p.level == 1]
    everybody = set(asked.truth or {}) | set(traced_at(state))
    opened = {c: cases.forward_window(then, c, asked.policy, asked.until)[0] for c in seeds}
    findable = {p for p in everybody for c in seeds if p != c and _hit(state, asked, c, p, 1, opened[c])}
    held = {p.person for p in found if p.quarantine}
    seconds = {x: length(p.quarantine for p in found if p.person == x and p.quarantine) for x in held}
    right = {x for x in held if _right(state, asked, [p for p in found if p.person == x and p.quarantine])}
    reached = {p.person for p in direct if p.hit}
    delays = [(p.found_at - p.first) / DAY for p in direct]
    moments = {p: at for p, (_, at) in (asked.truth or {}).items() if at is not None}
    since = [(p.found_at - moments[p.person]) / DAY for p in direct if p.hit and p.person in moments]
    return {
        "cases": len(traced_at(state)),
        "traced_cases": len(seeds),
        "f1": len(direct),
        "f2": sum(p.level == 2 for p in found),
        "f3": sum(p.level == 3 for p in found),
        "infected_f1": sum(p.hit for p in direct),
        "infected_f2": sum(p.hit for p in found if p.level == 2),
        "infected_all": len(findable),
        "infected_found": len(reached),
        "sensitivity": len(reached) / len(findable) if findable else None,
        "infected_share": sum(p.hit for p in direct) / len(direct) if direct else None,
        "quarantined": len(held),
        "infected_quarantined": len(right),
        "person_days": sum(seconds.values()) / DAY,
        "false_person_days": sum(s for x, s in seconds.items() if x not in right) / DAY,
        "delay_median_d": median(delays) if delays else None,
        "delay_infection_median_d": median(since) if since else None,
    }


def _right(state: State, asked: Asked, mine: list[Pair]) -> bool:
    person = mine[0].person
    found_at = min(p.found_at for p in mine)
    end = max(p.last for p in mine) + round(asked.days * DAY)
    if asked.kind == "later_cases":
        recorded = traced_at(state)
        return person in recorded and found_at < recorded[person] + asked.shift_s <= end
    if person not in (asked.truth or {}):
        return False
    at = (asked.truth or {})[person][1]
    return at is None or found_at - round(params.BACKWARD_WINDOW_D.value * DAY) <= at < end
