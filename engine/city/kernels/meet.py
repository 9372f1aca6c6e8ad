"""Who is near whom, quarter of an hour by quarter: what the phones see and whom the virus reaches."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.city.kernels.spots import AT_HOME, NIGHT_END, NIGHT_START, PERIOD_S, PERIODS, Folk, Rooms, spot
from engine.kernels.hashing import fold, fold3, normal, unit

DAY_S = PERIODS * PERIOD_S
NEVER = 2**62
"""`engine.clock.FOREVER`, as a constant of the kernel."""
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Crowd(NamedTuple):
    """Stays of a day in order of place, seconds of the day; ``first``: where each begins, and the end."""

    person: Int32
    place: Int32
    start: Int32
    end: Int32
    first: Int64


class Radio(NamedTuple):
    """How phones see each other; shares of looks, dB."""

    scan_s: int
    slope: float
    at_1m: float
    body_sd: float
    look_sd: float
    platform_db: Floats
    limit_db: float
    seen: float
    ios_seen: float
    home_share: float
    night_share: float
    on_share: float
    range_m: float


class Spread(NamedTuple):
    """How the virus passes: hazard per second at the peak, distance, the profile by seconds from the peak."""

    hazard: float
    contact_m: float
    latent_s: int
    profile: Floats
    profile_from_s: int
    profile_step_s: int
    asleep: float


class Present(NamedTuple):
    """Work space: stays present, where their people stand (m), infectiousness, phones that look."""

    stay: Int64
    x: Floats
    y: Floats
    strength: Floats
    phone: Bools


class Seen(NamedTuple):
    """Looks: who saw whom, at which second of the day, dB."""

    seer: Int32
    seen: Int32
    at: Int32
    db: Float32


@njit(cache=True, nogil=True)
def infectiousness(person: int, at: int, folk: Folk, spread: Spread) -> float:
    """Infectiousness at a moment, relative to the peak of one with symptoms; 0 before the latent time."""
    if folk.infected_at[person] + spread.latent_s > at:
        return 0.0
    step = (at - folk.peak_at[person] - spread.profile_from_s) // spread.profile_step_s
    if step < 0 or step >= len(spread.profile):
        return 0.0
    return float(spread.profile[step] * folk.factor[person])


@njit(cache=True, nogil=True)
def runs_app(key: np.uint64, person: int, now: int, folk: Folk, radio: Radio) -> bool:
    """Whether a person's phone looks round at all in the four hours that hold quarter ``now`` of the plan."""
    return folk.has_app[person] and unit(fold3(key, person, now // 16, 9)) < radio.on_share


@njit(cache=True, nogil=True)
def look(
    key: np.uint64, seer: int, seen: int, when: int, pair_db: float, share: float, folk: Folk, radio: Radio
) -> float:
    """Attenuation (dB) that one look of ``seer`` gives of ``seen``, or -1 when it misses.

    ``pair_db``: the median of the distance and what the two bodies add.
    """
    k = fold3(key, seer, seen, when)
    chance = share * radio.seen
    if folk.ios[seen]:
        chance *= radio.ios_seen
    if unit(fold(k, 1)) >= chance:
        return -1.0
    bias = folk.device_db[seer] + folk.device_db[seen]
    bias += radio.platform_db[int(folk.ios[seer]), int(folk.ios[seen])]
    db = pair_db + bias + radio.look_sd * normal(fold(k, 2))
    if unit(fold(k, 3)) > 1.0 / (1.0 + np.exp((db - radio.limit_db) / 2.0)):
        return -1.0
    return float(db)


@njit(cache=True, nogil=True)
def first_look(phase: int, lo: int, scan_s: int) -> int:
    """The first second at or after ``lo`` at which a phone of this phase looks round."""
    return int(phase + (lo - phase + scan_s - 1) // scan_s * scan_s)


@njit(cache=True, nogil=True)
def passes(key: np.uint64, source: int, target: int, now: int, place: int, lo: int, hi: int, hazard: float) -> int:
    """Second of the day in [lo, hi) at which the source infects the target in quarter ``now``, or -1."""
    k = fold(fold3(key, source, target, now), place)
    if unit(fold(k, 1)) >= 1.0 - np.exp(-hazard * (hi - lo)):
        return -1
    return lo + int(unit(fold(k, 2)) * (hi - lo))


@njit(cache=True, nogil=True)
def gather(
    keys: tuple[np.uint64, np.uint64, np.uint64], day: int, midnight: int, period: int, a: int, b: int,
    crowd: Crowd, folk: Folk, rooms: Rooms, radio: Radio, spread: Spread, room: Present,
) -> int:  # fmt: skip
    """Fill ``room`` with who is at a place (stays a..b) in a quarter; 0 when nothing can come of it."""
    t0, t1 = period * PERIOD_S, (period + 1) * PERIOD_S
    n = apps = sources = targets = 0
    for s in range(a, b):
        if crowd.start[s] >= t1:
            break
        if crowd.end[s] <= t0:
            continue
        p = crowd.person[s]
        room.stay[n] = s
        room.strength[n] = infectiousness(p, midnight + t0, folk, spread)
        room.phone[n] = runs_app(keys[1], p, day * PERIODS + period, folk, radio)
        apps += room.phone[n]
        sources += room.strength[n] > 0
        targets += folk.infected_at[p] == NEVER
        n += 1
    if apps < 2 and (sources == 0 or targets == 0):
        return 0
    place = crowd.place[a]
    for i in range(n):
        p = crowd.person[room.stay[i]]
        room.x[i], room.y[i] = spot(keys[0], day, period, p, place, folk.home[p], folk.main[p], rooms)
    return n


@njit(cache=True, nogil=True)
def pair(
    keys: tuple[np.uint64, np.uint64, np.uint64], day: int, midnight: int, period: int, i: int, j: int,
    crowd: Crowd, folk: Folk, rooms: Rooms, radio: Radio, spread: Spread, room: Present,
    out: Seen, looks: int, passed: Int64, infections: int,
) -> tuple[int, int]:  # fmt: skip
    """What two people present in one quarter give each other; the new counts of looks and transmissions."""
    s, r = room.stay[i], room.stay[j]
    p, q, place = crowd.person[s], crowd.person[r], crowd.place[s]
    risk = (room.strength[i] > 0 and folk.infected_at[q] == NEVER) or (
        room.strength[j] > 0 and folk.infected_at[p] == NEVER
    )
    phones = room.phone[i] and room.phone[j]
    lo = max(period * PERIOD_S, crowd.start[s], crowd.start[r])
    hi = min((period + 1) * PERIOD_S, crowd.end[s], crowd.end[r])
    if p == q or not (phones or risk) or lo >= hi:
        return looks, infections
    now = day * PERIODS + period
    is_home = rooms.mix[place] == AT_HOME
    night = is_home and (period < NIGHT_END or period >= NIGHT_START)
    d = np.sqrt((room.x[i] - room.x[j]) ** 2 + (room.y[i] - room.y[j]) ** 2)
    if risk and d <= spread.contact_m:
        source, target = (p, q) if room.strength[i] > 0 else (q, p)
        hazard = spread.hazard * rooms.air[place] * max(room.strength[i], room.strength[j])
        at = passes(keys[2], source, target, now, place, lo, hi, hazard * (spread.asleep if night else 1.0))
        if at >= 0:
            if infections < len(passed):
                passed[infections, 0], passed[infections, 1] = target, source
                passed[infections, 2], passed[infections, 3] = midnight + at, place
            infections += 1
    if not phones or d > radio.range_m:
        return looks, infections
    share = radio.night_share if night else radio.home_share if is_home else 1.0
    db = np.exp(radio.at_1m + radio.slope * np.log(max(d, 0.3)))
    db += radio.body_sd * normal(fold3(keys[1], min(p, q), max(p, q), now))
    for turn in range(2):
        seer, seen = (p, q) if turn == 0 else (q, p)
        for t in range(first_look(folk.phase[seer], lo, radio.scan_s), hi, radio.scan_s):
            measured = look(keys[1], seer, seen, day * DAY_S + t, db, share, folk, radio)
            if measured >= 0:
                if looks < len(out.seer):
                    out.seer[looks], out.seen[looks], out.at[looks], out.db[looks] = seer, seen, t, measured
                looks += 1
    return looks, infections


@njit(cache=True, nogil=True)
def meet(
    keys: tuple[np.uint64, np.uint64, np.uint64],
    day: int,
    midnight: int,
    crowd: Crowd,
    folk: Folk,
    rooms: Rooms,
    radio: Radio,
    spread: Spread,
    capacity: int,
) -> tuple[int, Seen, int, Int64]:
    """All looks and all transmissions of a day at some places.

    Args:
        keys: for spots, radio and transmission.
        day: number of the day in the plan; ``midnight``: its start in UTC seconds.
        capacity: rows there is room for. When the counts that come back are greater, call again with room.

    Returns:
        (looks, their columns, transmissions, rows (infected, infector, at, place)), in order of place, period
        and pair. Cost: pairs present together, per quarter of an hour.
    """
    out = Seen(
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.float32),
    )
    passed = np.empty((max(1024, capacity // 8), 4), np.int64)
    looks = infections = 0
    most = 1
    for g in range(len(crowd.first) - 1):
        most = max(most, crowd.first[g + 1] - crowd.first[g])
    room = Present(
        np.empty(most, np.int64),
        np.empty(most, np.float64),
        np.empty(most, np.float64),
        np.empty(most, np.float64),
        np.empty(most, np.bool_),
    )
    for g in range(len(crowd.first) - 1):
        a, b = crowd.first[g], crowd.first[g + 1]
        last = crowd.end[a:b].max()
        for period in range(crowd.start[a] // PERIOD_S, (last - 1) // PERIOD_S + 1):
            n = gather(keys, day, midnight, period, a, b, crowd, folk, rooms, radio, spread, room)
            for i in range(n):
                for j in range(i + 1, n):
                    # Calls with this many arrays are not free: most pairs are settled here.
                    phones = room.phone[i] and room.phone[j]
                    if not phones and (room.strength[i] > 0) == (room.strength[j] > 0):
                        continue
                    looks, infections = pair(
                        keys, day, midnight, period, i, j, crowd, folk, rooms, radio, spread, room,
                        out, looks, passed, infections,
                    )  # fmt: skip
    return looks, out, infections, passed
