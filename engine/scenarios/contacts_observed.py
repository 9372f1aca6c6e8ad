"""Contacts of an observed graph, day by day: evidence of all channels, a row a pair and day."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY, VIET_NAM_S
from engine.errors import BadInputError
from engine.graph.eligibility import Eligibility
from engine.graph.pairs import pairs_of
from engine.graph.scanning import Scan, touched
from engine.graph.segments import second
from engine.graph.view import GraphView
from engine.scenarios.contacts_arrays import PairDays, contacts_of, stacked
from engine.scenarios.crowds import Stays, crowd_overlaps
from engine.scenarios.kernels.observed import days_of_pairs, shared_stays, sightings_of_day, stays_of_day
from engine.scenarios.world import BLUETOOTH, CHECK_IN, LOCATION, NOBODY, Codes, Contacts

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
EPOCH = date(1970, 1, 1)
PART_ROWS = 16_000_000
"""Intervals that are looked at together, about: 40 bytes each."""
_INTERVAL = (np.int32, np.int32, np.int32, np.int32)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Observation:
    """What is looked at, for whom and under which limits. Slack, which is directed, is not applied."""

    view: GraphView
    person: Codes
    """Code in the world of each person code of the graph; -1: not in the world."""
    place: Codes
    """Code in the world of each place code of the graph; -1: not in the world."""
    people: int
    places: int
    eligibility: Eligibility
    crowd: int = 500
    """Other people that a visitor of one place has there in one day, on average, at most."""


@dataclass(frozen=True)
class Intervals:
    """Eligible intervals of pairs within a day, a < b; seconds from its beginning."""

    a: Codes
    b: Codes
    start: Codes
    end: Codes
    weight: npt.NDArray[np.float64]
    channel: npt.NDArray[np.uint8]
    place: Codes


def observed_days(view: GraphView) -> tuple[date, date]:
    """First and last local day of Viet Nam on which anything was recorded, both included.

    Raises:
        BadInputError: nothing was.
    """
    segments = [s for s in (*view.bluetooth, *view.check_in, *view.location) if len(s.rows)]
    if not segments:
        raise BadInputError(
            "nothing was observed: there are no sightings, check-ins or fixes; take events in, or give a table"
        )
    begin, end = min(s.day_start for s in segments), max(s.day_start for s in segments)
    low = min(begin + int(second(s.rows.k1).min()) for s in segments if s.day_start == begin)
    high = max(end + int(second(s.rows.k1).max()) for s in segments if s.day_start == end)
    return local_day(low), local_day(high)


def local_day(moment: int) -> date:
    """Day of a UTC second in Viet Nam."""
    return EPOCH + timedelta(days=(moment + VIET_NAM_S) // DAY)


def day_starts_at(day: date) -> int:
    """UTC second at which a local day of Viet Nam begins."""
    return (day - EPOCH).days * DAY - VIET_NAM_S


def order_of_days(first: date, last: date, start: date) -> list[date]:
    """Observed days in the order in which a run that starts on ``start`` takes them, so that weekdays agree.

    A start within the observed days takes the days from there on, a week at least (filled with the days of the same
    weekday before it). Any other start takes the last whole weeks, beginning with its own weekday. Fewer than seven
    days are taken from the start on, or all in their order.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    count = len(days)
    if first <= start <= last:
        at = (start - first).days
        if count < 7:
            return days[at:] + days[:at]
        rest = days[at:]
        return rest + [days[(at + n - count) % 7 + count - 7] for n in range(len(rest), 7)]
    if count < 7:
        return days
    weeks = days[count % 7 :]
    turn = (start - weeks[0]).days % 7
    return weeks[turn:] + weeks[:turn]


def observed_contacts(
    what: Observation, days: Sequence[date], progress: Progress | None = None, workers: int = 2
) -> tuple[Contacts, Codes]:
    """Contacts of local days of Viet Nam, and the distinct visitors of each place, shape (days, places).

    Args:
        what: the graph, its people and places, the limits.
        days: in the order of the rows; ``Contacts.start`` is the first of them.
        progress: told days done and all days.
        workers: days that are looked at side by side.

    Returns:
        A row a pair and day, from both ends: minutes of the union of all eligible intervals; hours times the greatest
        weight at each instant; the place with the most time of shared stays; the channels of all evidence. Where the
        visitors of a place are there with more than ``crowd`` others at the same time, on average, each meets a random
        part of them, about so many, the same from both ends and on every run.

    Cost: about 0.1 us an interval of evidence; memory of two days' pairs, and of at most 16 million intervals each.
    """
    found: list[tuple[Contacts, Codes]] = []
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for one in pool.map(lambda day: _day(what, day), days):
            found.append(one)
            if progress is not None:
                progress(len(found), len(days))
    visitors = np.stack([v for _, v in found]) if found else np.empty((0, what.places), np.int32)
    visitors.setflags(write=False)
    return stacked([c for c, _ in found], days[0] if days else None), visitors


def _day(what: Observation, day: date) -> tuple[Contacts, Codes]:
    low = day_starts_at(day)
    stays = _stays(what, low)
    fixes = _near(what, low) if "location" in what.eligibility.channels else None
    most = _count(what, low, stays) + (0 if fixes is None else len(fixes.a))
    parts = max(1, -(-most // PART_ROWS))
    pairs = [_pairs(what, i) for n in range(parts) for i in [_intervals(what, day, low, stays, fixes, n, parts)]]
    whole = PairDays(**{name: np.concatenate([vars(p)[name] for p in pairs]) for name in vars(pairs[0])})
    return contacts_of(what.people, 1, whole), stays.visitors


def _count(what: Observation, low: int, stays: Stays) -> int:
    """About how many intervals a day has; those of crowds, whose number is bounded, left out."""
    rows = sum(len(s.rows) for _, s in touched(what.view.bluetooth, low, low + DAY, 0))
    none = [np.empty(0, t) for t in (*_INTERVAL, np.int64)]
    together = shared_stays(stays.first, stays.person, stays.start, stays.end, stays.crowded, 0, 1, *none)
    return rows + int(together) + int(stays.visitors[stays.crowded].sum()) * (what.crowd // 2)


def _stays(what: Observation, low: int) -> Stays:
    """All stays of a day, by place and start."""
    scan = Scan(*_INTERVAL)
    view, on = what.view, "check_in" in what.eligibility.channels and what.eligibility.same_place
    for at, s in touched(view.check_in, low, low + DAY, view.places.longest_stay_s):
        scan.run(
            at, stays_of_day, s.rows.k1, s.rows.k2, s.rows.payload["left_at"], view.places.stay_s,
            s.day_start - low, DAY, what.person, what.place,
        )  # fmt: skip
    place, person, start, end, _ = scan.columns()
    return Stays.of(place, person, start, end, what.places, what.crowd, on)


def _near(what: Observation, low: int) -> Intervals:
    """Intervals of fixes near each other."""
    limits = Eligibility(
        what.eligibility.max_attenuation_db, what.eligibility.max_distance_m, channels=frozenset(("location",))
    )
    rows: list[tuple[Array, ...]] = [tuple(_empty())]
    for found in pairs_of(what.view, low, low + DAY, limits):
        a, b = what.person[found.a], what.person[found.b]
        known = (a >= 0) & (b >= 0)
        ends = (t[known] + np.int32(found.origin - low) for t in (found.start, found.end))
        rows.append((np.minimum(a, b)[known], np.maximum(a, b)[known], *ends, found.weight[known]))
    a, b, start, end, weight = (np.concatenate(c) for c in zip(*rows, strict=True))
    order = np.lexsort((start, b, a))  # a pair has one such interval at a time: the order of the chunks plays no part
    return _of_channel(LOCATION, a[order], b[order], start[order], end[order], weight[order])


def _empty() -> Iterator[Array]:
    return (np.empty(0, t) for t in (*_INTERVAL, np.float64))


def _of_channel(channel: int, a: Array, b: Array, start: Array, end: Array, weight: Array) -> Intervals:
    nowhere = np.full(len(a), NOBODY, np.int32)
    return Intervals(a, b, start, end, weight, np.full(len(a), channel, np.uint8), nowhere)


def _intervals(
    what: Observation, day: date, low: int, stays: Stays, fixes: Intervals | None, part: int, parts: int
) -> Intervals:
    """Every interval of one part of the pairs."""
    found = [_sightings(what, low, part, parts), _shared(what, day, stays, part, parts)]
    if fixes is not None:
        mine = (fixes.a + fixes.b) % parts == part
        found.append(Intervals(**{name: column[mine] for name, column in vars(fixes).items()}))
    return Intervals(**{name: np.concatenate([vars(i)[name] for i in found]) for name in vars(found[0])})


def _sightings(what: Observation, low: int, part: int, parts: int) -> Intervals:
    scan = Scan(*_INTERVAL, np.float64)
    most = round(min(300.0, what.eligibility.max_attenuation_db) * 100)
    edges = np.array([params.BLE_IMMEDIATE_DB.value, params.BLE_NEAR_DB.value, params.BLE_MEDIUM_DB.value])
    weights = np.array([
        params.BLE_IMMEDIATE_WEIGHT.value, params.BLE_NEAR_WEIGHT.value,
        params.BLE_MEDIUM_WEIGHT.value, params.BLE_FAR_WEIGHT.value,
    ])  # fmt: skip
    if "bluetooth" in what.eligibility.channels:
        for at, s in touched(what.view.bluetooth, low, low + DAY, 0):
            scan.run(
                at, sightings_of_day, s.rows.k1, s.rows.k2, s.rows.payload["duration_s"],
                s.rows.payload["attenuation_cdb"], s.day_start - low, DAY, most, edges, weights,
                what.person, part, parts,
            )  # fmt: skip
    return _of_channel(BLUETOOTH, *scan.columns()[:-1])


def _shared(what: Observation, day: date, stays: Stays, part: int, parts: int) -> Intervals:
    scan = Scan(*_INTERVAL, np.int64)
    scan.run(0, shared_stays, stays.first, stays.person, stays.start, stays.end, stays.crowded, part, parts)
    crowd_overlaps(scan, stays, day.toordinal(), what.crowd, part, parts)
    a, b, start, end, row, _ = scan.columns()
    place = stays.place[row]
    weight_of = np.ones(what.places)
    known = np.flatnonzero(what.place >= 0)
    weight_of[what.place[known]] = what.view.places.weight[known]
    return Intervals(a, b, start, end, weight_of[place], np.full(len(a), CHECK_IN, np.uint8), place)


def _pairs(what: Observation, rows: Intervals) -> PairDays:
    """One row a pair. Cost: one sort."""
    if what.people <= 1 << 23:
        pair = rows.a.astype(np.int64) * what.people + rows.b
        order = np.argsort((pair << 17) | rows.start)
    else:
        order = np.lexsort((rows.start, rows.b, rows.a))
    a, b = rows.a[order], rows.b[order]
    new = np.ones(len(a), np.bool_)
    new[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    heads = np.flatnonzero(new)
    count = len(heads)
    seconds, hours = np.empty(count, np.int64), np.empty(count)
    place, channel = np.empty(count, np.int32), np.empty(count, np.uint8)
    days_of_pairs(
        np.append(heads, len(a)), rows.start[order], rows.end[order], rows.weight[order], rows.channel[order],
        rows.place[order], seconds, hours, place, channel,
    )  # fmt: skip
    return PairDays(np.zeros(count, np.int32), a[heads], b[heads], hours, seconds / 60, place, channel)
