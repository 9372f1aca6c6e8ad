"""What the service answers when asked why: plain frozen records."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HexRing:
    """What a ring round a cell (0: the cell itself) gives to the cell's score. Hours are decayed person-hours."""

    ring: int
    weight: float
    cells: int
    """How many of the ring's cells are in the map."""
    f0_h: float
    f1_h: float
    """Infectious hours times the chance that an F1 is infected; F2 likewise."""
    f2_h: float
    footfall_h: float
    infectious_share: float
    """Of the smoothed infectious hours; 0 when there are none."""
    footfall_share: float


@dataclass(frozen=True)
class HexPerson:
    """Somebody whose infectious time is in a cell or its two rings."""

    person: str
    level: int
    cell_h: float
    """Decayed, weighted infectious hours in the cell itself."""
    near_h: float
    """Those in the cell and its rings, times the rings' weights: the person's part in the smoothed hours."""


@dataclass(frozen=True)
class HexWhy:
    """Why a cell has its score.

    rate = (infectious_h + prior_h x parent_rate) / (footfall_h + prior_h); score = 100 (1 - 2^(-rate / half_rate)).
    """

    cell: int
    resolution: int
    at: int
    as_of: int
    score: float
    band: int
    low: float
    high: float
    reliability: int
    persons: int
    """Distinct F0s in the cell or its two rings."""
    rate: float
    half_rate: float
    infectious_h: float
    """Of all levels, smoothed: the rings' hours times their weights."""
    footfall_h: float
    rings: tuple[HexRing, ...]
    level_weights: tuple[float, float, float]
    """Chance that an F0, F1, F2 is infected: in the hours above already."""
    parent: int
    """The cell of the next coarser resolution that this one is shrunk towards."""
    parent_infectious_h: float
    parent_footfall_h: float
    parent_rate: float
    prior_h: float
    """Footfall that the parent's rate weighs as much as."""
    people: tuple[HexPerson, ...] = ()
    """Greatest part first; only when asked for."""
