"""Households of one block: sizes, members' ages, where they live."""

from dataclasses import dataclass

import numpy as np

from engine.city.districts import Ints, district_at, scatter
from engine.city.tables import Floats
from engine.params import HOUSEHOLD_SIZE_SHARES

OLDEST = 95


@dataclass(frozen=True)
class Households:
    """Households in order; ``member`` gives each person's household (from 0), ``age`` in years."""

    size: Ints
    district: Ints
    lat: Floats
    lng: Floats
    member: Ints
    age: Ints


def make_households(rng: np.random.Generator, first: int, count: int, total: int) -> Households:
    """The households of people ``first .. first + count`` out of ``total``.

    Districts follow the order of codes in proportion to their people, so that a single block spans the whole
    city and many blocks have one district each. Ages: head, partner, then children, parents and lodgers.
    """
    draws = rng.choice(np.arange(1, len(HOUSEHOLD_SIZE_SHARES) + 1), count, p=HOUSEHOLD_SIZE_SHARES)
    n = int(np.searchsorted(np.cumsum(draws), count)) + 1
    size = draws[:n].astype(np.int64)
    size[-1] -= int(size.sum()) - count
    start = np.cumsum(size) - size
    district = district_at((first + start + 0.5) / total)
    lat, lng = scatter(rng, district)
    member = np.repeat(np.arange(n), size)
    position = np.arange(count) - start[member]
    return Households(size, district, lat, lng, member, _ages(rng, size, member, position))


def _ages(rng: np.random.Generator, size: Ints, member: Ints, position: Ints) -> Ints:
    n, count = len(size), len(member)
    alone = np.where(rng.random(n) < 0.6, rng.uniform(19, 36, n), rng.uniform(36, 85, n))
    head = np.where(size == 1, alone, np.clip(rng.normal(41, 10, n), 21, 80))
    of_head = head[member]
    partner = np.maximum(18, of_head - 2 + rng.normal(0, 4, count))
    child = np.maximum(rng.uniform(0, 3, count), of_head - 29 + rng.normal(0, 5, count))
    child = np.where(child > 32, rng.uniform(18, 32, count), child)
    parent = of_head + 27 + rng.normal(0, 5, count)
    parent = np.where(parent > OLDEST, of_head, parent)
    lodger = rng.uniform(18, 45, count)
    u = rng.random(count)
    parents = (position >= 3) & (u < 0.3)
    other = np.where(u < 0.72, child, lodger)
    age = np.where(position == 0, of_head, np.where((position == 1) & (u < 0.85), partner, other))
    return np.clip(np.where(parents, parent, age), 0, OLDEST).astype(np.int64)
