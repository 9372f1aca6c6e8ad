"""The outbreak of Firth et al. (2020, Nature Medicine) on the Haslemere network, one function for each step of a day.

The model is the text of the study as it stands in TARGETS.md, section 2. Where the text can be read in two ways, this
is what is done: the reading of the authors' package covidhm (read for its meaning, written anew). In brackets: how far
other readings moved the median infected, in points, primary / secondary tracing (200 or 1,000 runs, noise about 0.5).

1. A quarantine time that has not begun is overwritten when its holder is traced again (keeping either: < 0.3).
2. A case traces by its onset in (day - 1, day) alone, isolated, quarantined or not (only if not isolated: +4 / +3).
3. Only the symptomatic trace; confined or recovered contacts are not traced (confined ones too: -5 / -3).
4. Contacts of contacts go through all contacts of the case, traced or not (only through the traced: - / +6.6).
5. Each directed edge draws once, so one person may be drawn often, at both depths, the case too (once each: +0.5).
6. All the traced of a day then draw one delay each. "Everybody's release" is set anew on days that trace anybody.
7. With a release, early or served, all times are cleared, an isolation still to come too (keeping it: within noise).
8. Outside cases isolate and trace as others do (never isolating: about +1), and infect on the day of exposure.
9. Times stay continuous: comparisons of infectiousness use the onset itself (rounded down: isolation +8).
10. f is zero on the other side of onset; `onset` in om counts from day 0 of the run, not from exposure (no change).
11. An edge is infectious from exposure on: the left side reaches back before onset (only from onset: isolation -10).
12. A lost test turn: the test time is drawn anew from the same start that evening (lost for good: within noise).
13. A test finds whoever is exposed and not recovered; after its release a person may be traced and tested anew.
14. Quarantined counts whoever has the quarantine flag, isolated as well or not; day 0 counts, with nobody.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WEEKS = 10  # weeks 0 to 9 are reported


@dataclass(frozen=True)
class Parameters:
    """The published defaults; days are days, shares are between 0 and 1."""

    days: int = 69
    """Days 1 to `days` - 1 are stepped; day 0 only has the first cases."""
    initial_cases: int = 1
    asymptomatic: float = 0.4
    asymptomatic_factor: float = 0.5
    ascertainment: float = 0.9
    delay_shape: float = 1.0
    delay_scale: float = 1.4
    r: float = 0.8
    outside: float = 0.001
    incubation_shape: float = 2.322737
    incubation_scale: float = 6.492272
    recovery: float = 7.0
    confinement: float = 14.0
    """Length of isolation and of quarantine."""
    presymptomatic: float = 0.2
    right_sd: float = 2.0
    left_scale: float = 3.0
    isolation: bool = True
    tracing_depth: int = 0
    """0: none, 1: contacts (primary), 2: also the contacts of the contacts (secondary)."""
    quarantine_stops_onward: bool = False
    """False, as published: quarantine stops only acquiring."""
    tests_per_day: int | None = None
    """None: nobody is tested."""
    sensitivity: float = 0.9
    false_positive: float = 0.02
    removed_weak: float = 0.0
    """Share of the edges of weight 1 that are taken away before each run."""


NOTHING = Parameters(isolation=False)
ISOLATION = Parameters()
PRIMARY = Parameters(tracing_depth=1)
SECONDARY = Parameters(tracing_depth=2)


@dataclass(frozen=True)
class Network:
    """Every contact stands twice, once from either end; `weight` is the number of days on which the two met."""

    people: int
    source: Ints
    target: Ints
    weight: Floats


def undirected(people: int, pairs: Sequence[tuple[int, int, float]]) -> Network:
    """The network of (person, person, weight), persons counted from 0."""
    i, j, w = np.array(pairs, dtype=np.float64).reshape(-1, 3).T
    ends = np.concatenate([i, j]).astype(np.int64), np.concatenate([j, i]).astype(np.int64)
    return Network(people, *ends, np.concatenate([w, w]))


def read_network(path: Path, net: str = "All", people: int = 468) -> Network:
    """One network of `covidhm_networks_edges.csv` (columns net, i, j, w; persons counted from 1)."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["net"] == net]
    return undirected(people, [(int(row["i"]) - 1, int(row["j"]) - 1, float(row["w"])) for row in rows])


def without_weak(network: Network, share: float, rng: Generator) -> Network:
    """`round(share * n)` of the n edges of weight 1 are taken away, at random; nothing replaces them."""
    half = len(network.source) // 2
    weak = np.flatnonzero(network.weight[:half] == 1)
    keep = np.ones(half, dtype=bool)
    keep[rng.choice(weak, size=round(share * len(weak)), replace=False)] = False
    both = np.concatenate([keep, keep])
    return Network(network.people, network.source[both], network.target[both], network.weight[both])


@dataclass
class People:
    """What is known of each person. A time that is not set is infinite."""

    asymptomatic: Bools
    """Whether the person would stay without symptoms; drawn once, before anything happens."""
    exposure: Floats
    onset: Floats
    isolation_at: Floats
    quarantine_at: Floats
    release_at: Floats
    test_at: Floats
    isolated: Bools
    quarantined: Bools
    recovered: Bools

    @property
    def susceptible(self) -> Bools:
        return np.isinf(self.exposure)

    @property
    def at_large(self) -> Bools:
        return ~self.isolated & ~self.quarantined


@dataclass(frozen=True)
class Outcome:
    """One run. `quarantined` and `isolated` are shares of all people on each day (NaN once the run had stopped)."""

    onset: Floats
    quarantined: Floats
    isolated: Floats
    tests: Ints

    def infected_by_week(self, week: int = WEEKS - 1) -> float:
        """Share of the people with floor(onset / 7) <= week."""
        return float(np.mean(np.floor(self.onset / 7) <= week))

    def quarantined_in_week(self, week: int) -> float:
        """Mean daily share of the days 7 week to 7 week + 6 that were run; NaN when none was."""
        days = self.quarantined[7 * week : 7 * week + 7]
        return float(days[~np.isnan(days)].mean()) if not np.isnan(days).all() else float("nan")


def delay(count: int, p: Parameters, rng: Generator) -> Floats:
    """Days from onset to isolation, from tracing to quarantine, and from confinement to a test: one Weibull for all."""
    return p.delay_scale * rng.weibull(p.delay_shape, count)


def incubation(count: int, p: Parameters, rng: Generator) -> Floats:
    """Days from exposure to onset."""
    return p.incubation_scale * rng.weibull(p.incubation_shape, count)


def infect(people: People, who: Ints, day: int, p: Parameters, rng: Generator) -> None:
    """Step 5: onset = day + incubation; the symptomatic isolate at onset + delay and are released 14 days later."""
    people.exposure[who] = day
    people.onset[who] = day + incubation(len(who), p, rng)
    if p.isolation:
        ill = who[~people.asymptomatic[who]]
        people.isolation_at[ill] = people.onset[ill] + delay(len(ill), p, rng)
        people.release_at[ill] = people.isolation_at[ill] + p.confinement


def first_cases(network: Network, p: Parameters, rng: Generator) -> People:
    """Everybody is susceptible but the first cases: random people exposed on day 0."""
    n = network.people
    never = [np.full(n, np.inf) for _ in range(6)]
    no = [np.zeros(n, dtype=bool) for _ in range(3)]
    people = People(rng.random(n) < p.asymptomatic, *never, *no)
    infect(people, rng.choice(n, size=p.initial_cases, replace=False), 0, p, rng)
    return people


def confine_and_release(people: People, day: int) -> None:
    """Step 1: whose time has passed is isolated, quarantined, free again, and then all times are cleared."""
    people.isolated |= day > people.isolation_at
    people.quarantined |= day > people.quarantine_at
    out = day > people.release_at
    people.isolated[out] = people.quarantined[out] = False
    for times in (people.isolation_at, people.quarantine_at, people.release_at, people.test_at):
        times[out] = np.inf


def recover(people: People, day: int, p: Parameters) -> None:
    """Step 2: seven days after onset a case has recovered."""
    people.recovered |= day > people.onset + p.recovery


def infect_from_outside(people: People, day: int, p: Parameters, rng: Generator) -> None:
    """Step 3: outside infection of susceptibles who are neither isolated nor quarantined."""
    open_to_it = np.flatnonzero(people.susceptible & people.at_large)
    infect(people, open_to_it[rng.random(len(open_to_it)) < p.outside], day, p, rng)


def half_normal(z: Floats, sd: Floats | float) -> Floats:
    """Density of half a normal curve with the whole mass, z in standard deviations: 2 phi(z) / sd."""
    density: Floats = 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / sd
    return density


def edge_probability(onset: Floats, weight: Floats, factor: Floats, day: int, p: Parameters, rng: Generator) -> Floats:
    """1 - exp(-f R weight a) for each edge, f drawn anew: left of onset with the share given, else right."""
    left = rng.random(len(onset)) < p.presymptomatic
    scale = p.left_scale * onset / onset[left].max() if left.any() else np.ones(len(onset))
    before = np.where(day <= onset, half_normal((day - onset) / scale, scale), 0.0)
    after = np.where(day >= onset, half_normal((day - onset) / p.right_sd, p.right_sd), 0.0)
    return 1 - np.exp(-np.where(left, before, after) * p.r * weight * factor)


def infect_contacts(people: People, network: Network, day: int, p: Parameters, rng: Generator) -> None:
    """Step 4: edges from the infected, not isolated, to susceptibles neither isolated nor quarantined draw."""
    infecting = ~people.susceptible & ~people.recovered & ~people.isolated
    if p.quarantine_stops_onward:
        infecting &= ~people.quarantined
    reachable = people.susceptible & people.at_large
    edges = np.flatnonzero(infecting[network.source] & reachable[network.target])
    source = network.source[edges]
    factor = np.where(people.asymptomatic[source], p.asymptomatic_factor, 1.0)
    chance = edge_probability(people.onset[source], network.weight[edges], factor, day, p, rng)
    infect(people, np.unique(network.target[edges[rng.random(len(edges)) < chance]]), day, p, rng)


def traced_over(edges: Ints, people: People, network: Network, p: Parameters, rng: Generator) -> Ints:
    """The ends of these edges, one draw an edge, who are not recovered, isolated or quarantined."""
    target = network.target[edges]
    target = target[~people.recovered[target] & people.at_large[target]]
    return target[rng.random(len(target)) < p.ascertainment]


def trace(people: People, network: Network, day: int, p: Parameters, rng: Generator) -> None:
    """Step 6: contacts of the last day's onsets (depth 2: and all their contacts) get quarantine; releases are set."""
    cases = ~people.asymptomatic & (people.onset > day - 1) & (people.onset < day)
    first = np.flatnonzero(cases[network.source])
    traced = traced_over(first, people, network, p, rng)
    if p.tracing_depth > 1:
        second = np.flatnonzero(np.isin(network.source, network.target[first]))
        traced = np.concatenate([traced, traced_over(second, people, network, p, rng)])
    traced = np.unique(traced)
    if len(traced):
        people.quarantine_at[traced] = day + delay(len(traced), p, rng)
        people.release_at = np.minimum(people.isolation_at, people.quarantine_at) + p.confinement


def check_and_release(people: People, day: int, tests: int, p: Parameters, rng: Generator) -> int:
    """Testing at the earlier of both times + delay, at most `tests` a day; a negative releases. The tests done."""
    unset = np.flatnonzero(np.isinf(people.test_at))
    start = np.minimum(people.isolation_at, people.quarantine_at)[unset]
    people.test_at[unset] = start + delay(len(unset), p, rng)
    due = np.flatnonzero((people.test_at > day) & (people.test_at < day + 1))
    tested = rng.permutation(due)[:tests]
    people.test_at[np.setdiff1d(due, tested)] = np.inf
    infected = ~people.susceptible[tested] & ~people.recovered[tested]
    positive = rng.random(len(tested)) < np.where(infected, p.sensitivity, p.false_positive)
    negative = tested[~positive]
    people.release_at[negative] = people.test_at[negative]
    return len(tested)


def run(network: Network, p: Parameters, seed: int | Sequence[int]) -> Outcome:
    """One outbreak: days 1 to `p.days` - 1; it stops early only when everybody is infected or isolated."""
    rng = np.random.default_rng(seed)
    if p.removed_weak:
        network = without_weak(network, p.removed_weak, rng)
    people = first_cases(network, p, rng)
    quarantined, isolated, tests = (np.full(max(p.days, 7 * WEEKS), np.nan) for _ in range(3))
    quarantined[0] = isolated[0] = tests[0] = 0
    for day in range(1, p.days):
        if p.isolation:
            confine_and_release(people, day)
        recover(people, day, p)
        infect_from_outside(people, day, p, rng)
        infect_contacts(people, network, day, p, rng)
        if p.isolation and p.tracing_depth:
            trace(people, network, day, p, rng)
        tests[day] = 0
        if p.isolation and p.tests_per_day is not None:
            tests[day] = check_and_release(people, day, p.tests_per_day, p, rng)
        quarantined[day], isolated[day] = people.quarantined.mean(), people.isolated.mean()
        if not people.susceptible.any() or people.isolated.all():
            break
    return Outcome(people.onset, quarantined, isolated, np.nan_to_num(tests).astype(np.int64))
