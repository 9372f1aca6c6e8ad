"""Rings: the borders of areas and cells as rows of points."""

import numpy as np
import numpy.typing as npt

Ring = npt.NDArray[np.float64]
"""Shape (points, 2): x (or longitude), y (or latitude); the last point is the first again."""


def middle(ring: Ring) -> tuple[float, float]:
    """Centroid of a closed ring by its area; the mean of its points where it has none."""
    x, y = (ring - ring[0]).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    area = cross.sum()
    if abs(area) < 1e-15:
        return float(ring[:, 0].mean()), float(ring[:, 1].mean())
    cx = ((x[:-1] + x[1:]) * cross).sum() / (3 * area) + ring[0, 0]
    cy = ((y[:-1] + y[1:]) * cross).sum() / (3 * area) + ring[0, 1]
    return float(cx), float(cy)
