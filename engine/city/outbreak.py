"""The outbreak: who is infected by whom, the course of each infection, testing, isolation and tracing.

Infections of a day become infectious a day later at the earliest, so a day needs only the state of the
evening before: the result does not depend on the order in which blocks are processed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, gammaln

from engine.city.kernels.meet import Spread
from engine.city.rng import Stream, generator, kernel_key
from engine.city.tables import Bools, City, Float32, Floats, Int32, Int64
from engine.clock import DAY, FOREVER, HOUR
from engine.kernels.hashing import draws
from engine.params import (
    ASYMPTOMATIC_FACTOR,
    CITY_ASLEEP_FACTOR,
    CITY_CONTACT_M,
    CITY_DELTA_FACTOR,
    CITY_IMPORT_SHARE,
    CITY_LATENT_D,
    CITY_ONSET_TO_SAMPLE_D,
    CITY_SEED_SHARE,
    CITY_SEEK_TEST_SHARE,
    CITY_SYMPTOMATIC_SHARE,
    HE_RATE,
    HE_SHAPE,
    HE_SHIFT_D,
    INCUBATION_MEAN_D,
    INCUBATION_SHAPE,
    RATE_PER_HOUR,
    RESULT_DELAY_SHARES,
)

SEED_DAYS = 8
"""Infections from before the start lie in so many days."""
UTC_OFFSET_S = 7 * HOUR
_FROM_D, _TO_D, _STEP_S = -9, 14, 1_800
_FEWEST_SEEDS = 6
"""So that a small city has an outbreak too."""
_NEGLIGIBLE = 0.01
"""Less relative infectiousness than this counts as none."""


def spread() -> Spread:
    """How the virus passes, from ``engine.params``; the profile is He et al. as corrected, peak 1."""
    day = np.arange(_FROM_D * DAY, _TO_D * DAY, _STEP_S) / DAY + _STEP_S / DAY / 2
    x = day + HE_SHIFT_D.value
    shape, rate = HE_SHAPE.value, HE_RATE.value
    density = np.exp(shape * np.log(rate) + (shape - 1) * np.log(x) - rate * x - gammaln(shape))
    profile = density / density.max()
    profile[profile < _NEGLIGIBLE] = 0.0
    return Spread(
        hazard=RATE_PER_HOUR.value * CITY_DELTA_FACTOR.value / HOUR,
        contact_m=CITY_CONTACT_M.value,
        latent_s=int(CITY_LATENT_D.value * DAY),
        profile=profile,
        profile_from_s=_FROM_D * DAY,
        profile_step_s=_STEP_S,
        asleep=CITY_ASLEEP_FACTOR.value,
    )


@dataclass(frozen=True)
class State:
    """The state of everybody, shape (people,), UTC seconds, ``FOREVER`` for never. Changed once a day."""

    infected_at: Int64
    infector: Int32
    """-1: from outside."""
    place: Int32
    peak_at: Int64
    """Onset, or the moment that stands for it."""
    symptomatic: Bools
    factor: Float32
    sampled_at: Int64
    confirmed_at: Int64
    isolated_at: Int64
    """Isolation as a case."""
    quarantined_at: Int64
    traced: Bools
    """Found by tracers, and when sampled by them."""
    traced_sample_at: Int64

    def out_at(self) -> Int64:
        """When each person leaves circulation."""
        return np.minimum(self.isolated_at, self.quarantined_at)


def new_state(people: int) -> State:
    """Nobody infected."""

    def never() -> Int64:
        return np.full(people, FOREVER, np.int64)

    return State(
        infected_at=never(),
        infector=np.full(people, -1, np.int32),
        place=np.full(people, -1, np.int32),
        peak_at=never(),
        symptomatic=np.zeros(people, bool),
        factor=np.ones(people, np.float32),
        sampled_at=never(),
        confirmed_at=never(),
        isolated_at=never(),
        quarantined_at=never(),
        traced=np.zeros(people, bool),
        traced_sample_at=never(),
    )


def local_midnight(t: Int64) -> Int64:
    """Start, in UTC seconds, of the Vietnamese day that holds each moment."""
    return (t + UTC_OFFSET_S) // DAY * DAY - UTC_OFFSET_S


class Outbreak:
    """Keeps the state and applies what happens to it, a day at a time."""

    def __init__(self, seed: int, city: City, start: int, end: int) -> None:
        self._seed, self._city, self._start, self._end = seed, city, start, end
        self.state = new_state(len(city.people.home))
        self._key = kernel_key(seed, Stream.COURSE)
        self._by_main = np.argsort(city.people.main, kind="stable")
        self._main_sorted = city.people.main[self._by_main]
        rng = generator(seed, Stream.SEEDS)
        n = len(city.people.home)
        count = min(n, max(_FEWEST_SEEDS, round(n * CITY_SEED_SHARE.value)))
        who = np.sort(rng.choice(n, count, replace=False))
        self._infect(who, start - rng.integers(1, SEED_DAYS * DAY, count))

    def import_cases(self, day: int, midnight: int) -> None:
        """Infections from outside on a day."""
        rng = generator(self._seed, Stream.SEEDS, 0, day + 1)
        n = len(self.state.infected_at)
        who = np.unique(rng.integers(0, n, rng.poisson(n * CITY_IMPORT_SHARE.value)))
        at = midnight + rng.integers(7 * HOUR, 20 * HOUR, len(who))
        free = (self.state.infected_at[who] == FOREVER) & (self.state.out_at()[who] > at)
        self._infect(who[free], at[free])

    def transmit(self, passed: Int64) -> None:
        """Apply a day's transmissions, rows (infected, infector, at, place): a person's earliest counts."""
        order = np.lexsort((passed[:, 1], passed[:, 2], passed[:, 0]))
        rows = passed[order]
        rows = rows[np.r_[True, rows[1:, 0] != rows[:-1, 0]]] if len(rows) else rows
        who, earlier = rows[:, 0], self.state.infected_at[rows[:, 0]]
        rows, who = rows[rows[:, 2] < earlier], who[rows[:, 2] < earlier]
        self._infect(who, rows[:, 2])
        self.state.infector[who] = rows[:, 1]
        self.state.place[who] = rows[:, 3]

    def _infect(self, who: Int64, at: Int64) -> None:
        """Draw the whole course of infections as if nobody traced them."""
        s, u = self.state, draws(self._key, who.astype(np.int64), 8)
        shape = INCUBATION_SHAPE.value
        incubation = gammaincinv(shape, u[:, 0]) * INCUBATION_MEAN_D.value / shape
        peak = at + (incubation * DAY).astype(np.int64)
        sick = u[:, 1] < CITY_SYMPTOMATIC_SHARE.value
        s.infected_at[who], s.peak_at[who], s.symptomatic[who] = at, peak, sick
        s.factor[who] = np.where(sick, 1.0, ASYMPTOMATIC_FACTOR.value)
        s.infector[who] = -1
        s.place[who] = -1
        seeks = sick & (u[:, 2] < CITY_SEEK_TEST_SHARE.value)
        wait = gammaincinv(2.0, u[:, 3]) * CITY_ONSET_TO_SAMPLE_D.value / 2.0
        sampled = _in_hours(peak + (wait * DAY).astype(np.int64), u[:, 4], 7, 18)
        sampled = np.where(sampled < peak, sampled + DAY, sampled)
        confirmed = self._result(sampled, u[:, 5], u[:, 6])
        isolated = confirmed + HOUR + (u[:, 7] * 5 * HOUR).astype(np.int64)
        self._confirm(who[seeks], sampled[seeks], confirmed[seeks], isolated[seeks])

    def _confirm(self, who: Int64, sampled: Int64, confirmed: Int64, isolated: Int64) -> None:
        s = self.state
        first = confirmed < s.confirmed_at[who]
        who = who[first]
        s.sampled_at[who], s.confirmed_at[who] = sampled[first], confirmed[first]
        s.isolated_at[who] = isolated[first]

    @staticmethod
    def _result(sampled: Int64, u: Floats, v: Floats) -> Int64:
        days = np.searchsorted(np.cumsum(RESULT_DELAY_SHARES)[:-1], u)
        same = sampled + ((3 + 4 * v) * HOUR).astype(np.int64)
        later = local_midnight(sampled) + days * DAY + ((8 + 12 * v) * HOUR).astype(np.int64)
        return np.where(days == 0, same, later)

    def trace(self, midnight: int, share: float) -> None:
        """In the evening tracers look for the contacts of the day's new cases; what follows is tomorrow's."""
        s, p = self.state, self._city.people
        cases = np.flatnonzero((s.confirmed_at >= midnight) & (s.confirmed_at < midnight + DAY))
        found: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
        for c in cases.tolist():
            lo, hi = max(0, c - 8), c + 9
            found.append(np.flatnonzero(p.home[lo:hi] == p.home[c]) + lo)
            if p.main[c] >= 0:
                a, b = np.searchsorted(self._main_sorted, [p.main[c], p.main[c] + 1])
                if b - a <= 40:
                    found.append(self._by_main[a:b])
        who = np.unique(np.concatenate(found))
        tomorrow = midnight + DAY
        who = who[(s.confirmed_at[who] >= tomorrow) & (s.out_at()[who] > tomorrow) & ~s.traced[who]]
        u = draws(kernel_key(self._seed, Stream.TRACING), who.astype(np.int64), 8)
        who, u = who[u[:, 0] < share], u[u[:, 0] < share]
        s.traced[who] = True
        order = u[:, 1] < 0.6
        orders = tomorrow + ((6 + 12 * u[:, 2]) * HOUR).astype(np.int64)
        s.quarantined_at[who[order]] = orders[order]
        sampled = tomorrow + ((u[:, 3] < 0.4) * DAY + (7 + 11 * u[:, 4]) * HOUR).astype(np.int64)
        s.traced_sample_at[who] = sampled
        confirmed = self._result(sampled, u[:, 5], u[:, 6])
        shows = (sampled - s.infected_at[who] > 2 * DAY) & (u[:, 7] < 0.9)
        self._confirm(who[shows], sampled[shows], confirmed[shows], confirmed[shows] + 2 * HOUR)


def _in_hours(t: Int64, u: Floats, first: int, last: int) -> Int64:
    """A moment within working hours of the local day that holds ``t``."""
    return local_midnight(t) + ((first + (last - first) * u) * HOUR).astype(np.int64)
