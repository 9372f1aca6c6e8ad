"""What map a reader sees: officers and epidemiologists the analytic one, everybody else the newest release."""

from dataclasses import dataclass, replace
from datetime import date
from time import monotonic, thread_time
from typing import Any

import numpy as np
import numpy.typing as npt
from fastapi import Request, Response

from api.access import sees_analysis
from api.negotiate import MEDIA
from api.packing import SMALL, coding_of, packed
from api.past import view_of
from api.port import Box, EnginePort
from api.present.hexes import etag_of, same_etag
from api.problems import ProblemError
from api.replies import HOLDER, NOT_MODIFIED, Keep, Live, caching, stamp_of
from engine.clock import system_clock
from engine.service.paced import DEAR_S, MOST_S, SHARE
from engine.service.results import HexColumns
from engine.service.risk_results import HexWhy
from engine.service.tiles import Drawing, cell_named

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Remainders:
    """Published remainders of areas: they have a code instead of a cell."""

    code: tuple[str, ...]
    score: Numbers
    band: Numbers
    since: Numbers


@dataclass(frozen=True)
class Sheet:
    """A map as one reader may see it: columns of one length, ordered by cell."""

    resolution: int
    at: int | None
    """Moment of the map, UTC s; of a release when it was published, None before the first."""
    as_of: int | None
    public: bool
    h3: npt.NDArray[np.uint64]
    columns: dict[str, Numbers]
    """score, band, low, high, reliability; of a release: score, band, since."""
    areas: Remainders | None = None

    def none(self) -> "Sheet":
        """The same without a cell."""
        return replace(self, h3=self.h3[:0], columns={name: column[:0] for name, column in self.columns.items()})


def analytic_sheet(columns: HexColumns) -> Sheet:
    """The analytic map, rounded as it goes out: no score crosses the edge of its band, no bound its own side."""
    return Sheet(
        columns.resolution,
        columns.at,
        columns.as_of,
        False,
        columns.h3,
        {
            "score": np.floor(columns.score * 10) / 10,
            "band": columns.band,
            "low": np.floor(columns.low).astype(np.int8),
            "high": np.ceil(columns.high).astype(np.int8),
            "reliability": columns.reliability,
        },
    )


def released_sheet(engine: EnginePort, resolution: int, box: Box | None, at: int | None) -> Sheet:
    """The newest release (at or before ``at``); empty before the first."""
    release = engine.release() if at is None else engine.release(at)
    if release is None:
        none = np.empty(0, np.int64)
        columns = {"score": none, "band": none, "since": none}
        return Sheet(resolution, None, None, True, none.astype(np.uint64), columns, Remainders((), none, none, none))
    found = release.columns(resolution, box)
    is_cell = found.unit_resolution >= 0
    h3 = np.array([int(found.unit[n], 16) for n in np.flatnonzero(is_cell).tolist()], np.uint64)
    order = np.argsort(h3, kind="stable")
    columns = {name: getattr(found, name)[is_cell][order] for name in ("score", "band", "since")}
    codes = tuple(found.unit[n] for n in np.flatnonzero(~is_cell).tolist())
    rest = Remainders(codes, found.score[~is_cell], found.band[~is_cell], found.since[~is_cell])
    return Sheet(resolution, release.at, release.as_of, True, h3[order], columns, rest)


class MapReader:
    """One request for a map, by one role. Made on a thread: a state of the past may have to be replayed."""

    def __init__(self, request: Request, engine: EnginePort, role: str, as_of: str | None = None) -> None:
        self.public = not sees_analysis(role)
        if self.public and as_of is not None:
            raise ProblemError("forbidden", "released_only")
        self._request, self.engine, self._role = request, engine, role
        self.view = engine if as_of is None else view_of(engine, as_of)
        self._newest = as_of is None
        self._live: tuple[int, int | None] | None = None
        self._began = monotonic(), thread_time()
        self._stamp = stamp_of(self.view, engine, role)

    def shows(self, resolution: int, at: int | None) -> None:
        """The answer is made of this map alone: while events stream in, it is good for as long as the map is shared."""
        if self._newest and not self.public:
            self._live = resolution, at
            self._stamp = ("map", *self.engine.map_mark(resolution, at), self.engine.made_anew)

    @property
    def drawing(self) -> Drawing:
        """Draws tiles and cuts boxes."""
        drawing: Drawing = self._request.app.state.drawing
        return drawing

    def sheet(self, resolution: int, box: Box | None = None, at: int | None = None) -> Sheet:
        """The map that this role sees."""
        if self.public:
            return released_sheet(self.engine, resolution, box, at)
        sheet = analytic_sheet(self.view.hexes(resolution, box, at))
        if self._live is not None:
            self._stamp = ("map", sheet.as_of, sheet.at, *self._stamp[3:])
        else:
            self.made_of(sheet.as_of)
        return sheet

    def days(self, resolution: int, box: Box | None, ends: list[int], first: date, last: date) -> list[Sheet]:
        """The map at the end of each day: ``ends`` in UTC s, from ``first`` to ``last`` in Viet Nam."""
        if self.public:
            return [released_sheet(self.engine, resolution, box, end) for end in ends]
        sheets = [analytic_sheet(columns) for columns in self.view.hex_days(resolution, first, last, box)]
        self.made_of(sheets[0].as_of)
        return sheets

    def why(self, cell: str, at: int | None, people: bool) -> HexWhy:
        """What a cell's score is made of.

        Raises:
            ProblemError: 404, no such cell.
        """
        named = cell_named(cell)
        if named is None:
            raise ProblemError("not_found", "no_cell")
        found = self.view.hex_why(named, at, people)
        self.made_of(found.as_of)
        return found

    def made_of(self, as_of: int | None) -> None:
        """Note the state that an answer was made of: under load a map may be older than the newest state."""
        if self._stamp[1] != as_of:
            self._newest = False
            self._stamp = ("state", as_of, *self._stamp[2:])

    def rests_on(self, versions: tuple[int, ...], as_of: int | None) -> None:
        """Note reports that an answer was made of in place of the map: its tag is theirs, and it is not kept."""
        self._newest = False
        known = self.view.as_of if as_of is None and not self.public else as_of
        self._stamp = ("reports", known, versions)

    def unchanged(self, *asked: object) -> Response | None:
        """304 when ``If-None-Match`` names what would be answered; nothing is made for it."""
        etag = self._etag(asked)
        if not same_etag(self._request.headers.get("if-none-match"), etag):
            return None
        return Response(status_code=NOT_MODIFIED, headers=self._headers(etag))

    def reply(self, body: bytes, media: str, *asked: object, headers: dict[str, str] | None = None) -> Response:
        """``body`` with its tag, packed, and kept for the next who asks the same; ``asked`` as in ``unchanged``."""
        head = {**self._headers(self._etag(asked)), **(headers or {})}
        coding = coding_of(self._request.headers.get("accept-encoding", ""))
        if len(body) >= SMALL and coding != "identity":
            body, head["Content-Encoding"] = packed(body, coding), coding
        keep: Keep | None = self._request.scope.get(HOLDER)
        if keep is not None and self._newest:
            keep.stamp, keep.until, keep.live = self._stamp, self._until(), self._made()
        if not body:
            return Response(status_code=204, headers=head)
        return Response(body, headers=head, media_type=MEDIA.get(media, media))

    def _made(self) -> Live | None:
        if self._live is None:
            return None
        began, spent = self._began[0], thread_time() - self._began[1]
        _, as_of, at, _ = self._stamp
        mark = int(str(as_of)), int(str(at))
        # A map that is shared already may be half a second old: the engine says how long it is shared.
        if self.engine.map_held(*self._live) == mark:
            return Live(*self._live, mark, 0.0, began + MOST_S)
        until = began + min(MOST_S, SHARE * spent) if spent > DEAR_S else 0.0
        return Live(*self._live, mark, until, until + MOST_S if until else 0.0)

    def _until(self) -> int | None:
        released = self._stamp[0] == "release"
        return self.engine.next_publishing(system_clock()) if released else None

    def _etag(self, asked: tuple[object, ...]) -> str:
        coding = coding_of(self._request.headers.get("accept-encoding", ""))
        return etag_of(self._request.app.state.run, self._role, self._stamp, coding, *asked)

    def _headers(self, etag: str) -> dict[str, str]:
        as_of = {} if self.public else {"As-Of": str(self._stamp[1])}
        return {
            "ETag": etag,
            **as_of,
            "Cache-Control": caching(self._until()),
            "Vary": "Accept, Accept-Encoding, Authorization",
        }
