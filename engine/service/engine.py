"""The engine: one object that takes events in, publishes what it knows, and answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa

from engine.clock import Clock, system_clock
from engine.errors import BadParameterError
from engine.events.readers import RawBatch, files_of, parse_arrow, parse_json, parse_ndjson, read_path, read_stream
from engine.events.schemas import kind_named
from engine.events.validate import Rejected
from engine.exposure.policies import PRESETS, Policy, policy_named
from engine.graph.materialise import materialise
from engine.service import answers
from engine.service.explain import contacts_of
from engine.service.intake import Intake
from engine.service.progress import Progress
from engine.service.results import (
    CaseRow,
    Chain,
    Cluster,
    ContactRow,
    ExposureReport,
    FileReport,
    HexColumns,
    IngestReply,
    PersonReport,
    PlaceInfo,
)
from engine.service.riskmap import hex_columns
from engine.service.snapshot import Snapshot, named
from engine.service.timeline import timeline_of

AnyPolicy = str | Policy | None
"""Name of a preset, a policy of one's own, or None: the engine's default."""


@dataclass(frozen=True)
class Settings:
    """How to open an engine. ``data`` None: in memory only."""

    data: Path | None = None
    default_policy: str = "vn-2021-07"
    lang: Literal["vi", "en"] = "en"


class Engine:
    """Ingest, publish, query. Thread-safe: one writer at a time, readers never wait for the journal."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._policy = policy_named(settings.default_policy)
        self._intake = Intake(clock)
        self._ready = False

    @classmethod
    def open(cls, settings: Settings, clock: Clock = system_clock, progress: Progress | None = None) -> "Engine":
        """An engine with everything its data folder holds.

        Raises:
            JournalError: the folder cannot be used, or a stored batch is damaged.
        """
        engine = cls(settings, clock)
        if settings.data is not None:
            engine._intake.replay(settings.data, progress)
        engine._ready = True
        return engine

    # -- taking in ----------------------------------------------------------------------------------

    def ingest(self, kind: str, raw: pa.Table, malformed: Sequence[Rejected] = (), first_row: int = 0) -> IngestReply:
        """Check a batch, store its good rows, take them in. Bad rows are refused alone.

        Raises:
            UnknownKindError: no such kind.
            JournalError: the batch could not be stored; nothing of it was accepted.
        """
        return self._intake.ingest(kind, raw, malformed, first_row)

    def ingest_json(self, kind: str, body: bytes) -> IngestReply:
        """A JSON document ``{"events": [...]}``."""
        kind_named(kind)
        return self._ingest_batch(kind, parse_json(body, kind))

    def ingest_ndjson(self, kind: str, body: bytes) -> IngestReply:
        """One JSON object a line."""
        kind_named(kind)
        return self._ingest_batch(kind, parse_ndjson(body, kind))

    def ingest_arrow(self, kind: str, body: bytes) -> IngestReply:
        """An Arrow IPC stream."""
        kind_named(kind)
        return self._ingest_batch(kind, parse_arrow(body, kind))

    def _ingest_batch(self, kind: str, batch: RawBatch) -> IngestReply:
        return self.ingest(kind, batch.table, batch.malformed, batch.first_row)

    def ingest_paths(
        self,
        paths: Sequence[Path],
        kind: str | None = None,
        progress: Progress | None = None,
        ignored: Callable[[Path, str], None] | None = None,
    ) -> list[FileReport]:
        """Take in files and folders, streamed in batches; ``ignored`` is told of what was left out, and why.

        Raises:
            UnreadableFileError: a file is missing or torn; batches read before it stay accepted.
        """
        found = files_of(paths, kind, ignored)
        return [self._intake.ingest_batches(path, k, read_path(path, k), progress) for path, k in found]

    def ingest_stream(self, stream: BinaryIO, kind: str, form: str = "ndjson") -> FileReport:
        """Take in a byte stream that cannot seek (standard input): ndjson, json, csv or arrow.

        Raises:
            UnreadableFileError: torn, or no such form.
        """
        return self._intake.ingest_batches(Path("-"), kind, read_stream(stream, kind, form), None)

    # -- what is known --------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The newest state; made once after a change, then shared by every reader."""
        return self._intake.snapshot()

    @property
    def ready(self) -> bool:
        """Whether queries may be asked."""
        return self._ready

    @property
    def as_of(self) -> int:
        """Journal sequence of the last batch taken in."""
        return self._intake.seq

    @property
    def data_time(self) -> int:
        """Latest moment among accepted events, never later than the clock, UTC s."""
        return self._time_of(self.snapshot())

    def _time_of(self, state: Snapshot) -> int:
        return min(self._clock(), state.latest)

    def summary(self) -> dict[str, int]:
        """How much of everything there is: events by kind, people, places, cases."""
        state = self.snapshot()
        counts = {
            kind: sum(len(segment.rows) for segment in getattr(state.graph, kind))
            for kind in ("bluetooth", "check_in", "location")
        }
        counts["place"] = len(state.place_data)
        counts |= {kind: len(register) for kind, register in self._intake.timelines.registers.items()}
        people, places = state.remember("named", lambda: named(state))
        return {**counts, "people": people, "places": places, "cases": len(state.people.cases)}

    # -- questions ------------------------------------------------------------------------------------

    def _asked(self, policy: AnyPolicy, until: int | None) -> tuple[Snapshot, Policy, int]:
        state = self.snapshot()
        chosen = self._policy if policy is None else policy_named(policy) if isinstance(policy, str) else policy
        return state, chosen, self._time_of(state) if until is None else until

    def policies(self) -> list[Policy]:
        """The contact policies there are, in order of date."""
        return sorted(PRESETS.values(), key=lambda p: (p.since, p.name))

    def cases(self, policy: AnyPolicy = None, until: int | None = None) -> list[CaseRow]:
        """Every F0 with the number of its F1, ordered by person key."""
        return answers.case_rows(*self._asked(policy, until))

    def case(self, person: str, policy: AnyPolicy = None, until: int | None = None) -> CaseRow:
        """One F0, with the number of its F1 and F2.

        Raises:
            UnknownPersonError, UnknownCaseError: see :meth:`exposures`.
        """
        state, chosen, moment = self._asked(policy, until)
        return answers.case_row(state, state.case(person), chosen, moment)

    def exposures(
        self,
        person: str,
        depth: int = 2,
        policy: AnyPolicy = None,
        until: int | None = None,
        min_probability: float = 0.0,
        channels: frozenset[str] | None = None,
    ) -> ExposureReport:
        """Who an F0 may have exposed: F1..F``depth`` (at most 6), with first moment, minutes and probability.

        ``policy`` is the name of a preset or a policy of one's own, here and in every other question.

        Raises:
            UnknownPersonError: no accepted event names this person.
            UnknownCaseError: known, but not an F0.
            UnknownPolicyError, BadParameterError: the question cannot be asked so.
        """
        state, chosen, moment = self._asked(policy, until)
        return answers.exposures(state, state.case(person), depth, chosen, moment, min_probability, channels)

    def sources(
        self,
        person: str,
        depth: int = 1,
        policy: AnyPolicy = None,
        until: int | None = None,
        since: int | None = None,
        min_probability: float = 0.0,
        channels: frozenset[str] | None = None,
    ) -> ExposureReport:
        """Who may have infected an F0: the trace with time reversed. Raises as :meth:`exposures`."""
        state, chosen, moment = self._asked(policy, until)
        f0 = state.case(person)
        return answers.sources(state, f0, depth, chosen, moment, since, min_probability, channels)

    def person(self, person: str) -> PersonReport:
        """Level now over all F0s, why, and the dated facts of a person.

        Raises:
            UnknownPersonError: no accepted event names this person.
        """
        with self._intake.lock:
            state, facts = self._intake.current(), timeline_of(self._intake.timelines, person)
        return answers.person_report(state, person, self._policy, self._time_of(state), facts)

    def contacts(
        self, person: str, start: int | None = None, end: int | None = None, policy: AnyPolicy = None
    ) -> list[ContactRow]:
        """Contacts of a person with their evidence, ordered by moment; everything known when no time is given.

        Raises:
            UnknownPersonError: no accepted event names this person.
            BadParameterError: the interval is empty.
        """
        state, chosen, moment = self._asked(policy, end)
        first = 0 if start is None else start
        if first >= moment and start is not None:
            raise BadParameterError("the interval is empty: from must be earlier than to")
        return contacts_of(state, state.person(person), first, moment, chosen)[0]

    def chains(
        self,
        person: str,
        case: str | None = None,
        policy: AnyPolicy = None,
        until: int | None = None,
        depth: int = 3,
    ) -> list[Chain]:
        """How a person was reached, from one case or from the ten nearest, best first. Raises as :meth:`exposures`."""
        state, chosen, moment = self._asked(policy, until)
        return answers.chains(state, person, case, chosen, moment, depth)

    def clusters(self, start: int | None = None, end: int | None = None, policy: AnyPolicy = None) -> list[Cluster]:
        """Places where F0s were infectious or infected together, most cases first."""
        state, chosen, moment = self._asked(policy, end)
        return answers.cluster_rows(state, chosen, 0 if start is None else start, moment)

    def hexes(
        self,
        resolution: int = 9,
        bbox: tuple[float, float, float, float] | None = None,
        at: int | None = None,
    ) -> HexColumns:
        """The hex map at a moment (default: data time), resolution 7 to 10, within west, south, east, north.

        Raises:
            BadParameterError: resolution or box out of bounds.
        """
        state, chosen, moment = self._asked(None, at)
        return hex_columns(state, resolution, bbox, moment, chosen)

    def materialise(
        self, start: int, end: int, policy: AnyPolicy = None, gap_s: int | None = None, by_channel: bool = True
    ) -> pa.Table:
        """Every contact in [start, end) as an Arrow table (see :mod:`engine.graph.materialise`); for analysis."""
        state, chosen, _ = self._asked(policy, end)
        limits = chosen.eligibility()
        return materialise(state.graph, state.person_keys, state.place_keys, start, end, limits, gap_s, by_channel)

    def places(self, keys: Iterable[str]) -> dict[str, PlaceInfo]:
        """Reference data of places, by key; None where nothing is known."""
        data = self.snapshot().place_data
        out = {}
        for key in keys:
            d = data.get(key, {})
            out[key] = PlaceInfo(key, d.get("name"), d.get("kind"), d.get("lat"), d.get("lng"))
        return out

    def close(self) -> None:
        """Stop answering. Everything accepted is already stored."""
        self._ready = False
