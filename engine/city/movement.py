"""A day's movement of one block: who wants to be where, and the stays that come of it."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.city.kernels.days import lay_out
from engine.city.rng import Stream, generator
from engine.city.tables import BUS, CODE, HOSPITAL, Block, Bools, City, Floats, Int32, Int64, Job
from engine.clock import DAY, HOUR, MINUTE

_SLOTS = 8
_EARLY, _RIDE, _FIRST, _LUNCH, _SECOND, _BACK, _ERRAND, _EVENING = range(_SLOTS)
_CHOICE = np.array([0.6, 0.85])
"""A household's nearest place of a kind gets 60 % of its visits, the second 25 %, the third the rest."""
_ELSEWHERE = 0.04
"""Share of outings that leave the neighbourhood, when there is more than one."""
_STAY_HOME_SICK = 0.4
_SHIFTS = {
    Job.PUPIL: (7.0, 0.1, 9.4, 0.2),
    Job.OFFICE: (8.0, 0.3, 9.0, 0.4),
    Job.FACTORY: (7.2, 0.15, 9.0, 0.2),
    Job.SELLER: (5.2, 0.4, 7.0, 0.7),
    Job.SERVICE: (9.3, 1.2, 9.0, 0.8),
    Job.HOSPITAL: (6.5, 0.2, 8.0, 0.2),
}
"""Hours: mean and deviation of the start, mean and deviation of the length."""
_WARD_SHIFTS = np.array([0.0, 7.5, -6.4])
"""Hours that the three shifts of a hospital begin after the first."""
_BUS_SHARE = 0.1

_ERRANDS = (("market", 0.34), ("shop", 0.34), ("supermarket", 0.17), ("cafe", 0.10), ("clinic", 0.05))
_OUTINGS = (("restaurant", 0.36), ("cafe", 0.33), ("park", 0.15), ("karaoke", 0.06), ("worship", 0.10))
_SUNDAY_OUTINGS = (("restaurant", 0.28), ("cafe", 0.27), ("park", 0.15), ("karaoke", 0.06), ("worship", 0.24))


@dataclass(frozen=True)
class Stays:
    """Where people are: half-open intervals in seconds of the local day, shape (stays,)."""

    person: Int32
    place: Int32
    start: Int32
    end: Int32

    def take(self, rows: npt.NDArray[np.int64] | Bools) -> "Stays":
        """The rows chosen by an index or a mask."""
        return Stays(self.person[rows], self.place[rows], self.start[rows], self.end[rows])


@dataclass
class _Wishes:
    """Place (-1: none), start and end in seconds of each person's eight slots of the day."""

    people: int
    place: Int32 = field(init=False)
    start: Floats = field(init=False)
    end: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.place = np.full((self.people, _SLOTS), -1, np.int32)
        self.start = np.zeros((self.people, _SLOTS))
        self.end = np.zeros((self.people, _SLOTS))

    def put(self, slot: int, who: Bools, place: Int32, start: Floats, end: Floats) -> None:
        """Set a slot of the people of a mask; arrays have one row per person of the block."""
        self.place[who, slot] = place[who]
        self.start[who, slot] = start[who]
        self.end[who, slot] = end[who]


class BlockDays:
    """Makes the days of one block of a city."""

    def __init__(self, seed: int, city: City, block: Block) -> None:
        self._seed, self._city, self._block = seed, city, block
        p, rows = city.people, block.people
        self._home, self._main, self._job = p.home[rows], p.main[rows], p.job[rows]
        self._age, self._off = p.age[rows], p.day_off[rows]
        self._household = p.household[rows]
        self._first_household = int(self._household[0])
        self._takes_bus = generator(seed, Stream.DAY, block.index).random(len(self._home)) < _BUS_SHARE

    def stays(self, day: int, weekday: int, out_s: Int64, sick: Bools) -> Stays:
        """Stays of day number ``day`` (weekday 0: Monday), in order of person, then time.

        ``out_s``: second of the day when each person of the block leaves circulation (past the day's end: not
        today); ``sick``: who has symptoms now and may stay at home.
        """
        rng = generator(self._seed, Stream.DAY, self._block.index, day + 1)
        wishes = _Wishes(len(self._home))
        self._work(rng, wishes, weekday)
        self._errands(rng, wishes, weekday)
        self._outings(rng, wishes, weekday)
        wishes.place[sick & (rng.random(len(sick)) < _STAY_HOME_SICK)] = -1
        c = self._city.places
        return Stays(
            *lay_out(
                self._block.people.start, self._home, wishes.place,
                wishes.start.astype(np.int32), wishes.end.astype(np.int32),
                np.clip(out_s, 0, DAY), c.lat, c.lng, c.kind, BUS, DAY,
            )
        )  # fmt: skip

    def _work(self, rng: np.random.Generator, w: _Wishes, weekday: int) -> None:
        n, job = len(self._home), self._job
        start, length = np.zeros(n), np.zeros(n)
        noise = rng.normal(size=(2, n))
        for code, (opens, spread, hours, wide) in _SHIFTS.items():
            mine = job == code
            start[mine] = opens + spread * noise[0, mine]
            length[mine] = hours + wide * noise[1, mine]
        start += np.where(job == Job.HOSPITAL, _WARD_SHIFTS[rng.integers(0, 3, n)], 0.0)
        start = np.maximum(start, 0.0)
        works = (self._main >= 0) & ~self._rests(weekday)
        begin: Floats = start * HOUR
        end: Floats = np.minimum(start + length, 23.5) * HOUR
        eats_out = rng.random(n) < np.where(job == Job.PUPIL, 0.05, 0.25)
        out = works & (begin < 10 * HOUR) & (end > 15 * HOUR) & eats_out
        noon = 11.6 * HOUR + rng.uniform(0, 50, n) * MINUTE
        lunch = 25 * MINUTE + rng.uniform(0, 25, n) * MINUTE
        w.put(_FIRST, works, self._main, begin, np.where(out, noon, end))
        eat = np.where(rng.random(n) < 0.7, CODE["restaurant"], CODE["cafe"])
        # A weakness: lunch is at a usual place near *home*, for places near work are not kept; whoever works
        # too far away finds the slot too short for the way and eats in.
        w.put(_LUNCH, out, self._usual(rng, eat), noon + 6 * MINUTE, noon + lunch)
        w.put(_SECOND, out, self._main, noon + lunch + 6 * MINUTE, end)
        rides = works & self._takes_bus & (begin > 5.5 * HOUR)
        ride = rng.uniform(15, 45, n) * MINUTE
        bus = self._usual(rng, np.full(n, BUS))
        w.put(_RIDE, rides, bus, begin - ride - 4 * MINUTE, begin - 4 * MINUTE)
        w.put(_BACK, rides & (end < 21 * HOUR), bus, end + 4 * MINUTE, end + 4 * MINUTE + ride)

    def _rests(self, weekday: int) -> Bools:
        """Who has the day off: offices and schools at the weekend, factories on Sunday, the rest in turns."""
        indoors = (self._job == Job.PUPIL) | (self._job == Job.OFFICE)
        factory = self._job == Job.FACTORY
        turns: Bools = ~indoors & ~factory & (self._off == weekday)
        rests: Bools = turns | (indoors & (weekday >= 5)) | (factory & (weekday == 6))
        return rests

    def _errands(self, rng: np.random.Generator, w: _Wishes, weekday: int) -> None:
        """Early market for some, an errand after work, in the day for those without."""
        n = len(self._home)
        grown = self._age >= 14
        free = w.place[:, _FIRST] < 0
        early = grown & (rng.random(n) < np.where(free, 0.35, 0.06))
        begin = rng.uniform(5.6, 6.3, n) + np.where(free, rng.uniform(0, 2.5, n), 0)
        market = self._usual(rng, np.full(n, CODE["market"]))
        w.put(_EARLY, early, market, begin * HOUR, begin * HOUR + rng.uniform(15, 45, n) * MINUTE)
        busy = np.maximum(w.end[:, _FIRST], w.end[:, _SECOND])
        busy = np.maximum(busy, w.end[:, _BACK])
        begin = np.where(free, rng.uniform(9, 17, n) * HOUR, busy + rng.uniform(10, 50, n) * MINUTE)
        wants = rng.random(n) < np.where(free, 0.55, 0.38 if weekday >= 4 else 0.28)
        goes = grown & (begin < 20.5 * HOUR) & wants
        kind = _pick(rng, n, _ERRANDS)
        w.put(_ERRAND, goes, self._usual(rng, kind), begin, begin + rng.uniform(10, 55, n) * MINUTE)

    def _outings(self, rng: np.random.Generator, w: _Wishes, weekday: int) -> None:
        """Households go out together: one place and time for those who join."""
        h = self._household - self._first_household
        n = int(h[-1]) + 1
        late = weekday >= 4
        goes = rng.random(n) < (0.42 if late else 0.2)
        kind = _pick(rng, n, _SUNDAY_OUTINGS if weekday == 6 else _OUTINGS)
        choice = np.searchsorted(_CHOICE, rng.random(n))
        place = self._city.near[self._first_household + np.arange(n), kind, choice]
        place = self._elsewhere(rng, place, kind)
        begin = rng.uniform(18.3, 20.2, n) * HOUR
        end = np.minimum(begin + rng.uniform(40, 120, n) * MINUTE, 22.4 * HOUR)
        joins = (goes[h] & (rng.random(len(h)) < 0.6)) & (self._age >= 3)
        w.put(_EVENING, joins, place[h], begin[h], end[h])

    def _usual(self, rng: np.random.Generator, kind: npt.NDArray[np.int64]) -> Int32:
        """One of the usual places of the given kind for each person."""
        choice = np.searchsorted(_CHOICE, rng.random(len(kind)))
        return self._elsewhere(rng, self._city.near[self._household, kind, choice], kind)

    def _elsewhere(self, rng: np.random.Generator, place: Int32, kind: npt.NDArray[np.int64]) -> Int32:
        """Send a few to a place of the same kind in any block (never by bus, never to another hospital)."""
        n, blocks = len(place), self._city.blocks
        away = rng.random(n) < _ELSEWHERE
        other, which = rng.integers(0, len(blocks), n), rng.random(n)
        if len(blocks) == 1:
            return place
        firsts = np.stack([b.first_of_kind for b in blocks])
        first, last = firsts[other, kind], firsts[other, kind + 1]
        away &= (last > first) & (kind != BUS) & (kind != HOSPITAL)
        return np.where(away, first + (which * (last - first)).astype(np.int32), place).astype(np.int32)


def _pick(rng: np.random.Generator, n: int, table: tuple[tuple[str, float], ...]) -> npt.NDArray[np.int64]:
    codes = np.array([CODE[name] for name, _ in table])
    return codes[np.searchsorted(np.cumsum([share for _, share in table])[:-1], rng.random(n))]


def by_place(stays: Stays) -> tuple[Stays, Int64]:
    """The stays in order of place, then start, then person, and where each place begins (with the end)."""
    order = np.lexsort((stays.person, stays.start, stays.place))
    ordered = stays.take(order)
    changes = np.flatnonzero(ordered.place[1:] != ordered.place[:-1]) + 1
    return ordered, np.unique(np.r_[0, changes, len(order)]).astype(np.int64)
