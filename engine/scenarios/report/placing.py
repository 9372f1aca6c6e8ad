"""Where names in a plane of points go: near their point, off bars, lines and one another."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in inches from the lower left corner of the axes."""
_ASIDE = (0.17, 0.45, 0.8, 1.2)
"""How far beside its point a name may begin, inches."""
_STEP, _AIR = 0.03, 0.03
_BAR, _LINE, _NAME, _POINT = 14.0, 3.0, 60.0, 14.0
"""Cost of covering an inch of a bar, of a line, a square inch of a name, and a point."""


def along(x0: float, y0: float, x1: float, y1: float) -> Reals:
    """Points on a line, shape (n, 2), so near one another that no name slips between two."""
    count = 2 + int(np.hypot(x1 - x0, y1 - y0) / _STEP)
    return np.column_stack([np.linspace(x0, x1, count), np.linspace(y0, y1, count)])


def placed(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    bars: Reals,
    lines: Reals,
    room: tuple[float, float],
) -> list[Box]:
    """A box for the name of each point.

    Args:
        points: in inches from the lower left corner of the axes.
        sizes: width and height of each name, inches.
        bars: what should not be covered, as points (``along``), shape (n, 2); ``lines``: what may be, if need be.
        room: width and height of the axes, inches.

    Returns:
        The cheapest places, found one name after the other, three times over: not always the best there are.
    """
    marks = np.array(points, np.float64).reshape(-1, 2)
    out: list[Box | None] = [None] * len(points)
    for _ in range(3):
        for n, (point, size) in enumerate(zip(points, sizes, strict=True)):
            others = [box for m, box in enumerate(out) if box is not None and m != n]
            every = _candidates(point, size, room)
            costs = [_cost(box, point, bars, lines, marks, others) for box in every]
            out[n] = every[int(np.argmin(costs))]
    return [box for box in out if box is not None]


def _candidates(point: tuple[float, float], size: tuple[float, float], room: tuple[float, float]) -> list[Box]:
    (x, y), (wide, tall) = point, size
    found = []
    for aside in _ASIDE:
        for left in (x + aside, x - aside - wide):
            left = min(max(left, 0.02), max(room[0] - wide, 0.02))
            rises = np.arange(0.0, room[1], 0.05)
            middles = np.concatenate([y + rises, y - rises, [tall / 2, room[1] - tall / 2]])
            inside = middles[(middles >= tall / 2) & (middles <= room[1] - tall / 2)]
            found += [(left, middle - tall / 2, left + wide, middle + tall / 2) for middle in inside.tolist()]
    return found or [(x, y, x + wide, y + tall)]


def _cost(box: Box, point: tuple[float, float], bars: Reals, lines: Reals, marks: Reals, others: list[Box]) -> float:
    middle = (box[1] + box[3]) / 2
    gap = max(box[0] - point[0], point[0] - box[2], 0.0)
    away = abs(middle - point[1])
    cost = away + 2 * away**2 + 0.6 * gap
    cost += _STEP * (_BAR * _inside(bars, box) + _LINE * _inside(lines, box)) + _POINT * _inside(marks, box)
    leader = along(*point, min(max(point[0], box[0]), box[2]), middle)
    for other in others:
        cost += _STEP * _BAR * _inside(leader, other)
        wide = min(box[2], other[2]) - max(box[0], other[0]) + _AIR
        tall = min(box[3], other[3]) - max(box[1], other[1]) + _AIR
        cost += _NAME * wide * tall + 1.0 if wide > 0 and tall > 0 else 0.0
    return cost


def _inside(points: Reals, box: Box) -> int:
    x, y = points[:, 0], points[:, 1]
    return int(np.count_nonzero((x > box[0] - _AIR) & (x < box[2] + _AIR) & (y > box[1] - _AIR) & (y < box[3] + _AIR)))
