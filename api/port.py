"""What the HTTP layer needs of the engine: the part of ``engine.service.engine.Engine`` that routes call.

Routes are typed against this, so that they can be tested with a small stand-in; the entry point passes the
real Engine, and the type checker compares the two there.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from engine.service.results import (
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

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


class EnginePort(Protocol):
    """The engine as routes see it. Moments are UTC seconds; see ``Engine`` for the meaning of each method."""

    @property
    def as_of(self) -> int:
        """Sequence number of the last batch in the state."""

    @property
    def data_time(self) -> int:
        """Latest moment among accepted events, never later than the clock."""

    @property
    def ready(self) -> bool:
        """Whether the state is whole and can be asked."""

    def ingest_json(self, kind: str, body: bytes) -> IngestReply:
        """Take in ``{"events": [...]}``."""

    def ingest_ndjson(self, kind: str, body: bytes) -> IngestReply:
        """Take in one JSON object a line."""

    def ingest_arrow(self, kind: str, body: bytes) -> IngestReply:
        """Take in an Arrow IPC stream."""

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

    def person(self, person: str) -> PersonReport:
        """A person now."""

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

    def hexes(self, resolution: int = 9, bbox: Box | None = None, at: int | None = None) -> HexColumns:
        """The hex map."""

    def places(self, keys: Iterable[str]) -> dict[str, PlaceInfo]:
        """Reference data of places."""

    def policies(self) -> Sequence[Any]:
        """Contact policies: frozen dataclasses."""

    def close(self) -> None:
        """Flush and let go."""
