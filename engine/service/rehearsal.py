"""Everything a server is asked for, asked once of a made-up town, so that no sender and no reader waits for a kernel.

A kernel is compiled the first time ever that it is called, some seconds, and loaded in every process the first time,
some milliseconds. A server does both before it is ready: it takes in a few hundred events every way there is and asks
every question, of an engine in memory that is then forgotten.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from engine.clock import DAY, HOUR, in_viet_nam, to_rfc3339
from engine.errors import TruyvetError
from engine.exposure.policies import policy_named
from engine.exposure.reach import reach_each
from engine.exposure.reached import Question, Seed
from engine.graph.lists import lists_of
from engine.graph.near_book import known_book, make_if_it_pays
from engine.graph.presences import Queries
from engine.service.board_report import BoardRows
from engine.service.exposure_rows import ExposureRows
from engine.service.tiles import Drawing

if TYPE_CHECKING:
    from engine.service.engine import Engine

PEOPLE, PLACES, DAYS, CASES = 80, 6, 4, 8
TRICKLE = (1, 40, 1, 9, 1, 1, 1, 9, 2, 1, 1, 70, 1, 1, 9, 1)
"""Sizes of batches that come later: how rows merge depends on how many there are."""
CROWD = 24_000
"""Rows of a large batch."""
WIDE_DEG = 0.05
"""How far these lie apart, so that few are near each other: kernels are to be loaded, not to be busy."""
STRANGERS = 1_500
"""People who are seen once: tables of keys have to grow for them."""
STEPS = 50
"""Of a rehearsal."""
START = 18_809 * DAY
"""The first day of the town, in July 2021, UTC s."""
END = START + DAYS * DAY
RESOLUTIONS = (7, 8, 9, 10)
ZOOM, COLUMN, ROW = 10, 815, 481
"""The tile of the town."""
Event = dict[str, Any]

_log = logging.getLogger(__name__)
_turn = Lock()
_done = False


def rehearse(engine: "Callable[[], Engine]", tell: Callable[[float], None] = lambda _: None) -> None:
    """Compile or load every kernel that requests reach, with an empty engine in memory; once a process.

    ``tell`` is told how much is done, 0 to 1: a share of the steps, of which the first ever called take longest.
    Never fails: a server serves all the same. Cost: about two seconds; 100 s of one core the first time ever.
    """
    global _done
    with _turn:
        if _done:
            return
        try:
            rehearsed = engine()
            for done, _ in enumerate(chain(take_in(rehearsed), ask(rehearsed)), 1):
                tell(min(1.0, done / STEPS))
            rehearsed.close()
        except Exception:
            _log.exception("the rehearsal failed: first requests may wait for kernels")
        _done = True


def take_in(engine: "Engine") -> Iterator[None]:
    """The town's events, each kind in every form, then more of them, many and few at a time, into the same days."""
    town = Town()
    for kind, events in town.everything():
        third = -(-len(events) // 3)
        engine.ingest_json(kind, orjson.dumps({"events": events[:third]}))
        engine.ingest_ndjson(kind, b"\n".join(map(orjson.dumps, events[third : 2 * third])))
        if rest := events[2 * third :]:
            table, sink = pa.Table.from_pylist(rest), pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
            engine.ingest_arrow(kind, sink.getvalue().to_pybytes())
        yield
    engine.board()
    engine.hexes()
    engine.ingest("location", town.crowd())
    yield from _trickle(engine, town)


def _trickle(engine: "Engine", town: "Town") -> Iterator[None]:
    """Few at a time, into days with much; into one that held a single event of each kind; repeats among them."""
    for kind, one in town.moving.items():
        first, second = one(0, -2), one(1, -2)
        engine.ingest_json(kind, orjson.dumps({"events": [first]}))
        engine.ingest_json(kind, orjson.dumps({"events": [first, second, second]}))
    lone = {kind: one(0, -1) for kind, one in town.moving.items()}
    for more in ({}, *[town.moving] * 2):
        for kind, event in lone.items():
            others = [more[kind](n, -1) for n in range(9)] if more else []
            engine.ingest_json(kind, orjson.dumps({"events": [event, *others]}))
        engine.board()
        engine.hexes()
    for nth, size in enumerate(TRICKLE):
        for kind, one in town.moving.items():
            events = [one(n, nth % DAYS) for n in range(size)]
            engine.ingest_json(kind, orjson.dumps({"events": events}))
            if nth % 2:
                engine.ingest_json(kind, orjson.dumps({"events": [*events, one(0, 1), *events]}))
        if nth % 3 == 0:
            engine.board()
            engine.hexes()
        yield


class Town:
    """Made-up people who meet."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(1)
        self.moving = {"location": self._fix, "check_in": self._stay, "bluetooth": self._sighting}
        """By kind: an event of a person on a day."""

    def everything(self) -> Iterator[tuple[str, list[Event]]]:
        """Some days of events, by kind."""
        every = [(n, day) for day in range(DAYS) for n in range(PEOPLE)]
        yield "place", [{"place": f"hall {n}", "kind": "market", "lat": 10.77, "lng": 106.7} for n in range(PLACES)]
        for kind, one in (*self.moving.items(), ("location", self._fix)):
            yield kind, [one(*which) for which in every]
        yield "location", [self._fix(0, 1) | {"person": f"stranger {n}"} for n in range(STRANGERS)]
        known = [(f"person {3 * n}", self._moment(DAYS - 2)) for n in range(CASES)]
        yield "case", [{"person": p, "onset_at": to_rfc3339(t - DAY), "confirmed_at": to_rfc3339(t)} for p, t in known]
        result = {"sampled_at": to_rfc3339(END - DAY), "method": "pcr", "result": "negative"}
        yield "test_result", [{"person": f"person {n}", **result} for n in range(CASES)]
        stays = {"started_at": to_rfc3339(END - DAY), "mode": "home"}
        yield "quarantine", [{"person": f"person {n}", **stays} for n in range(CASES)]

    def crowd(self) -> pa.Table:
        """Positions of a day, as many as have kernels of their own."""
        names = [f"person {n % PEOPLE}" for n in range(CROWD)]
        at = START + self._rng.integers(0, DAY, CROWD)
        lat, lng = 10.77 + self._rng.normal(0, WIDE_DEG, CROWD), 106.7 + self._rng.normal(0, WIDE_DEG, CROWD)
        columns = {"person": names, "at": pa.array(at, pa.timestamp("s", "UTC")), "lat": lat, "lng": lng}
        return pa.table({**columns, "accuracy_m": np.full(CROWD, 9.5)})

    def _moment(self, day: int) -> int:
        return START + day * DAY + int(self._rng.integers(0, DAY - 4 * HOUR))

    def _stay(self, n: int, day: int) -> Event:
        came = self._moment(day)
        left = came + int(self._rng.integers(HOUR, 4 * HOUR))
        hall = f"hall {self._rng.integers(PLACES)}"
        return {"person": f"person {n}", "place": hall, "entered_at": to_rfc3339(came), "left_at": to_rfc3339(left)}

    def _fix(self, n: int, day: int) -> Event:
        lat, lng = (float(d) for d in self._rng.normal((10.77, 106.7), 0.001))
        at = to_rfc3339(self._moment(day))
        return {"person": f"person {n}", "at": at, "lat": lat, "lng": lng, "accuracy_m": 9.5}

    def _sighting(self, n: int, day: int) -> Event:
        peer = f"person {(n + 1 + int(self._rng.integers(5))) % PEOPLE}"
        at = to_rfc3339(self._moment(day))
        return {"person": f"person {n}", "peer": peer, "at": at, "duration_s": 900, "attenuation_db": 50.5}


def ask(engine: "Engine") -> Iterator[None]:
    """Every question, one a step; one that has no answer in the town has at least been asked."""
    drawing = Drawing()
    day = in_viet_nam(END).date()
    cells = engine.hexes(RESOLUTIONS[0])
    questions: list[Callable[[], object]] = [
        *(partial(_case, engine, row.person) for row in engine.cases()[:2]),
        engine.clusters, engine.infectious_places, engine.published_levels, engine.area_levels,
        lambda: _written(engine.board().rows),
        lambda: engine.board(level=frozenset({1})),
        lambda: engine.board(area=format(int(cells.h3[0]), "x")),
        lambda: engine.publish(END),
        lambda: _listed(engine), lambda: _booked(engine),
        lambda: engine.materialise(START, END),
        lambda: list(engine.hex_days(RESOLUTIONS[0], day, day)),
        lambda: engine.hex_why(int(cells.h3[0]), people=True),
        *(partial(engine.hexes, resolution) for resolution in RESOLUTIONS),
        *(partial(engine.people_behind, resolution) for resolution in RESOLUTIONS),
        lambda: drawing.tile("town", cells.h3, {"score": cells.score}, ZOOM, COLUMN, ROW),
        lambda: engine.hexes(RESOLUTIONS[0], at=END - DAY),
    ]  # fmt: skip
    for question in questions:
        with suppress(TruyvetError):
            question()
        yield


def _listed(engine: "Engine") -> None:
    """Levels out of lists, which are made only of large graphs."""
    state = engine.snapshot()
    seeds, policy = (Seed(0, START, END), Seed(1, START, END)), policy_named("vn-2021-07")
    question = Question(seeds, 2, END, policy, {}, state.people.isolation, frozenset({"bluetooth", "check_in"}))
    lists_of(state.graph)
    reach_each(state.graph, state.person_keys, question)


def _booked(engine: "Engine") -> None:
    """Who was near whom out of a book, which is made only for many cases."""
    state, limits = engine.snapshot(), policy_named("vn-2021-07").eligibility()
    make_if_it_pays(state.graph, limits, inf)
    if book := known_book(state.graph, limits):
        book.lines(Queries(np.zeros(1, np.int32), np.array([START]), np.array([END])))


def _written(rows: object) -> None:
    """As JSON and CSV."""
    if isinstance(rows, BoardRows | ExposureRows):
        rows.json()
    if isinstance(rows, ExposureRows):
        rows.csv()


def _case(engine: "Engine", person: str) -> None:
    engine.case(person)
    engine.person(person)
    engine.contacts(person)
    found = engine.exposures(person, 3)
    _written(found.rows)
    engine.exposures(person, 2, channels=frozenset({"check_in"}), min_probability=0.1)
    engine.sources(person, 2)
    for row in found.rows[:2]:
        engine.person(row.person)
        engine.chains(row.person)
        engine.chains(row.person, person)
