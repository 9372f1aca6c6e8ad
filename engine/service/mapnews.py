"""News of the map: an event for each new version of the live map, and for each release, on the streams of readers.

A thread of its own looks at what is known every few seconds. Nothing is computed while nobody listens; the first event
for a listener compares with the map that was announced last.
"""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.clock import to_rfc3339
from engine.errors import TruyvetError
from engine.service.results import HexColumns
from engine.service.stream import Hub

log = logging.getLogger("truyvet.mapnews")
RESOLUTION = 9
EVERY_S = 2.0
"""Least time between two events."""
MOST_CHANGED = 2_000
"""More changed cells than this are not listed: the reader fetches the whole map."""
Cells = npt.NDArray[np.uint64]


class Published(Protocol):
    """A release."""

    @property
    def id(self) -> int:
        """Its number: two releases may have one moment."""

    @property
    def at(self) -> int:
        """When it was published, UTC s."""


class MapNews:
    """Announces maps on ``analytic`` hubs, and releases on ``released``, while somebody listens."""

    def __init__(
        self,
        hexes: Callable[[], HexColumns],
        release: Callable[[], Published | None],
        analytic: tuple[Hub, ...],
        released: Hub,
    ) -> None:
        self._hexes, self._release = hexes, release
        self._analytic, self._released = analytic, released
        self._map: HexColumns | None = None
        self._release_id: int | None = None
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Look every ``EVERY_S`` until :meth:`stop`; what is there already is no news."""
        found = self._release()
        self._release_id = None if found is None else found.id
        thread = Thread(target=self._run, name="truyvet-mapnews", daemon=True)
        thread.start()
        self._thread = thread  # once it may be waited for: who closes may come at any moment

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.look()
            except TruyvetError as error:
                log.warning("the map could not be looked at: %s", error.code)
            except Exception:
                log.exception("the map could not be looked at")

    def look(self) -> None:
        """Announce what is new. Cost: none without listeners; else the live map, and a comparison of its columns."""
        if any(hub.subscribers for hub in self._analytic):
            found = self._hexes()
            before, self._map = self._map, found
            if before is None or (found.as_of, found.at) != (before.as_of, before.at):
                event = map_event(before, found)
                for hub in self._analytic if event is not None else ():
                    hub.publish(found.as_of, [("map", event or {})])
        if self._released.subscribers:
            release = self._release()
            if release is not None and release.id != self._release_id:
                self._released.publish(0, [("release", {"released_at": to_rfc3339(release.at)})])
            self._release_id = None if release is None else release.id


def map_event(before: HexColumns | None, now: HexColumns) -> dict[str, Any] | None:
    """What the stream says of a map; None when no cell shows anything else than before.

    ``changed`` has the cells (H3 text, ascending) whose score, band, interval or reliability is another, or that came
    or went; None when they are more than ``MOST_CHANGED``, or when there is nothing to compare with.
    """
    changed = None if before is None else changed_cells(before, now)
    if before is not None and changed is not None and len(changed) == 0 and before.at == now.at:
        return None
    few = changed is not None and len(changed) <= MOST_CHANGED
    return {
        "resolution": now.resolution,
        "at": to_rfc3339(now.at),
        "as_of": now.as_of,
        "version": f"{now.as_of}-{now.at}",
        "changed": [f"{cell:x}" for cell in changed.tolist()] if changed is not None and few else None,
    }


def changed_cells(before: HexColumns, now: HexColumns) -> Cells:
    """Cells that are in one of two maps alone, or show something else in the other; ascending. Cost: linear."""
    both, a, b = np.intersect1d(before.h3, now.h3, assume_unique=True, return_indices=True)
    other = np.zeros(len(both), np.bool_)
    for name in ("score", "band", "low", "high", "reliability"):
        other |= getattr(before, name)[a] != getattr(now, name)[b]
    return np.union1d(np.setxor1d(before.h3, now.h3, assume_unique=True), both[other])
