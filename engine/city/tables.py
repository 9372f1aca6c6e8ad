"""The city's columns: people, places, and how people stand in each kind of place. Arrays are read-only."""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Mix(IntEnum):
    """How people share a place."""

    HOME = 0
    """Beds by night, rooms and common meals by day."""
    SEAT = 1
    """A fixed seat, left now and then."""
    TABLE = 2
    """The table, pew or bench of one's household."""
    ROAM = 3
    """Another corner every quarter of an hour; staff keep their stall."""


class Job(IntEnum):
    """What fills a person's day."""

    NONE = 0
    PUPIL = 1
    OFFICE = 2
    FACTORY = 3
    SELLER = 4
    SERVICE = 5
    HOSPITAL = 6


@dataclass(frozen=True)
class KindPlan:
    """How many places of a kind there are, who works there, and how people stand in them."""

    name: str
    vi: str
    mix: Mix
    per_people: int
    """One place per this many people (0: made where its members are)."""
    staff: int
    job: Job
    group_m2: float
    """One knot of people per this much floor."""


KINDS: tuple[KindPlan, ...] = (
    KindPlan("home", "Nhà ở", Mix.HOME, 0, 0, Job.NONE, 15),
    KindPlan("school", "Lớp học", Mix.SEAT, 0, 1, Job.OFFICE, 10),
    KindPlan("workplace", "Công ty", Mix.SEAT, 0, 0, Job.OFFICE, 48),
    KindPlan("factory", "Xưởng", Mix.SEAT, 0, 0, Job.FACTORY, 60),
    KindPlan("market", "Chợ", Mix.ROAM, 1000, 9, Job.SELLER, 40),
    KindPlan("supermarket", "Siêu thị", Mix.ROAM, 2500, 10, Job.SERVICE, 50),
    KindPlan("shop", "Cửa hàng", Mix.ROAM, 200, 2, Job.SERVICE, 20),
    KindPlan("restaurant", "Quán ăn", Mix.TABLE, 200, 3, Job.SERVICE, 12),
    KindPlan("cafe", "Quán cà phê", Mix.TABLE, 200, 2, Job.SERVICE, 10),
    KindPlan("karaoke", "Karaoke", Mix.TABLE, 2500, 2, Job.SERVICE, 20),
    KindPlan("worship", "Nơi thờ tự", Mix.TABLE, 1200, 1, Job.SERVICE, 12),
    KindPlan("hospital", "Bệnh viện", Mix.ROAM, 5000, 60, Job.HOSPITAL, 25),
    KindPlan("clinic", "Phòng khám", Mix.ROAM, 1500, 4, Job.SERVICE, 20),
    KindPlan("bus", "Xe buýt", Mix.SEAT, 250, 1, Job.SERVICE, 3),
    KindPlan("park", "Công viên", Mix.TABLE, 2500, 0, Job.NONE, 100),
)
"""Numbers per kind are our choice. A `school` is one class (its reference area is a classroom's)."""
CODE: dict[str, int] = {k.name: i for i, k in enumerate(KINDS)}
HOME, SCHOOL, WORKPLACE, FACTORY = (CODE[k] for k in ("home", "school", "workplace", "factory"))
MARKET, HOSPITAL, BUS = CODE["market"], CODE["hospital"], CODE["bus"]


@dataclass(frozen=True)
class Places:
    """All places, shape (places,), in order of block, then kind."""

    kind: Int8
    district: Int8
    number: Int32
    """1, 2, ... within the kind, over the whole city."""
    lat: Floats
    lng: Floats
    area_m2: Float32
    indoor: Bools
    groups: Int32
    """Knots of people in it."""


@dataclass(frozen=True)
class People:
    """All people, shape (people,), in order of block, then household."""

    home: Int32
    household: Int32
    main: Int32
    """Place of school or work, -1: none."""
    job: Int8
    age: Int8
    day_off: Int8
    has_app: Bools
    ios: Bools
    scans_qr: Bools
    sends_location: Bools
    phase: Int16
    """The phone looks round at these seconds of every scan period."""
    device_db: Float32
    """What this phone adds to every attenuation, dB."""


@dataclass(frozen=True)
class Block:
    """A neighbourhood of a few thousand people that is processed at once: ranges of people and places."""

    index: int
    people: slice
    places: slice
    first_of_kind: Int32
    """First place of each kind, shape (kinds + 1,)."""


@dataclass(frozen=True)
class City:
    """A whole city at rest."""

    people: People
    places: Places
    blocks: tuple[Block, ...]
    near: Int32
    """Usual places of each household and kind, nearest first, -1: none; shape (households, kinds, 3)."""


def join(parts: list[People] | list[Places]) -> dict[str, npt.NDArray[np.generic]]:
    """Columns of the concatenation, made read-only."""
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for f in fields(parts[0]):
        column = np.concatenate([getattr(p, f.name) for p in parts])
        column.flags.writeable = False
        columns[f.name] = column
    return columns
