"""What the service answers: plain frozen records. Moments are UTC seconds; edges turn them into text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Rejection:
    """One refused row: its index in the batch, a stable code, and what to do."""

    row: int
    code: str
    detail: str


@dataclass(frozen=True)
class IngestReply:
    """What became of a batch. accepted + duplicates + len(rejected) = rows given."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    as_of: int


@dataclass(frozen=True)
class FileReport:
    """What became of a file. ``rejected`` lists the first 1,000 refused rows, ``rejected_total`` counts all."""

    path: Path
    kind: str
    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    rejected_total: int
    seconds: float


@dataclass(frozen=True)
class Window:
    """Half-open interval of UTC seconds."""

    start: int
    end: int


@dataclass(frozen=True)
class CaseRow:
    """An F0: dates (None: not known), infectious window under a policy, and how many were exposed."""

    person: str
    confirmed_at: int | None
    onset_at: int | None
    sampled_at: int | None
    isolated_at: int | None
    window: Window
    policy: str
    sources: tuple[str, ...]
    """Which events make this person an F0: ``case``, ``test_result``."""
    counts: dict[str, int] = field(default_factory=dict)
    """``{"F1": n, "F2": m}``; lists have F1 only."""


@dataclass(frozen=True)
class ExposureRow:
    """One person reached from a case (or one possible source of it)."""

    person: str
    level: int
    first_exposed_at: int
    last_exposed_at: int
    minutes: float
    probability: float
    dose: float
    is_case: bool
    channels: tuple[str, ...]
    via: str
    """The person one level nearer to the case in the witness chain (the case itself for F1)."""
    places: tuple[str, ...]
    """Places of shared check-ins behind this level, by key."""


@dataclass(frozen=True)
class ExposureReport:
    """The answer of a trace. Rows ordered by level, then probability downwards, then first moment, then key."""

    case: str
    policy: str
    direction: str
    """``forward`` (exposures) or ``backward`` (sources)."""
    as_of: int
    window: Window
    until: int
    depth: int
    rows: Sequence[ExposureRow]


@dataclass(frozen=True)
class ContactRow:
    """One shown contact of a person on one channel, with the natural keys of the events behind it.

    ``t_start``..``t_end`` is as shown (sightings under 11 minutes apart are one row); ``seconds`` is what is
    credited and never counts the gaps.
    """

    person: str
    other: str
    t_start: int
    t_end: int
    seconds: int
    channel: str
    place: str | None
    cell: str | None
    attenuation_db: float | None
    """Least attenuation among the sightings."""
    distance_m: float | None
    """Least distance between the fixes."""
    weight: float
    """Greatest weight among the evidence."""
    evidence: tuple[dict[str, object], ...]
    """Natural keys: {"kind", "person", ...} with moments as UTC seconds."""


@dataclass(frozen=True)
class ChainLink:
    """One step of a chain: who exposed whom, when, how long, how surely, by which contacts."""

    source: str
    person: str
    level: int
    first_exposed_at: int
    minutes: float
    probability: float
    contacts: tuple[ContactRow, ...]


@dataclass(frozen=True)
class Chain:
    """A witness that a person is Fk of a case: links from the case to the person.

    ``probability`` is the product over the links; the person's own, over all ways, is at least that.
    """

    case: str
    person: str
    level: int
    probability: float
    links: tuple[ChainLink, ...]


@dataclass(frozen=True)
class Cluster:
    """A place and interval where two or more F0 were infectious or infected together."""

    place: str
    name: str | None
    kind: str | None
    lat: float | None
    lng: float | None
    t_start: int
    t_end: int
    cases: tuple[str, ...]
    person_seconds: int


@dataclass(frozen=True)
class TimelineEntry:
    """One dated fact of a person: ``what`` is a stable word (onset, sampled, positive, isolated, ...)."""

    at: int
    what: str
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PersonReport:
    """A person now: level over all F0s (0: is one; None: no level), why, and the dated facts."""

    person: str
    level: int | None
    is_case: bool
    isolated_at: int | None
    because: ExposureRow | None
    because_case: str | None
    timeline: tuple[TimelineEntry, ...]
    as_of: int


@dataclass(frozen=True)
class PlaceInfo:
    """Reference data of a place, with None where nothing is known."""

    place: str
    name: str | None
    kind: str | None
    lat: float | None
    lng: float | None


@dataclass(frozen=True)
class HexColumns:
    """The hex map as columns of one length, ordered by cell."""

    resolution: int
    at: int
    as_of: int
    h3: npt.NDArray[np.uint64]
    score: npt.NDArray[np.float64]
    """0..100"""
    band: npt.NDArray[np.int8]
    """0 normal, 1 at risk (>= 50), 2 high (>= 70), 3 very high (>= 90)"""
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    reliability: npt.NDArray[np.int8]
    """0: hardly anybody seen there; 1: the interval spans three or more bands; 2: otherwise"""
    infectious_h: npt.NDArray[np.float64]
    """Decayed infectious person-hours of F0s in the cell itself, before smoothing."""
    contact_h: npt.NDArray[np.float64]
    """The same of F1s and F2s, each hour times the chance that its person is infected."""
    footfall_h: npt.NDArray[np.float64]
    """Decayed person-hours of everybody in the cell itself."""
    persons: npt.NDArray[np.int64]
    """Distinct F0s in the cell or its two rings."""


@dataclass(frozen=True)
class BoardRow:
    """Somebody on the board: the least level over all F0s, since when, and through whom."""

    person: str
    level: int
    since: int
    """First exposure at this level, UTC s; of an F0 the opening of its window."""
    via: str | None
    """Who passed it on; None for an F0."""
    case: str | None
    """The F0 at the root of the chain; None for an F0."""
    channels: tuple[str, ...]
    changed_as_of: int
    """Journal sequence number of the last change of the level; after a start, of the first look."""


@dataclass(frozen=True)
class BoardReport:
    """The board, ordered by level and person key. ``rows`` are looked up as they are read."""

    rows: Sequence[BoardRow]
    as_of: int


@dataclass(frozen=True)
class PurgeReport:
    """What a purge took away: everything received before ``before`` (UTC s) that is tied to no case."""

    before: int
    batches: int
    rows: int
    rejects: int
    exports: tuple[Path, ...]
    """Exports that were written anew without what was purged."""
    seconds: float
