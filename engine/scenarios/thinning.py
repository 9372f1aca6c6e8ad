"""A view of the graph as it would be if fewer people carried the app."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.graph.segments import Segment, major, without
from engine.graph.view import GraphView


def thinned(view: GraphView, keep: npt.NDArray[np.bool_]) -> GraphView:
    """The view without the Bluetooth sightings of which either end has no device; stays and fixes are the same.

    Args:
        view: the graph; it is not changed.
        keep: whether each person has a device, by person code, shape (people,).

    Returns:
        A view of which every answer equals that of a graph without those sightings. Days from which nothing is lost,
        and all columns of stays, fixes and places, are shared with ``view``. Cost: linear in the sightings; memory that
        of those that stay.
    """
    kept = (_thinned(segment, keep) for segment in view.bluetooth)
    return replace(view, bluetooth=tuple(s for s in kept if len(s.rows)))


def _thinned(segment: Segment, keep: npt.NDArray[np.bool_]) -> Segment:
    gone = ~(keep[major(segment.rows.k1)] & keep[segment.rows.k2])
    return without(segment, gone) if gone.any() else segment
