"""A stand-in for the engine: fixed answers, and a record of what it was asked."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from api.examples.scenarios import TOTAL
from engine.clock import from_rfc3339
from engine.errors import (
    BadParameterError,
    BusyError,
    HistoryGoneError,
    NotFoundError,
    UnknownCaseError,
    UnknownPersonError,
    UnknownPolicyError,
)
from engine.geo.units import Units
from engine.scenarios.files import parse, scenario_hash
from engine.service.infectious_places import InfectiousPlace
from engine.service.metrics import Metrics
from engine.service.results import (
    BoardReport,
    BoardRow,
    CaseRow,
    Chain,
    ChainLink,
    Cluster,
    ContactRow,
    ExposureReport,
    ExposureRow,
    HexColumns,
    IngestReply,
    PersonReport,
    PlaceInfo,
    Rejection,
    TimelineEntry,
    Window,
)
from engine.service.risk_results import HexPerson, HexRing, HexWhy
from engine.service.scenario_job_files import Job

T = from_rfc3339("2021-07-09T02:30:00Z")
CASE = "P-1042"


@dataclass(frozen=True)
class FakePolicy:
    name: str
    since: str
    min_minutes: float
    channels: frozenset[str] = frozenset({"check_in", "bluetooth"})


def exposure(i: int, **other) -> ExposureRow:
    row = ExposureRow(
        f"P-{i:04d}", 1 + i // 5, T + i, T + 300 + i, 5.0, 1 / (i + 2), 0.5, False, ("bluetooth",), CASE, ()
    )
    return replace(row, **other)


CONTACT = ContactRow(
    CASE, "P-2077", T, T + 300, 300, "bluetooth", None, None, 52.5, None, 1.0,
    ({"kind": "bluetooth", "person": CASE, "peer": "P-2077", "at": T},),
)  # fmt: skip


class FakeSubscription:
    def __init__(self, hub, frames):
        self.hub, self.frames = hub, frames

    def take(self):
        taken, self.frames = b"".join(self.frames), []
        return taken

    def heartbeat(self):
        return b'id: r-9\nevent: heartbeat\ndata: {"as_of":7}\n\n'

    def close(self):
        self.hub.open.remove(self)


class FakeHub:
    """Every subscriber has a list of frames."""

    def __init__(self):
        self.open, self.asked, self.wakes = [], [], []

    @property
    def subscribers(self):
        return len(self.open)

    def publish(self, frame):
        for subscription in self.open:
            subscription.frames.append(frame)
        for wake in self.wakes:
            wake()

    def subscribe(self, last_event_id, wake):
        self.asked.append(last_event_id)
        self.wakes.append(wake)
        missed = b'event: missed\ndata: {"refetch":"/v1/board"}\n\n'
        self.open.append(FakeSubscription(self, [missed] if last_event_id == "unknown" else []))
        return self.open[-1]


@dataclass(frozen=True)
class FakeReleaseColumns:
    unit_resolution: np.ndarray
    unit: tuple
    score: np.ndarray
    band: np.ndarray
    since: np.ndarray


@dataclass(frozen=True)
class FakeRelease:
    """One cell of resolution 8, one of 9, and the remainder of an area."""

    at: int = T - 3_600
    as_of: int = 4
    number: int | None = None

    @property
    def id(self):
        return self.at if self.number is None else self.number

    def columns(self, resolution, bbox=None):
        return FakeReleaseColumns(
            np.array([-1, 8, 9], np.int8), ("79-rest", "8865b56629fffff", "8965b566223ffff"),
            np.array([10, 55, 90], np.int8), np.array([0, 1, 3], np.int8), np.array([T - 3_600, T - 7_200, T - 3_600]),
        )  # fmt: skip


CELLS = np.array([0x8965B56628FFFFF, 0x8965B5662B7FFFF], np.uint64)
WHY = HexWhy(
    cell=0x8965B56628FFFFF, resolution=9, at=T, as_of=7, score=89.99, band=2, low=74.1, high=97.9, reliability=2,
    persons=3, rate=0.01, half_rate=0.003, infectious_h=4.0, footfall_h=120.0,
    rings=(HexRing(ring=0, weight=1.0, cells=1, f0_h=4.0, f1_h=0.5, f2_h=0.0, footfall_h=120.0, infectious_share=1.0,
                   footfall_share=1.0),),
    level_weights=(1.0, 0.183, 0.033), parent=0x8865B56629FFFFF, parent_infectious_h=5.0, parent_footfall_h=500.0,
    parent_rate=0.01, prior_h=50.0,
)  # fmt: skip


class FakeView:
    """Knows one case; ``asked`` holds the arguments of the last call by method name."""

    def _check(self, person, policy=None):
        if self.fail is not None:
            raise self.fail
        if policy == "nope":
            raise UnknownPolicyError("no policy 'nope'")
        if person not in (CASE, "a/b", "=cmd"):
            raise UnknownCaseError(f"no case {person!r}")

    def _case(self, person, policy, counts):
        return CaseRow(
            person,
            T + 9,
            None,
            T,
            None,
            Window(T - 86_400, T + 86_400),
            policy or "vn-2021-07",
            ("case",),
            counts,
        )

    def mark(self):
        return self.as_of, self.data_time

    def cases(self, policy=None, until=None):
        self._check(CASE, policy)
        return [self._case(p, policy, {}) for p in ("P-0001", CASE, "P-3000")]

    def case(self, person, policy=None, until=None):
        self._check(person, policy)
        return self._case(person, policy, {"F1": 4, "F2": 2})

    def exposures(self, person, depth=2, policy=None, until=None, min_probability=0.0, channels=None):
        self.asked["exposures"] = {
            "person": person,
            "depth": depth,
            "policy": policy,
            "until": until,
            "min_probability": min_probability,
            "channels": channels,
        }
        self._check(person, policy)
        return self._report(person, policy, "forward", until, depth)

    def sources(self, person, depth=1, policy=None, until=None, since=None, min_probability=0.0, channels=None):
        self.asked["sources"] = {"person": person, "depth": depth, "since": since, "channels": channels}
        self._check(person, policy)
        return self._report(person, policy, "backward", until, depth)

    def _report(self, person, policy, direction, until, depth):
        window = Window(T - 86_400, T + 86_400)
        return ExposureReport(
            person,
            policy or "vn-2021-07",
            direction,
            self.as_of,
            window,
            until or self.data_time,
            depth,
            tuple(self.rows),
        )

    def hexes(self, resolution=9, bbox=None, at=None):
        self.asked["hexes"] = (resolution, bbox, at)
        if self.fail is not None:
            raise self.fail
        return HexColumns(
            resolution, at or self.data_time, self.as_of,
            np.array([0x8965B56628FFFFF, 0x8965B5662B7FFFF], np.uint64), np.array([89.999, 48.0]),
            np.array([2, 0], np.int8), np.array([74.125, 20.0]), np.array([97.981, 71.0]),
            np.array([2, 1], np.int8), np.array([4.0, 1.0]), np.array([0.5, 0.25]), np.array([120.0, 80.0]),
            np.array([3, 1], np.int64),
        )  # fmt: skip

    def hex_why(self, cell, at=None, people=False):
        self.asked["hex_why"] = (cell, at, people)
        who = (HexPerson(person=CASE, level=0, cell_h=4.0, near_h=4.0),) if people else ()
        return replace(WHY, cell=cell, people=who, as_of=self.as_of)

    def hex_days(self, resolution, first, last, bbox=None):
        self.asked["hex_days"] = (resolution, first, last, bbox)
        for n in range((last - first).days + 1):
            yield replace(self.hexes(resolution, bbox, T + n * 86_400), score=np.array([80.0 + n, 40.0]))

    def infectious_places(self, at=None):
        self.asked["infectious_places"] = at
        return (
            InfectiousPlace("market", "Chợ", "market", 10.5, 106.5, 1.5, 2, T - 7_200, T - 3_600),
            InfectiousPlace("school", None, None, 10.6, 106.6, 0.25, 1, T, T + 60),
        )

    def places(self, keys):
        known = {
            "market": PlaceInfo("market", "Chợ", "market", 10.5, 106.5),
            "school": PlaceInfo("school", "Trường", "school", 10.6, 106.6),
            "lost": PlaceInfo("lost", None, None, None, None),
        }
        return {k: known[k] for k in keys if k in known}

    def board(self, level=None, area=None, since=None):
        self.asked["board"] = (level, area, since)
        if self.fail is not None:
            raise self.fail
        rows = [
            BoardRow(CASE, 0, T - 86_400, None, CASE, (), 3),
            BoardRow("P-2077", 1, T, CASE, CASE, ("bluetooth",), 5),
            BoardRow("P-3000", 2, T + 60, "P-2077", CASE, ("check_in",), 6),
        ]
        return BoardReport(tuple(r for r in rows if level is None or r.level in level), self.as_of)


class FakeJobs:
    """Scenarios that wait for ever; ``ended`` makes one of them done."""

    def __init__(self):
        self.jobs, self.full, self.texts = {}, False, []

    def submit(self, text, actor, force=False):
        digest = scenario_hash(parse(text, "scenario"))
        if self.full:
            raise BusyError("16 scenarios wait already")
        same = [job for job in self.jobs.values() if job.hash == digest]
        if same and not force:
            return same[-1]
        self.texts.append(text)
        job = Job(f"{digest[:12]}-{len(self.jobs)}", digest, "isolation", "simulation", actor, "queued",
                  T + len(self.jobs), runs=("nothing", "isolation"), total=200)  # fmt: skip
        self.jobs[job.id] = job
        return job

    def ended(self, ident, **how):
        self.jobs[ident] = replace(self.jobs[ident], **{"state": "done", "finished_at": T + 99, "done": 200, **how})

    def all(self):
        return list(self.jobs.values())[::-1]

    def get(self, ident):
        if ident not in self.jobs:
            raise NotFoundError("there is no such scenario")
        return self.jobs[ident]

    def cancel(self, ident, actor):
        job = self.get(ident)
        self.jobs[ident] = replace(job, state="cancelled", finished_at=T + 99)
        return self.jobs.pop(ident) if job.ended else self.jobs[ident]

    def table(self, ident, part):
        if self.get(ident).state != "done" or part != "totals":
            raise NotFoundError("there is no such part; there are totals")
        rows = [dict(TOTAL, variant=name) for name in ("nothing", "isolation")]
        return pa.Table.from_pylist(rows)

    def report(self, ident, lang):
        return f"<!doctype html><html lang={lang}>{self.get(ident).name}</html>".encode()


class FakeEngine(FakeView):
    """The whole engine: what comes in is counted, each batch has a number."""

    def __init__(self, rows=None):
        self.as_of, self.data_time, self.ready, self.closed = 7, T + 86_400, True, False
        self.share, self.failure, self.metrics, self.made_anew = 1.0, None, Metrics(), 0
        self.scenario_jobs = FakeJobs()
        self.stream, self.map_stream, self.release_stream = FakeHub(), FakeHub(), FakeHub()
        self.held = None
        self.released, self.in_memory = [FakeRelease()], False
        self.rows = [exposure(i) for i in range(10)] if rows is None else rows
        self.asked, self.ingests, self.fail, self.taken = {}, 0, None, []

    def ingest(self, kind, raw, malformed=(), first_row=0, source="http", wait=True):
        if self.fail is not None:
            raise self.fail
        self.ingests += 1
        self.as_of += 1
        self.asked["ingest"] = (kind, raw, tuple(malformed), first_row, source, wait)
        self.taken.append(raw.num_rows)
        refused = tuple(Rejection(r.row, r.code, r.detail) for r in malformed)
        return IngestReply(raw.num_rows, 0, refused, self.as_of)

    def at(self, as_of):
        self.asked["at"] = as_of
        if not 2 <= as_of <= self.as_of:
            raise HistoryGoneError("the retained history begins at batch 2")
        past = FakeView()
        past.as_of, past.data_time, past.rows = as_of, self.data_time, self.rows[:3]
        past.asked, past.fail = self.asked, self.fail
        return past

    def map_mark(self, resolution, at=None):
        return self.map_held(resolution, at) or (self.as_of, at or self.data_time)

    def map_held(self, resolution, at=None):
        return self.held

    def release_id(self):
        return (self.released[-1].id if self.released else 0) if self.in_memory else None

    def release(self, at=None):
        self.asked["release"] = at
        known = [r for r in self.released if at is None or r.at <= at]
        return known[-1] if known else None

    def next_publishing(self, now):
        return now + 1_000

    def areas(self):
        return Units()

    def area_levels(self, tier="province", rules=None, at=None):
        raise BadParameterError("no area was loaded")

    def published_levels(self, tier="province", rules=None):
        return self.area_levels(tier, rules)

    def seq_at(self, moment):
        self.asked["seq_at"] = moment
        return 5

    def person(self, person):
        if person == "nobody":
            raise UnknownPersonError("no event names 'nobody'")
        entry = TimelineEntry(T, "quarantined", {"mode": "central", "ended_at": T + 60})
        return PersonReport(person, 1, False, T + 60, exposure(3), CASE, (entry,), self.as_of)

    def contacts(self, person, start=None, end=None, policy=None):
        self.asked["contacts"] = (start, end, policy)
        return [CONTACT, replace(CONTACT, channel="check_in", place="market", evidence=())]

    def chains(self, person, case=None, policy=None, until=None, depth=3):
        if case is not None:
            self._check(case)
        link = ChainLink(CASE, person, 1, T, 5.0, 0.5, (CONTACT,))
        return [Chain(CASE, person, 1, 0.5, (link,))]

    def clusters(self, start=None, end=None, policy=None):
        return [Cluster("market", "Chợ", "market", 10.5, 106.5, T, T + 60, (CASE, "P-2077"), 600)]

    def policies(self):
        return [FakePolicy("vn-2021-07", "2021-07-30", 0)]

    def close(self):
        self.closed = True
