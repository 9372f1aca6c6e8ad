"""Builds a sample city: people and places, then day by day their lives, what phones see, the outbreak."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from engine.city.kernels.meet import Crowd, meet
from engine.city.kernels.spots import Folk, Rooms
from engine.city.movement import BlockDays, Stays, by_place
from engine.city.outbreak import UTC_OFFSET_S, Outbreak, spread
from engine.city.population import make_city
from engine.city.rng import Stream, kernel_key
from engine.city.sensing import CheckIns, Fixes, check_ins, location_fixes, radio
from engine.city.tables import KINDS, Block, City, Float32, Int32, Int64
from engine.city.writer import CitySummary, CityWriter
from engine.clock import DAY
from engine.errors import BadParameterError
from engine.params import CITY_TRACED_SHARE, OUTDOOR_FACTOR

Progress = Callable[[str, float], None]
PEOPLE_BOUNDS = (50, 20_000_000)
DAYS_BOUNDS = (1, 60)
SEED_BOUNDS = (0, 2**32 - 1)
LAST_DAY_BOUNDS = (date(1900, 1, 1), date(2999, 12, 31))
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class CityPlan:
    """What city to build. The same plan gives the same tables, to the byte.

    Raises:
        BadParameterError: people outside 50..20,000,000, days outside 1..60, a negative seed,
            or the last day outside the years 1900 to 2999.
    """

    people: int = 5_000
    days: int = 14
    seed: int = 1
    last_day: date = field(default=date(2021, 7, 11))

    def __post_init__(self) -> None:
        for name, value, (low, high) in (
            ("people", self.people, PEOPLE_BOUNDS),
            ("days", self.days, DAYS_BOUNDS),
            ("seed", self.seed, SEED_BOUNDS),
        ):
            if not low <= value <= high:
                raise BadParameterError(f"{name} = {value} is outside {low}..{high}")
        first, last = LAST_DAY_BOUNDS
        if not first <= self.last_day <= last:
            raise BadParameterError(f"last_day = {self.last_day} is outside {first}..{last}")

    @property
    def end(self) -> int:
        """Local midnight after the last day, UTC seconds."""
        return ((self.last_day - _EPOCH).days + 1) * DAY - UTC_OFFSET_S

    @property
    def start(self) -> int:
        """Local midnight at which the first day begins, UTC seconds."""
        return self.end - self.days * DAY


@dataclass(frozen=True)
class Looks:
    """Rows of Bluetooth looks: UTC seconds, dB."""

    person: Int32
    peer: Int32
    at: Int64
    attenuation_db: Float32


@dataclass(frozen=True)
class BlockDay:
    """All that happened in one block on one day. ``stays`` are those of people who live in it."""

    day: int
    block: int
    stays: Stays
    looks: Looks
    check_ins: CheckIns
    fixes: Fixes
    passed: Int64
    """Transmissions before the earliest of a person is chosen: (infected, infector, at, place)."""


class Simulation:
    """A city in motion. ``days`` yields every (day, block) once, in order; then the outbreak is complete."""

    def __init__(self, plan: CityPlan) -> None:
        self.plan = plan
        self.city: City = make_city(plan.seed, plan.people)
        self.outbreak = Outbreak(plan.seed, self.city, plan.start, plan.end)
        c, s = self.city, self.outbreak.state
        mix = np.array([k.mix for k in KINDS], np.int8)[c.places.kind]
        air = np.where(c.places.indoor, 1.0, OUTDOOR_FACTOR.value)
        self.rooms = Rooms(mix, c.places.groups, np.sqrt(c.places.area_m2.astype(np.float64)), air)
        p = c.people
        self.folk = Folk(p.home, p.main, p.has_app, p.ios, p.phase, p.device_db, s.infected_at, s.peak_at, s.factor)
        self.spots_key = kernel_key(plan.seed, Stream.SPOTS)
        self.radio, self.spread = radio(), spread()
        self._movers = [BlockDays(plan.seed, c, b) for b in c.blocks]

    def days(self) -> Iterator[BlockDay]:
        """Every block of every day.

        Memory: 16 bytes a stay of one day of the whole city (4 stays a person), and one block's events.
        """
        for day in range(self.plan.days):
            midnight = self.plan.start + day * DAY
            self.outbreak.import_cases(day, midnight)
            stays = [self._stays(day, midnight, b) for b in self.city.blocks]
            guests = self._guests(stays)
            passed = []
            for block in self.city.blocks:
                done = self._block_day(day, midnight, block, stays[block.index], guests)
                passed.append(done.passed)
                yield done
            self.outbreak.transmit(np.concatenate(passed))
            self.outbreak.trace(midnight, CITY_TRACED_SHARE.value)

    def _stays(self, day: int, midnight: int, block: Block) -> Stays:
        s, rows = self.outbreak.state, block.people
        out_s = np.minimum(s.isolated_at[rows], s.quarantined_at[rows]) - midnight
        sick = s.symptomatic[rows] & (s.peak_at[rows] < midnight + DAY // 3)
        weekday = (self.plan.last_day.weekday() - (self.plan.days - 1 - day)) % 7
        return self._movers[block.index].stays(day, weekday, out_s, sick)

    def _guests(self, stays: list[Stays]) -> Stays:
        """Stays in another block than one's own, in order of place."""
        away = []
        for block, s in zip(self.city.blocks, stays, strict=True):
            rows = np.flatnonzero((s.place < block.places.start) | (s.place >= block.places.stop))
            away.append(s.take(rows))
        joined = _joined(away)
        return joined.take(np.argsort(joined.place, kind="stable"))

    def _block_day(self, day: int, midnight: int, block: Block, stays: Stays, guests: Stays) -> BlockDay:
        seed, city = self.plan.seed, self.city
        lo, hi = block.places.start, block.places.stop
        own = stays.take(np.flatnonzero((stays.place >= lo) & (stays.place < hi)))
        a, b = np.searchsorted(guests.place, [lo, hi])
        there, first = by_place(_joined([own, guests.take(np.arange(a, b))]))
        crowd = Crowd(there.person, there.place, there.start, there.end, first)
        looks, passed = self._meet(day, midnight, crowd)
        scans = check_ins(seed, block.index, day, midnight, stays, city)
        fixes = location_fixes(seed, block.index, day, midnight, stays, city, self.folk, self.rooms)
        return BlockDay(day, block.index, stays, looks, scans, fixes, passed)

    def _meet(self, day: int, midnight: int, crowd: Crowd) -> tuple[Looks, Int64]:
        seed = self.plan.seed
        keys = (self.spots_key, kernel_key(seed, Stream.RADIO), kernel_key(seed, Stream.TRANSMISSION))
        room = 16 * len(crowd.person) + 1024
        while True:
            n, seen, m, passed = meet(keys, day, midnight, crowd, self.folk, self.rooms, self.radio, self.spread, room)
            if n <= len(seen.at) and m <= len(passed):
                break
            room = max(n, 8 * m)
        at = midnight + seen.at[:n].astype(np.int64)
        return Looks(seen.seer[:n].copy(), seen.seen[:n].copy(), at, seen.db[:n].copy()), passed[:m].copy()


def _joined(parts: list[Stays]) -> Stays:
    return Stays(
        np.concatenate([p.person for p in parts]),
        np.concatenate([p.place for p in parts]),
        np.concatenate([p.start for p in parts]),
        np.concatenate([p.end for p in parts]),
    )


def build_city(
    plan: CityPlan,
    out: Path,
    progress: Progress | None = None,
    observe: Callable[[BlockDay], None] | None = None,
) -> CitySummary:
    """Write the city of ``plan`` into folder ``out``: made if missing, files of an earlier city replaced.

    ``progress`` is called with a stage ("people", "days", "files") and the share done; ``observe`` with every block
    and day as it happens, for truths that the files do not hold. Files appear whole, at
    the end; a failure leaves the earlier ones. Cost: about a second per 15,000 people and day, one core.

    Raises:
        BadParameterError: ``out`` is not a folder one can write to.
    """
    tell = progress or (lambda stage, share: None)
    tell("people", 0.0)
    sim = Simulation(plan)
    tell("people", 1.0)
    total = plan.days * len(sim.city.blocks)
    with CityWriter(out, sim.city, plan.people) as writer:
        for k, done in enumerate(sim.days(), start=1):
            writer.write_looks(done.looks.person, done.looks.peer, done.looks.at, done.looks.attenuation_db)
            writer.write_check_ins(done.check_ins)
            writer.write_fixes(done.fixes)
            if observe is not None:
                observe(done)
            tell("days", k / total)
        tell("files", 0.0)
        writer.write_places()
        writer.write_outbreak(plan.seed, plan.start, plan.end, sim.outbreak.state)
        about: dict[str, int | str] = {
            "people": plan.people,
            "days": plan.days,
            "seed": plan.seed,
            "last_day": plan.last_day.isoformat(),
        }
        summary = writer.finish(about)
    tell("files", 1.0)
    return summary
