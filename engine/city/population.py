"""The city at rest: blocks of people with homes, schools, work, and the places they use."""

from dataclasses import dataclass, replace

import numpy as np

from engine.city import jobs
from engine.city.districts import METRES_PER_DEGREE, Ints, settle
from engine.city.households import Households, make_households
from engine.city.rng import Stream, generator
from engine.city.tables import (
    BUS,
    FACTORY,
    HOME,
    KINDS,
    MARKET,
    SCHOOL,
    WORKPLACE,
    Block,
    City,
    Floats,
    Int32,
    Job,
    People,
    Places,
    join,
)
from engine.params import (
    CITY_APP_SHARE,
    CITY_DEVICE_DB_SD,
    CITY_IOS_SHARE,
    CITY_LOCATION_SHARE,
    CITY_QR_PEOPLE_SHARE,
    PLACE_KINDS,
    SCAN_PERIOD_S,
)

BLOCK_PEOPLE = 5_000
"""People of one block, about; part of the plan: another value is another city."""
CHOICES = 3
"""Usual places of each kind a household has."""
_PHONE_AGES = (12, 80)
_HALL_SHARE = 0.6
"""Markets under a roof and between walls."""
_HEAD_M2 = {WORKPLACE: 12.0, FACTORY: 15.0}


@dataclass(frozen=True)
class _Sites:
    """Places of a block being made: kind, district, position and members (homes and firms) of each."""

    kind: Ints
    district: Ints
    lat: Floats
    lng: Floats
    head: Ints


def make_city(seed: int, people: int) -> City:
    """People and places of the whole city. About 150 bytes a person."""
    count = max(1, round(people / BLOCK_PEOPLE))
    edges = [people * b // count for b in range(count + 1)]
    folk: list[People] = []
    sites: list[Places] = []
    blocks: list[Block] = []
    near: list[Int32] = []
    first_place = first_home = 0
    for b in range(count):
        p, s, n = _make_block(seed, b, edges[b], edges[b + 1] - edges[b], people, (first_place, first_home))
        firsts = np.searchsorted(s.kind, np.arange(len(KINDS) + 1)) + first_place
        end = first_place + len(s.kind)
        rows = slice(edges[b], edges[b + 1])
        blocks.append(Block(b, rows, slice(first_place, end), firsts.astype(np.int32)))
        folk.append(p)
        sites.append(s)
        near.append(n)
        first_place, first_home = end, first_home + len(n)
    places = Places(**join(sites))  # type: ignore[arg-type]  # the joined columns keep their types, by name
    number = np.zeros(len(places.kind), np.int32)
    for k in range(len(KINDS)):
        of_kind = np.flatnonzero(places.kind == k)
        number[of_kind] = np.arange(1, len(of_kind) + 1)
    places = replace(places, number=number)
    return City(People(**join(folk)), places, tuple(blocks), np.concatenate(near))  # type: ignore[arg-type]  # the joined columns keep their types, by name


def _make_block(
    seed: int, block: int, first: int, count: int, total: int, offset: tuple[int, int]
) -> tuple[People, Places, Int32]:
    rng = generator(seed, Stream.PEOPLE, block)
    hh = make_households(rng, first, count, total)
    free = _free_places(rng, hh, count)
    curve = jobs.along_curve(hh.lat, hh.lng)[hh.member]
    classes = jobs.school_classes(rng, hh.age, curve, SCHOOL)
    pupil = np.zeros(count, bool)
    for c in classes:
        pupil[c.members] = True
    staff = jobs.workers(rng, hh.age, pupil, curve)
    service = _service_jobs(free, count)
    at = [jobs.along_curve(free.lat, free.lng)[service]]
    at.append(curve[[int(c.members[0]) for c in classes]] if classes else np.empty(0))
    which, hired = jobs.hire(np.concatenate(at), len(staff))
    groups = classes + jobs.firms(rng, np.delete(staff, hired), WORKPLACE, FACTORY)
    sites, slot_of_group, slot_of_free = _sites(rng, hh, free, groups)
    main, job = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    for g, slot in zip(groups, slot_of_group.tolist(), strict=True):
        main[g.members] = slot
        job[g.members] = Job.PUPIL if g.kind == SCHOOL else jobs.job_of(g.kind)
    job_slots = np.concatenate([slot_of_free[service], slot_of_group[: len(classes)]])
    main[staff[hired]] = job_slots[which]
    job[staff[hired]] = np.array([k.job for k in KINDS])[sites.kind[job_slots[which]]]
    people = _people(rng, hh, np.where(main >= 0, main + offset[0], -1), job, offset)
    places = _places(generator(seed, Stream.PLACES, block), sites)
    return people, places, (_near(hh, sites) + offset[0]).astype(np.int32)


def _free_places(rng: np.random.Generator, hh: Households, count: int) -> _Sites:
    """Markets, shops, ...: near the home of some household each, so that they are where people are."""
    kinds = [k for k, plan in enumerate(KINDS) if plan.per_people]
    kind = np.repeat(kinds, [max(1, round(count / KINDS[k].per_people)) for k in kinds])
    host = rng.integers(0, len(hh.size), len(kind))
    step = rng.normal(0, 500 / METRES_PER_DEGREE, (2, len(kind)))
    lat, lng = settle(hh.lat[host] + step[0], hh.lng[host] + step[1], hh.district[host])
    return _Sites(kind, hh.district[host], lat, lng, np.zeros(len(kind), np.int64))


def _service_jobs(free: _Sites, count: int) -> Ints:
    """The free place of each job; a block too small for a whole hospital has a part of its staff."""
    share = [min(1.0, count / KINDS[k].per_people) for k in free.kind.tolist()]
    staff = [
        max(1, round(KINDS[k].staff * s)) if KINDS[k].staff else 0
        for k, s in zip(free.kind.tolist(), share, strict=True)
    ]
    return np.repeat(np.arange(len(staff)), staff)


def _sites(
    rng: np.random.Generator, hh: Households, free: _Sites, groups: list[jobs.Group]
) -> tuple[_Sites, Ints, Ints]:
    """All places of the block in order of kind, and where in it each group and each free place went."""
    middle = [int(g.members[len(g.members) // 2]) for g in groups]
    anchor = hh.member[np.array(middle, np.int64)]
    step = rng.normal(0, 300 / METRES_PER_DEGREE, (2, len(groups)))
    lat, lng = settle(hh.lat[anchor] + step[0], hh.lng[anchor] + step[1], hh.district[anchor])
    kind = np.concatenate([np.full(len(hh.size), HOME), [g.kind for g in groups], free.kind]).astype(np.int64)
    head = np.concatenate([hh.size, [len(g.members) for g in groups], free.head]).astype(np.int64)
    order = np.argsort(kind, kind="stable")
    slot = np.empty(len(order), np.int64)
    slot[order] = np.arange(len(order))
    sites = _Sites(
        kind[order],
        np.concatenate([hh.district, hh.district[anchor], free.district])[order],
        np.concatenate([hh.lat, lat, free.lat])[order],
        np.concatenate([hh.lng, lng, free.lng])[order],
        head[order],
    )
    h, g = len(hh.size), len(groups)
    return sites, slot[h : h + g], slot[h + g :]


def _people(rng: np.random.Generator, hh: Households, main: Ints, job: Ints, offset: tuple[int, int]) -> People:
    n = len(hh.age)
    low, high = _PHONE_AGES
    phone = (hh.age >= low) & (hh.age < high)
    app_share = min(1.0, CITY_APP_SHARE.value * n / max(1, int(phone.sum())))
    has_app = phone & (rng.random(n) < app_share)
    return People(
        home=(hh.member + offset[0]).astype(np.int32),
        household=(hh.member + offset[1]).astype(np.int32),
        main=main.astype(np.int32),
        job=job.astype(np.int8),
        age=hh.age.astype(np.int8),
        day_off=rng.integers(0, 7, n).astype(np.int8),
        has_app=has_app,
        ios=rng.random(n) < CITY_IOS_SHARE.value,
        scans_qr=(hh.age >= low) & (rng.random(n) < CITY_QR_PEOPLE_SHARE.value),
        sends_location=phone & (rng.random(n) < CITY_LOCATION_SHARE.value),
        phase=rng.integers(0, int(SCAN_PERIOD_S.value), n).astype(np.int16),
        device_db=rng.normal(0, CITY_DEVICE_DB_SD.value, n).astype(np.float32),
    )


def _places(rng: np.random.Generator, sites: _Sites) -> Places:
    n = len(sites.kind)
    usual = np.array([PLACE_KINDS[k.name].default_area_m2 for k in KINDS])[sites.kind]
    area = usual * np.exp(rng.normal(0, 0.25, n))
    for kind, each in _HEAD_M2.items():
        area = np.where(sites.kind == kind, np.maximum(30, each * sites.head), area)
    area = np.where((sites.kind == SCHOOL) | (sites.kind == BUS), usual, area)
    indoor = np.array([PLACE_KINDS[k.name].indoor for k in KINDS])[sites.kind]
    indoor = indoor | ((sites.kind == MARKET) & (rng.random(n) < _HALL_SHARE))
    area = np.round(area)
    groups = np.maximum(1, np.round(area / np.array([k.group_m2 for k in KINDS])[sites.kind]))
    return Places(
        kind=sites.kind.astype(np.int8),
        district=sites.district.astype(np.int8),
        number=np.zeros(n, np.int32),
        lat=np.round(sites.lat, 6),
        lng=np.round(sites.lng, 6),
        area_m2=area.astype(np.float32),
        indoor=indoor,
        groups=groups.astype(np.int32),
    )


def _near(hh: Households, sites: _Sites) -> Ints:
    """The nearest places of each kind for every household, as places of the block."""
    near = np.full((len(hh.size), len(KINDS), CHOICES), -1, np.int64)
    for k, plan in enumerate(KINDS):
        if not plan.per_people:
            continue
        found = np.flatnonzero(sites.kind == k)
        d2 = (hh.lat[:, None] - sites.lat[found]) ** 2 + (hh.lng[:, None] - sites.lng[found]) ** 2
        order = np.argsort(d2, axis=1, kind="stable")[:, :CHOICES]
        near[:, k, :] = found[order[:, np.arange(CHOICES) % order.shape[1]]]
    return near
