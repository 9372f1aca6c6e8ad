"""An immutable view of the contact graph: what every query reads. Published whole, with one assignment."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.graph.segments import Codes, Segment, major, second

NOWHERE = np.iinfo(np.int32).min
"""Coordinate of a place whose position is not known."""


@dataclass(frozen=True)
class Places:
    """Reference data of places as columns, indexed by place code."""

    stay_s: npt.NDArray[np.int32]
    """Usual stay of the place's kind, used when a check-in has no left_at."""
    weight: npt.NDArray[np.float64]
    """Weight of a shared stay: reference area over area, less outdoors."""
    lat_e7: npt.NDArray[np.int32]
    lng_e7: npt.NDArray[np.int32]

    @property
    def longest_stay_s(self) -> int:
        """Longest usual stay."""
        return int(self.stay_s.max(initial=0))


def place_columns(count: int, known: dict[int, dict[str, Any]]) -> Places:
    """Columns for ``count`` places; ``known`` maps code to reference data, the rest take the defaults."""
    stay, weight = _assumed({})
    stays = np.full(count, stay, np.int32)
    weights = np.full(count, weight)
    lat = np.full(count, NOWHERE, np.int32)
    lng = np.full(count, NOWHERE, np.int32)
    for code, data in known.items():
        stays[code], weights[code] = _assumed(data)
        if data.get("lat") is not None and data.get("lng") is not None:
            lat[code], lng[code] = round(data["lat"] * 1e7), round(data["lng"] * 1e7)
    return Places(stays, weights, lat, lng)


def extended(known: Places, more: Places) -> Places:
    """The columns of both, one after the other: places seen since, of which nothing is known yet."""
    return Places(**{name: np.concatenate([column, vars(more)[name]]) for name, column in vars(known).items()})


def _assumed(data: dict[str, Any]) -> tuple[int, float]:
    """Usual stay (s) and weight of a place.

    Well-mixed air: risk goes with 1/volume (Wells-Riley), here 1/area at one height.
    """
    kind = params.PLACE_KINDS.get(data.get("kind") or "other", params.PLACE_KINDS["other"])
    area = data.get("area_m2") or kind.default_area_m2
    indoor = kind.indoor if data.get("indoor") is None else data["indoor"]
    weight = min(1.0, max(params.PLACE_WEIGHT_FLOOR.value, params.INDOOR_REFERENCE_M2.value / area))
    return kind.default_stay_s, weight * (1.0 if indoor else params.OUTDOOR_FACTOR.value)


def _last_open(segment: Segment) -> tuple[Codes, Codes]:
    """Places with a check-in that has no left_at, and the second of the day of the last such one; remembered."""
    if "last open" not in segment.memory:
        k1 = segment.rows.k1[segment.rows.payload["left_at"] < 0]
        place = major(k1)
        last = np.flatnonzero(np.diff(place, append=-1))
        segment.memory["last open"] = place[last], second(k1[last])
    found: tuple[Codes, Codes] = segment.memory["last open"]
    return found


@dataclass(frozen=True)
class GraphView:
    """Sealed segments by kind, in the order of their days, and the places. Readers hold one as long as they like."""

    bluetooth: tuple[Segment, ...]
    check_in: tuple[Segment, ...]
    location: tuple[Segment, ...]
    places: Places
    memory: dict[str, Any] = field(init=False, default_factory=dict, compare=False, repr=False)
    """What readers have computed of this view, by name; a view never changes, so neither does that."""

    def latest(self) -> int:
        """Latest end of a credited interval, UTC s; 0 when there is none. Cost: the last two days of check-ins."""
        gap = int(params.FIX_MAX_GAP_S.value)
        ends = [s.last_end for s in (*self.bluetooth, *self.check_in)]
        ends += [s.last_end + gap for s in self.location]
        last = max((s.day_start for s in self.check_in), default=0)
        for segment in self.check_in:
            if segment.day_start < last - DAY:
                continue
            place, last_open = _last_open(segment)
            if len(place):
                ends.append(segment.day_start + int((last_open + self.places.stay_s[place]).max()))
        return max(ends, default=0)
