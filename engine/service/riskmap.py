"""The hex maps of what is known: the live one, kept up to date as events come, and those of any moment asked for."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY, VIET_NAM_S, Clock
from engine.errors import BadParameterError
from engine.exposure.labels import Labelled
from engine.geo.boxes import Box, points_in
from engine.geo.cells import Cells, Degrees
from engine.risk.behind import people_behind
from engine.risk.hexes import RESOLUTIONS, HexScores, HexSums
from engine.risk.incremental import follow
from engine.service.results import HexColumns
from engine.service.risk_results import HexWhy
from engine.service.risk_why import why

Counts = npt.NDArray[np.int64]
KEPT = 2
"""Moments asked for whose sums are held in memory at once."""
MOST_DAYS = 366


@dataclass(frozen=True)
class HexMap:
    """The whole hex map of a moment."""

    scores: HexScores
    as_of: int
    centres: tuple[Degrees, Degrees]
    """Latitude and longitude of every cell's centre."""

    def within(self, bbox: Box | None) -> HexColumns:
        """The cells whose centre lies in ``bbox``.

        Raises:
            BadParameterError: not such a box.
        """
        columns = {name: value for name, value in vars(self.scores).items() if isinstance(value, np.ndarray)}
        if bbox is not None:
            keep = points_in(*self.centres, bbox)
            columns = {name: column[keep] for name, column in columns.items()}
        return HexColumns(resolution=self.scores.resolution, at=self.scores.at, as_of=self.as_of, **columns)


def _map_of(sums: HexSums, resolution: int, state: Labelled, last: HexMap | None = None) -> HexMap:
    scores = sums.scores(resolution)
    if last is not None and last.scores.h3 is scores.h3:
        return HexMap(scores, state.state.as_of, last.centres)
    layer = sums.layers[resolution]
    slots, (lat, lng) = layer.lattice.find(scores.h3), layer.lattice.centres
    return HexMap(scores, state.state.as_of, (lat[slots], lng[slots]))


def step_end(moment: int) -> int:
    """The end of the step (15 minutes) of the live map that ``moment`` lies in."""
    step = int(params.MAP_STEP_S.value)
    return -(-moment // step) * step


class HexMaps:
    """Hex maps of whatever is known, by moment. Thread-safe."""

    def __init__(self, labels: Callable[[], Labelled], clock: Clock) -> None:
        self._labels = labels
        self._clock = clock
        self._lock = Lock()
        """Held while the live sums are used."""
        self._asking = Lock()
        """Held while those of other moments are."""
        self._live = HexSums()
        self._maps: dict[int, HexMap] = {}
        """Of the live map, by resolution."""
        self._asked: OrderedDict[int, HexSums] = OrderedDict()
        """Sums of moments asked for, of the state of each."""

    def get(self, resolution: int, at: int | None) -> HexMap:
        """The map at a moment; without one, of the newest state at the end of its running quarter of an hour.

        Raises:
            BadParameterError: resolution out of bounds.
        Cost: what changed since it was last asked for, within a quarter of an hour; else everything.
        """
        with self._held(at) as (sums, state):
            found = self._maps.get(resolution) if sums is self._live else None
            scores = sums.scores(resolution)
            if found is None or found.scores is not scores or found.as_of != state.state.as_of:
                found = _map_of(sums, resolution, state, found)
                if sums is self._live:
                    self._maps[resolution] = found
            return found

    def forget(self) -> None:
        """Let go of everything."""
        with self._lock, self._asking:
            self._live = HexSums()
            self._maps.clear()
            self._asked.clear()

    def why(self, cell: int, at: int | None, people: bool) -> HexWhy:
        """The account of a cell in the map of :meth:`get`. Raises as :func:`engine.service.risk_why.why`."""
        with self._held(at) as (sums, state):
            return why(sums, state, cell, people)

    def people_behind(self, resolution: int, at: int | None) -> tuple[Cells, Counts, Counts]:
        """:func:`engine.risk.behind.people_behind` of the state and moment of :meth:`get`.

        Raises:
            BadParameterError: resolution out of bounds.
        """
        if resolution not in RESOLUTIONS:
            raise BadParameterError(f"resolution is {resolution}; it must be 7 to 10")
        state = self._labels()
        return people_behind(state, self._moment(state, at), resolution)

    def _moment(self, state: Labelled, at: int | None) -> int:
        return step_end(min(self._clock(), state.latest)) if at is None else at

    @contextmanager
    def _held(self, at: int | None) -> Iterator[tuple[HexSums, Labelled]]:
        """The sums of a moment, which nobody changes meanwhile. The live ones never wait for those of a moment."""
        state = self._labels()
        with self._lock:
            live, known = self._live, self._live.state
            if at is None or (known is not None and at == live.at):
                if known is not None and known.state.keys is state.state.keys:
                    # Somebody else may have looked meanwhile: the map never goes back.
                    state = known if known.state.as_of > state.state.as_of else state
                follow(live, state, self._moment(state, at))
                yield live, state
                return
        with self._asking:
            sums = self._asked.get(at)
            if sums is None or sums.state is not state:
                sums = HexSums()
                sums.rebuild(state, at)
                while len(self._asked) >= KEPT:
                    self._asked.popitem(last=False)
                self._asked[at] = sums
            self._asked.move_to_end(at)
            yield sums, state

    def days(self, resolution: int, first: date, last: date) -> Iterator[HexMap]:
        """The map at the end of each day in Viet Nam, first to last, of one state.

        Raises:
            BadParameterError: resolution out of bounds, or not 1 to 366 days.
        """
        count = (last - first).days + 1
        if not 1 <= count <= MOST_DAYS:
            raise BadParameterError(f"the days must be 1 to {MOST_DAYS}, first to last")
        state, sums = self._labels(), HexSums()
        begin = (first - date(1970, 1, 1)).days * DAY - VIET_NAM_S
        for day in range(1, count + 1):
            sums.rebuild(state, begin + day * DAY)
            yield _map_of(sums, resolution, state)
