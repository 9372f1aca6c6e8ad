"""What the HTTP layer needs of the engine: the part of ``engine.service.engine.Engine`` that routes call.

Routes are typed against this, so that they can be tested with a small stand-in; the entry point passes the
real Engine, and the type checker compares the two there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.errors import TruyvetError
from engine.service.infectious_places import InfectiousPlace
from engine.service.metrics import Metrics
from engine.service.results import (
    BoardReport,
    CaseRow,
    Chain,
    Cluster,
    ContactRow,
    ExposureReport,
    HexColumns,
    IngestReply,
    PersonReport,
    PlaceInfo,
)
from engine.service.risk_results import HexWhy
from engine.service.scenario_job_files import Job

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


class SubscriptionPort(Protocol):
    """One reader of the live events."""

    def take(self) -> bytes:
        """The next frames of server-sent events; nothing when up to date."""

    def heartbeat(self) -> bytes:
        """A frame that says: alive."""

    def close(self) -> None:
        """No more."""


class HubPort(Protocol):
    """The live events, encoded once."""

    @property
    def subscribers(self) -> int:
        """How many read."""

    def subscribe(self, last_event_id: str | None, wake: Callable[[], None]) -> SubscriptionPort:
        """A reader from after ``last_event_id`` on; ``wake`` is called, from any thread, when there is more."""


class ReleaseColumnsPort(Protocol):
    """Published units as columns of one length, ordered by unit."""

    @property
    def unit_resolution(self) -> npt.NDArray[np.int8]:
        """Of the cell that the unit is; -1: the remainder of an area."""

    @property
    def unit(self) -> tuple[str, ...]:
        """The H3 cell, or the code of the area; "": the remainder of everything."""

    @property
    def score(self) -> npt.NDArray[np.int8]:
        """0, 5, .. 100."""

    @property
    def band(self) -> npt.NDArray[np.int8]:
        """0 to 3."""

    @property
    def since(self) -> npt.NDArray[np.int64]:
        """From when on these numbers were published, UTC s."""


class ReleasePort(Protocol):
    """A published map."""

    @property
    def id(self) -> int:
        """Its number: two releases may have one moment."""

    @property
    def at(self) -> int:
        """When it was published, UTC s."""

    @property
    def as_of(self) -> int:
        """Sequence number of the last batch behind it."""

    def columns(self, resolution: int, bbox: Box | None = None) -> ReleaseColumnsPort:
        """Its units, none finer than ``resolution``; whole units that meet the box, and every remainder."""


class ViewPort(Protocol):
    """What is known at one moment: now, or at an ``as_of`` of the past. Moments are UTC seconds."""

    @property
    def as_of(self) -> int:
        """Sequence number of the last batch in the state."""

    @property
    def data_time(self) -> int:
        """Latest moment among accepted events, never later than the clock."""

    def mark(self) -> tuple[int, int]:
        """``as_of`` and data time of the one state that would be answered from now."""

    def cases(self, policy: str | None = None, until: int | None = None) -> Sequence[CaseRow]:
        """Every F0, ordered by person."""

    def case(self, person: str, policy: str | None = None, until: int | None = None) -> CaseRow:
        """One F0 with counts."""

    def exposures(
        self,
        person: str,
        depth: int = 2,
        policy: str | None = None,
        until: int | None = None,
        min_probability: float = 0.0,
        channels: frozenset[str] | None = None,
    ) -> ExposureReport:
        """Who was exposed by a case."""

    def sources(
        self,
        person: str,
        depth: int = 1,
        policy: str | None = None,
        until: int | None = None,
        since: int | None = None,
        min_probability: float = 0.0,
        channels: frozenset[str] | None = None,
    ) -> ExposureReport:
        """Who may have infected a case."""

    def hexes(self, resolution: int = 9, bbox: Box | None = None, at: int | None = None) -> HexColumns:
        """The hex map."""

    def hex_why(self, cell: int, at: int | None = None, people: bool = False) -> HexWhy:
        """What a cell's score is made of; with ``people``, who."""

    def hex_days(self, resolution: int, first: date, last: date, bbox: Box | None = None) -> Iterator[HexColumns]:
        """The map at the end of each day."""

    def infectious_places(self, at: int | None = None) -> Sequence[InfectiousPlace]:
        """Places where F0s spent infectious time."""

    def person(self, person: str) -> PersonReport:
        """A person then."""

    def places(self, keys: Iterable[str]) -> dict[str, PlaceInfo]:
        """Reference data of places."""

    def board(
        self, level: frozenset[int] | None = None, area: str | None = None, since: int | None = None
    ) -> BoardReport:
        """Everybody who has a level, ordered by (level, person); ``since``: changed after this sequence number."""


class JobsPort(Protocol):
    """Scenarios as jobs; see ``ScenarioJobs`` for the meaning of each method."""

    def submit(self, text: str, actor: str, force: bool = False) -> Job:
        """Take a scenario in."""

    def all(self) -> list[Job]:
        """Every job, the newest first."""

    def get(self, ident: str) -> Job:
        """One job."""

    def cancel(self, ident: str, actor: str) -> Job:
        """Stop it, or take it away."""

    def table(self, ident: str, part: str) -> pa.Table:
        """A table of its results."""

    def report(self, ident: str, lang: str) -> bytes:
        """Its report as HTML."""


class EnginePort(ViewPort, Protocol):
    """The engine as routes see it; see ``Engine`` for the meaning of each method."""

    @property
    def ready(self) -> bool:
        """Whether the state is whole and can be asked."""

    @property
    def share(self) -> float:
        """How much of the journal is replayed, 0 to 1."""

    @property
    def made_anew(self) -> int:
        """Changes when the state was replaced by another of the same number, as by a purge."""

    @property
    def failure(self) -> TruyvetError | None:
        """Why it will never be ready, if so."""

    @property
    def metrics(self) -> Metrics:
        """What is counted."""

    @property
    def scenario_jobs(self) -> JobsPort:
        """Scenarios that clients submitted."""

    @property
    def stream(self) -> HubPort:
        """The live events."""

    def ingest(
        self,
        kind: str,
        raw: pa.Table,
        malformed: Sequence[Any] = (),
        first_row: int = 0,
        source: str = "http",
        wait: bool = True,
    ) -> IngestReply:
        """Take in a batch; with ``wait`` False, BusyError when there is no room."""

    def map_mark(self, resolution: int, at: int | None = None) -> tuple[int, int]:
        """``as_of`` and moment of the map that ``hexes`` would answer with now."""

    def map_held(self, resolution: int, at: int | None = None) -> tuple[int, int] | None:
        """The same while it shares a map that was dear; None: it would look for what is new. Never waits."""

    @property
    def map_stream(self) -> HubPort:
        """New maps, for those who see the analytic map and no people."""

    @property
    def release_stream(self) -> HubPort:
        """New releases, for those who see nothing else."""

    def release(self, at: int | None = None) -> ReleasePort | None:
        """The newest release, or the newest at or before ``at`` (UTC s); None before the first."""

    def release_id(self) -> int | None:
        """The id of the newest release, 0 without one; None when the database has to be asked first."""

    def next_publishing(self, now: int) -> int:
        """The next publishing time after ``now``, UTC s."""

    def areas(self) -> Any:
        """The administrative units."""

    def area_levels(self, tier: str = "province", rules: str | None = None, at: int | None = None) -> Any:
        """Official levels of a tier."""

    def published_levels(self, tier: str = "province", rules: str | None = None) -> Any:
        """The same as the public may see them: they change at publishing times."""

    def at(self, as_of: int) -> ViewPort:
        """The state as it was known at ``as_of``."""

    def seq_at(self, moment: int) -> int:
        """Sequence number of the last batch received at or before ``moment``."""

    def contacts(
        self, person: str, start: int | None = None, end: int | None = None, policy: str | None = None
    ) -> Sequence[ContactRow]:
        """Contacts of a person, by time."""

    def chains(
        self,
        person: str,
        case: str | None = None,
        policy: str | None = None,
        until: int | None = None,
        depth: int = 3,
    ) -> Sequence[Chain]:
        """Witness chains, best first."""

    def clusters(
        self, start: int | None = None, end: int | None = None, policy: str | None = None
    ) -> Sequence[Cluster]:
        """Shared places, most cases first."""

    def policies(self) -> Sequence[Any]:
        """Contact policies: frozen dataclasses."""

    def close(self) -> None:
        """Flush and let go."""
