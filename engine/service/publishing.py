"""Publishing: releases made at fixed times, kept with the data, and shown to everybody who may not see more."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from threading import Lock
from time import monotonic

import numpy as np

from engine import params
from engine.clock import DAY, HOUR, Clock, in_viet_nam
from engine.errors import BadParameterError
from engine.exposure.windows import infectious_window
from engine.geo.cells import Cells, centres, parents
from engine.geo.units import TIERS, Units
from engine.journal.documents import Document, Documents, Heading
from engine.journal.journal import Journal
from engine.risk.disclosure import COARSEST, Behind, Floors, partition
from engine.risk.disclosure_presence import behind
from engine.risk.disclosure_remainders import Chain
from engine.risk.disclosure_views import Records, records_of, views
from engine.risk.disclosure_windows import SHOWN_D, Window, next_slot, slot, window_due
from engine.risk.infectious import Infectious
from engine.service.questions import Known
from engine.service.releases import Release, from_bytes, records_from_bytes, records_to_bytes, to_bytes
from engine.service.settings import Settings
from engine.service.snapshot import Snapshot

log = logging.getLogger("truyvet.publishing")
KIND = TASK = "release"
RECORD = "release_record"
"""Documents with the sums of the units of one window; their moment is the end of the window."""
LEASE_S = HOUR
LOOK_S = 2.0
"""How often the database is asked whether another process has published."""
READ = 8
"""Releases kept in memory: those looked at last."""


class Publishing:
    """Makes releases and knows those made. Thread-safe; without a journal they live in memory."""

    def __init__(
        self, journal: Journal | None, known: Known, areas: Callable[[], Units], settings: Settings, clock: Clock
    ) -> None:
        self._journal, self._known, self._areas, self._clock = journal, known, areas, clock
        self._documents: Documents | Kept = Kept() if journal is None else journal.documents
        self._floors = Floors(settings.publish_people, settings.publish_cases)
        self._days = settings.publish_days or int(params.PUBLIC_WINDOW_D.value)
        if not params.PUBLIC_WINDOW_D.low <= self._days <= params.PUBLIC_WINDOW_D.high:
            raise BadParameterError(f"a release is about 1 to 14 days, not {self._days}")
        self._ends: list[tuple[int, int]] = []
        """(at, id) of every release, in order."""
        self._read: OrderedDict[int, Release] = OrderedDict()
        self._latest = 0
        self._looked = -LOOK_S
        self._newest: tuple[float, int] | None = None
        """When the database was last looked at, and the id of the release to show since (0: none)."""
        self._tried = 0
        self._lock, self._making = Lock(), Lock()

    # -- looking up ---------------------------------------------------------------------------------------

    def release(self, at: int | None) -> Release | None:
        """See :meth:`Published.release`."""
        with self._lock:
            self._look()
            moment = self._latest if at is None else at
            found = next((i for t, i in reversed(self._ends) if at is None or t <= at), None)
            release = None if found is None else self._get(found)
            if release is not None and moment >= release.until:
                release = None
            if at is None:
                self._newest = self._looked, 0 if release is None else release.id
        return release

    def release_id(self) -> int | None:
        """See :meth:`Published.release_id`."""
        newest = self._newest
        if newest is None or newest[0] != self._looked or newest[0] + LOOK_S <= monotonic():
            return None
        return newest[1]

    def releases(self) -> list[Release]:
        """See :meth:`Published.releases`."""
        with self._lock:
            self._look(now=True)
            return [self._get(i) for _, i in self._ends]

    def _look(self, now: bool = False) -> None:
        if not now and self._looked + LOOK_S > monotonic():
            return
        self._latest = min(self._clock(), self._known.snapshot().latest)
        self._ends = [(h.at, h.id) for h in self._documents.all(KIND)]
        self._looked = monotonic()

    def _get(self, ident: int) -> Release:
        if ident not in self._read:
            self._read[ident] = from_bytes(ident, self._documents.read(ident).payload)
            while len(self._read) > READ:
                self._read.popitem(last=False)
        self._read.move_to_end(ident)
        return self._read[ident]

    # -- making -------------------------------------------------------------------------------------------

    def publish_if_due(self, now: int) -> None:
        """Publish at most once a publishing time: what the server does by itself."""
        if self._tried != slot(now):
            self.publish(now, "server")
            self._tried = slot(now)

    def publish(self, now: int, actor: str) -> Release | None:
        """See :meth:`Published.publish`."""
        with self._making:
            if self._due(now) is None or not self._claimed(now):
                return None
            # Another process may have published between the look and the lease.
            window = self._due(now)
            made = None if window is None else self._made(window, now)
            if self._journal is not None:
                told = f"units: {len(made.table)}" if made is not None else "nothing to publish"
                self._journal.tasks.done(TASK, now, told)
                if made is not None:
                    self._journal.audit(actor, "publish", _name(made), told, now)
            if made is not None:
                log.info("release", extra={"fields": {"release": made.id, "rows": len(made.table)}})
        return made

    def _due(self, now: int) -> Window | None:
        published = max((record.at for record in self._documents.all(RECORD)), default=None)
        latest = min(now, self._known.snapshot().latest)
        return window_due(now, latest, published, self._days, int(params.PUBLIC_SETTLE_D.value))

    def _claimed(self, now: int) -> bool:
        return self._journal is None or self._journal.tasks.claim(TASK, now, LEASE_S)

    def _made(self, window: Window, now: int) -> Release | None:
        state = self._known.snapshot()
        rows = behind_of(state, self._known, window)
        areas = chains(self._areas(), np.unique(parents(rows.cell, COARSEST)), in_viet_nam(window.end - 1).date())
        units = partition(rows, areas, self._floors)
        if not units.unit:
            return None
        at = min(slot(now), next_slot(state.latest))
        new = records_of(units, window.end, at)
        # First what has been used up: whatever happens now, these days are not published again.
        self._documents.add(RECORD, _name_of(window), window.end, records_to_bytes(new))
        payload = to_bytes(views(self._records(window.end)), at, window.start, window.end, state.as_of)
        with self._lock:
            ident = self._documents.add(KIND, _name_of(window), at, payload)
            self._looked = -LOOK_S
            return self._get(ident)

    def _records(self, end: int) -> list[Records]:
        """The records of the last 14 days, newest first."""
        found = [h for h in self._documents.all(RECORD) if end - SHOWN_D * DAY < h.at <= end]
        return [records_from_bytes(self._documents.read(h.id).payload) for h in reversed(found)]


class Kept:
    """Documents of an engine that stores nothing: as much of them as releases need."""

    def __init__(self) -> None:
        self._all: list[Document] = []

    def add(self, kind: str, name: str, at: int, payload: bytes) -> int:
        """Keep a document; its id."""
        self._all.append(Document(len(self._all) + 1, kind, name, at, "", payload))
        return len(self._all)

    def all(self, kind: str) -> Sequence[Heading]:
        """Those of a kind, in order of their moments."""
        return sorted((d for d in self._all if d.kind == kind), key=lambda d: (d.at, d.id))

    def read(self, ident: int) -> Document:
        """One of them."""
        return self._all[ident - 1]


def _name_of(window: Window) -> str:
    first, last = in_viet_nam(window.start).date(), in_viet_nam(window.end - 1).date()
    return f"{first}..{last}"


def _name(release: Release) -> str:
    return _name_of(Window(release.start, release.end))


def behind_of(state: Snapshot, known: Known, window: Window) -> Behind:
    """Who was where in the window, as known in ``state``: see :func:`engine.risk.disclosure_presence.behind`."""
    f0s = sorted(state.people.cases.values(), key=lambda f0: f0.person)
    spans = np.array([infectious_window(f0, known.policy, window.end) for f0 in f0s], np.int64).reshape(-1, 2)
    courses = [state.courses[f0.person] for f0 in f0s]
    infectious = Infectious(
        person=np.array([f0.person for f0 in f0s], np.int32),
        level=np.zeros(len(f0s), np.int8),
        start=np.maximum(spans[:, 0], window.start),
        end=np.minimum(spans[:, 1], window.end),
        origin=np.array([c.origin for c in courses], np.int64),
        factor=np.array([c.factor for c in courses], np.float64),
    )
    return behind(state.graph, len(state.person_keys), infectious, window.start, window.end)


def chains(units: Units, cells: Cells, day: date) -> list[Chain]:
    """The areas that the centres of cells lie in, narrowest first, without the country; () where there is none."""
    lat, lng = centres(cells)
    found: list[str | None] = [None] * len(cells)
    for tier in TIERS[1:]:  # widest first: a narrower one that is known takes its place
        found = [b or a for a, b in zip(found, units.area_of(lat, lng, tier, day), strict=True)]
    out = []
    for cell, code in zip(cells.tolist(), found, strict=True):
        codes = () if code is None else (code, *units.ancestors(code, day))
        out.append(Chain(cell, tuple(c for c in codes if units.unit(c, day).tier != TIERS[0])))
    return out


class Published:
    """What an engine can be asked about releases."""

    _publishing: Publishing
    _clock: Clock

    def release(self, at: int | None = None) -> Release | None:
        """The newest release, or the newest published at or before ``at`` (UTC s); None when there is none to show.

        A release is shown until 14 days after the last of its days, by the time of the data: where no events come any
        more, the last one stays. Cost: memory; the database is looked at every 2 s.

        Raises:
            JournalError: what is stored is damaged, or the database is away.
        """
        return self._publishing.release(at)

    def release_id(self) -> int | None:
        """The id of :meth:`release`, 0 when there is none; None when the database has to be looked at first.

        Cost: never waits for anything.
        """
        return self._publishing.release_id()

    def releases(self) -> list[Release]:
        """Every release, oldest first. Raises as :meth:`release`."""
        return self._publishing.releases()

    def publish(self, now: int | None = None) -> Release | None:
        """Make the release that is due, if one is; None: none is, too few people or cases, or another process does.

        Raises:
            JournalError: it could not be stored.
        """
        return self._publishing.publish(self._clock() if now is None else now, "local")

    def next_publishing(self, now: int) -> int:
        """The first publishing time after ``now``, UTC s."""
        return next_slot(now)
