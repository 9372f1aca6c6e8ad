"""When two fixes are evidence: what :func:`engine.graph.kernels.fixes.proximity` is told, and how far to look."""

from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np

from engine import params
from engine.graph.eligibility import Eligibility
from engine.graph.kernels.fixes import UNIT
from engine.graph.segments import Segment

Limits = tuple[float, float, float, float, float, float]
NORTH_M = params.EARTH_RADIUS_M.value * UNIT
"""Metres of 1e-7 degree north."""


@dataclass(frozen=True)
class Proximity:
    """The exact test of one policy."""

    limits: Limits
    """Greatest distance of a contact (m), sigmas of the search, its cap (m), sigmas that an accuracy stands for, least
    weight, radius of the earth (m)."""
    most_sigma: float
    """No pair with a greater sigma (m) has the least weight, not even on one spot."""

    @classmethod
    def of(cls, eligibility: Eligibility) -> "Proximity":
        """That of a policy."""
        limit, floor = float(eligibility.max_distance_m), float(params.FIX_WEIGHT_FLOOR.value)
        search = float(params.FIX_SEARCH_SIGMAS.value), float(params.FIX_SEARCH_CAP_M.value)
        limits = (limit, *search, float(params.ACCURACY_SIGMAS.value), floor, float(params.EARTH_RADIUS_M.value))
        # On one spot the chance is 1 - exp(-limit^2 / 2 sigma^2), and it only falls with distance.
        return cls(limits, limit / (-2 * log(1 - floor)) ** 0.5 if 0 < floor < 1 else 1e6)

    @property
    def worst_dm(self) -> int:
        """Fixes of a worse accuracy are never evidence."""
        return min(65_535, ceil(self.most_sigma * self.limits[3] * 10))

    def radius_m(self, one_dm: Any, other_dm: Any = 0) -> Any:
        """Greatest distance (m) at which two fixes of such accuracies can be evidence; numbers or columns of them."""
        limit, sigmas, cap, per_sigma, _, _ = self.limits
        sigma = np.minimum(np.hypot(one_dm / 10, other_dm / 10) / per_sigma, self.most_sigma)
        return np.minimum(cap, limit + sigmas * sigma)


def vaguest_dm(segment: Segment) -> int:
    """Worst accuracy among the fixes of a segment; remembered. Cost: linear the first time."""
    if "vaguest" not in segment.memory:
        segment.memory["vaguest"] = int(segment.rows.payload["accuracy_dm"].max(initial=0))
    found: int = segment.memory["vaguest"]
    return found
