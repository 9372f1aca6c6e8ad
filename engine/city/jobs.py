"""Who goes to which school or work: matched along a curve through the city, with some scatter."""

from dataclasses import dataclass

import numpy as np

from engine.city.districts import Ints
from engine.city.tables import KINDS, Bools, Floats, Job

_CLASS_SIZE = 30
_SCHOOL_BANDS = (3, 6, 11, 15, 18, 23)
"""Ages at which kindergarten, primary, lower and upper secondary school and college begin; the end."""
_COLLEGE_SHARE = 0.4
_WORKING_SHARE = 0.8
_WORKING_AGES = (18, 62)
_FACTORY_SHARE = 0.3
_FACTORY_SIZE = 80
_WORKPLACE_LN = (2.1, 0.7)
"""Mean and deviation of ln(headcount): about 10 people."""


@dataclass(frozen=True)
class Group:
    """People who share one new place: its kind's code, and the members (indices in the block)."""

    kind: int
    members: Ints


def along_curve(lat: Floats, lng: Floats) -> Floats:
    """Position of each point on a Z-order curve over the city (bits of both coordinates interleaved)."""
    x = np.clip((lng - 106.3) / 0.8 * 4096, 0, 4095).astype(np.int64)
    y = np.clip((lat - 10.3) / 0.9 * 4096, 0, 4095).astype(np.int64)
    code = np.zeros(len(x), np.int64)
    for bit in range(12):
        code |= ((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1)
    return code.astype(np.float64)


def school_classes(rng: np.random.Generator, age: Ints, curve: Floats, kind: int) -> list[Group]:
    """Pupils of one school age, neighbours first, in classes of about 30."""
    band = np.searchsorted(_SCHOOL_BANDS, age, side="right") - 1
    band[(band == 4) & (rng.random(len(age)) > _COLLEGE_SHARE)] = -1
    classes = []
    for b in range(len(_SCHOOL_BANDS) - 1):
        pupils = np.flatnonzero(band == b)
        pupils = pupils[np.argsort(curve[pupils], kind="stable")]
        if len(pupils):
            parts = np.array_split(pupils, max(1, round(len(pupils) / _CLASS_SIZE)))
            classes += [Group(kind, part) for part in parts]
    return classes


def workers(rng: np.random.Generator, age: Ints, pupil: Bools, curve: Floats) -> Ints:
    """Indices of the working people in order along the curve, with scatter: neighbours tend to share work."""
    low, high = _WORKING_AGES
    works = (age >= low) & (age < high) & ~pupil & (rng.random(len(age)) < _WORKING_SHARE)
    found = np.flatnonzero(works)
    rank = np.argsort(np.argsort(curve[found], kind="stable"), kind="stable")
    return found[np.argsort(rank + rng.normal(0, 0.06 * len(found) + 1, len(found)), kind="stable")]


def hire(job_curve: Floats, staff: int) -> tuple[Ints, Ints]:
    """Spread jobs over the workers, who are in order along the curve, so that people work near their homes.

    Returns (job, worker): job indices in order of the curve, and the position of each one's worker among
    ``staff`` workers, all different. Jobs beyond the number of workers stay open.
    """
    order = np.argsort(job_curve, kind="stable")[:staff]
    return order, ((np.arange(len(order)) + 0.5) * staff / max(1, len(order))).astype(np.int64)


def firms(rng: np.random.Generator, people: Ints, workplace: int, factory: int) -> list[Group]:
    """Split the remaining workers, who are in order along the curve, into factories and offices."""
    cut = rng.random(max(1, len(people) // _FACTORY_SIZE)) < _FACTORY_SHARE
    groups: list[Group] = []
    for part, is_factory in zip(np.array_split(people, len(cut)), cut, strict=True):
        if is_factory and len(part):
            groups.append(Group(factory, part))
            continue
        left = part
        while len(left):
            head = max(2, round(float(rng.lognormal(*_WORKPLACE_LN))))
            groups.append(Group(workplace, left[:head]))
            left = left[head:]
    return groups


def job_of(kind: int) -> Job:
    """What somebody who works at a place of this kind does."""
    return KINDS[kind].job
