"""Traces, answered from one snapshot: cases, exposures, sources, people, chains, clusters. Pure: no clock, no state."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.clock import FOREVER
from engine.errors import BadParameterError
from engine.exposure.board import Board
from engine.exposure.clusters import clusters
from engine.exposure.policies import Policy
from engine.exposure.reach import direct_counts
from engine.exposure.reached import Each, Question, Reached, Seed, Trace
from engine.exposure.trace import MAX_DEPTH, trace, trace_each
from engine.exposure.windows import infection_window, infectious_window
from engine.graph.eligibility import CHANNEL_NAMES, CHANNELS
from engine.people.timelines import F0
from engine.service.explain import chains_to
from engine.service.exposure_rows import ExposureRows
from engine.service.results import (
    CaseRow,
    Chain,
    Cluster,
    ExposureReport,
    ExposureRow,
    PersonReport,
    TimelineEntry,
    Window,
)
from engine.service.snapshot import Snapshot

NEAREST_CASES = 10
"""Chains to a person are told from at most this many cases, unless one is named."""
BOARD_DEPTH = 2
"""Levels kept of everybody: F0 to F2; deeper ones on request."""


def check_query(depth: int, min_probability: float, channels: frozenset[str] | None) -> None:
    """Raise BadParameterError when a query parameter is out of bounds."""
    if not 1 <= depth <= MAX_DEPTH:
        raise BadParameterError(f"depth is {depth}; it must be 1 to {MAX_DEPTH}")
    if not 0 <= min_probability <= 1:
        raise BadParameterError(f"min_probability is {min_probability}; it must be 0 to 1")
    if channels is not None and (not channels or not channels <= CHANNELS):
        raise BadParameterError(f"channels must be some of: {', '.join(CHANNEL_NAMES)}")


def forward(
    state: Snapshot, f0: F0, depth: int, policy: Policy, until: int, channels: frozenset[str] | None = None
) -> Trace:
    """Everybody an F0 may have exposed; remembered."""
    start, end = infectious_window(f0, policy, until)
    question = Question(
        (Seed(f0.person, start, end),), depth, until, policy, state.courses, state.people.isolation, channels
    )
    key = ("forward", f0.person, depth, policy, until, channels)
    return state.remember(key, lambda: trace(state.graph, state.person_keys, question), _size)


def _size(found: Trace) -> int:
    """Bytes of a trace, with its labels by level, which may be asked for later."""
    return int(2 * found.kept.nbytes + found.reached.nbytes)


def direct(
    state: Snapshot, f0s: Sequence[F0], policy: Policy, until: int, channels: frozenset[str] | None = None
) -> Each:
    """The F1s of each of these F0s, as if it were the only one; nothing is remembered."""
    check_query(1, 0.0, channels)
    seeds = tuple(Seed(f0.person, *infectious_window(f0, policy, until)) for f0 in f0s)
    question = Question(seeds, 1, until, policy, state.courses, state.people.isolation, channels)
    return trace_each(state.graph, state.person_keys, question)


def exposures(
    state: Snapshot,
    f0: F0,
    depth: int,
    policy: Policy,
    until: int,
    min_probability: float,
    channels: frozenset[str] | None,
) -> ExposureReport:
    """F1..F``depth`` of an F0."""
    check_query(depth, min_probability, channels)
    reached = forward(state, f0, depth, policy, until, channels).reached
    return ExposureReport(
        case=state.person_keys.key(f0.person),
        policy=policy.name,
        direction="forward",
        as_of=state.as_of,
        window=Window(*infectious_window(f0, policy, until)),
        until=until,
        depth=depth,
        rows=_rows(state, reached, min_probability),
    )


def sources(
    state: Snapshot,
    f0: F0,
    depth: int,
    policy: Policy,
    until: int,
    since: int | None,
    min_probability: float,
    channels: frozenset[str] | None,
) -> ExposureReport:
    """Who may have infected an F0, and who those: the trace with time reversed from its infection window."""
    check_query(depth, min_probability, channels)
    start, end = infection_window(f0, until)
    start = start if since is None else since
    question = Question(
        (Seed(f0.person, start, end),),
        depth,
        until,
        policy,
        state.courses,
        state.people.isolation,
        channels,
        forward=False,
    )
    reached = trace(state.graph, state.person_keys, question).reached
    return ExposureReport(
        case=state.person_keys.key(f0.person),
        policy=policy.name,
        direction="backward",
        as_of=state.as_of,
        window=Window(start, max(start, end)),
        until=until,
        depth=depth,
        rows=_rows(state, reached, min_probability),
    )


def _rows(state: Snapshot, reached: Reached, min_probability: float) -> ExposureRows:
    chosen = np.flatnonzero(reached.probability >= min_probability)
    rank = state.person_keys.ranks(reached.person[chosen])
    order = np.lexsort((rank, reached.first[chosen], -reached.probability[chosen], reached.level[chosen]))
    return _records(state, reached.take(chosen[order]))


def _records(state: Snapshot, reached: Reached) -> ExposureRows:
    cases = np.fromiter(state.people.cases, np.int32, len(state.people.cases))
    return ExposureRows(reached, np.isin(reached.person, cases), state.person_keys, state.place_keys)


def case_row(state: Snapshot, f0: F0, policy: Policy, until: int) -> CaseRow:
    """An F0 as a record, with how many F1 and F2 it has."""
    levels = forward(state, f0, BOARD_DEPTH, policy, until).reached.level
    counts = {f"F{k}": int((levels == k).sum()) for k in range(1, BOARD_DEPTH + 1)}
    return _case(state, f0, policy, until, counts)


def case_rows(state: Snapshot, policy: Policy, until: int) -> list[CaseRow]:
    """Every F0 with how many F1 it has, ordered by person key; remembered: not to be changed."""
    return state.remember(("cases", policy, until), lambda: _case_rows(state, policy, until))


def _case_rows(state: Snapshot, policy: Policy, until: int) -> list[CaseRow]:
    counts = direct_counts(state.graph, state.person_keys, _over_all(state, policy, until))
    f0s = state.people.cases.values()
    return sorted((_case(state, f, policy, until, {"F1": counts[f.person]}) for f in f0s), key=lambda r: r.person)


def _case(state: Snapshot, f0: F0, policy: Policy, until: int, counts: dict[str, int]) -> CaseRow:
    return CaseRow(
        person=state.person_keys.key(f0.person),
        confirmed_at=f0.confirmed_at,
        onset_at=f0.onset_at,
        sampled_at=f0.sampled_at,
        isolated_at=f0.isolated_at,
        window=Window(*infectious_window(f0, policy, until)),
        policy=policy.name,
        sources=f0.sources,
        counts=counts,
    )


def _over_all(state: Snapshot, policy: Policy, until: int) -> Question:
    seeds = tuple(Seed(f0.person, *infectious_window(f0, policy, until)) for f0 in state.people.cases.values())
    return Question(seeds, BOARD_DEPTH, until, policy, state.courses, state.people.isolation)


def person_report(state: Snapshot, person: str, board: Board, timeline: tuple[TimelineEntry, ...]) -> PersonReport:
    """A person now: level over all F0s, why, and the dated facts. ``board`` is that of the state, or newer."""
    code = state.person(person)
    is_case = code in state.people.cases
    isolation = int(state.people.isolation[code]) if code < len(state.people.isolation) else FOREVER
    because, root = (None, None) if is_case else _because(state, board, code)
    return PersonReport(
        person=person,
        level=0 if is_case else (because.level if because else None),
        is_case=is_case,
        isolated_at=None if isolation == FOREVER else isolation,
        because=because,
        because_case=root,
        timeline=timeline,
        as_of=state.as_of,
    )


def _because(state: Snapshot, board: Board, code: int) -> tuple[ExposureRow | None, str | None]:
    found = board.why(code, state.person_keys)
    if found is None:
        return None, None
    reached, root = found
    return _records(state, reached)[0], state.person_keys.key(root)


def chains(state: Snapshot, person: str, case: str | None, policy: Policy, until: int, depth: int) -> list[Chain]:
    """Witness chains from one case, or the nearest chain from each of the nearest cases, best first.

    Best: nearest level, then greatest probability, then earliest first exposure, then case key.
    """
    check_query(depth, 0.0, None)
    code = state.person(person)
    found: list[Chain] = []
    if case is not None:
        f0 = state.case(case)
        if f0.person != code:
            found = chains_to(state, forward(state, f0, depth, policy, until), code, policy)
    else:
        reaching = 0
        for f0, nearest in _cases_towards(state, code, policy, until, depth):
            new = _nearest_chain(state, f0, code, policy, until, range(nearest, depth + 1))
            found += new
            reaching += bool(new)
            if reaching == NEAREST_CASES:
                break
    found.sort(key=lambda c: (c.level, -c.probability, c.links[0].first_exposed_at, c.case))
    return found


def _nearest_chain(state: Snapshot, f0: F0, code: int, policy: Policy, until: int, depths: range) -> list[Chain]:
    """The chain from an F0 at its nearest level: traces no deeper than it must, which is what keeps this quick."""
    for depth in depths:
        new = chains_to(state, forward(state, f0, depth, policy, until), code, policy)
        if new:
            return new
    return []


def _cases_towards(state: Snapshot, code: int, policy: Policy, until: int, depth: int) -> list[tuple[F0, int]]:
    """F0s from which a person may have been reached, with the least level at which, nearest and most probable first.

    One trace backward from the person, with no least minutes and from the first opening of any case's window: no
    case that reaches the person forward is missing from it.
    """
    f0s = state.people.cases
    opened = [infectious_window(f0, policy, until)[0] for f0 in f0s.values()]
    seed = Seed(code, min(opened, default=until), until)
    loose = replace(policy, min_minutes=0.0)
    question = Question((seed,), depth, until, loose, state.courses, state.people.isolation, forward=False)
    reached = trace(state.graph, state.person_keys, question).reached
    rows = [row for row in _records(state, reached) if row.is_case]
    rows.sort(key=lambda r: (r.level, -r.probability, r.person))
    return [(state.case(row.person), row.level) for row in rows]


def cluster_rows(state: Snapshot, policy: Policy, start: int, end: int) -> list[Cluster]:
    """Shared places of F0s in [start, end), most cases first, then by start and place."""
    windows = []
    for f0 in state.people.cases.values():
        first, _ = infection_window(f0, end)
        windows.append((f0.person, first, infectious_window(f0, policy, end)[1]))
    rows = []
    for g in clusters(state.graph, windows, start, end):
        place = state.place_keys.key(g.place)
        data = state.place_data.get(place, {})
        people = tuple(sorted(state.person_keys.keys(g.people)))
        rows.append(
            Cluster(
                place=place,
                name=data.get("name"),
                kind=data.get("kind"),
                lat=data.get("lat"),
                lng=data.get("lng"),
                t_start=g.start,
                t_end=g.end,
                cases=people,
                person_seconds=g.person_seconds,
            )
        )
    return sorted(rows, key=lambda c: (-len(c.cases), c.t_start, c.place))
