"""A seeded world of events as batches: what a batch holds follows from (seed, writer, number) alone.

Every event of the world has a natural key that no other event has, so that the stored batches tell by their keys
alone what is there, what is missing, and what is there twice. Retractions name events of the writer's batch before.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.clock import DAY, to_rfc3339

T0 = 1_625_097_600
"""2021-07-01T00:00:00Z."""
SPAN = 6 * DAY
WRITERS, MAX_ROWS = 16, 200
PEOPLE, PLACES, CASES = 3_000, 40, 12
NATURAL: dict[str, tuple[str, ...]] = {
    "bluetooth": ("person", "peer", "at"),
    "check_in": ("person", "place", "entered_at"),
    "location": ("person", "at"),
    "place": ("place",),
    "case": ("person",),
    "test_result": ("person", "sampled_at", "method"),
    "quarantine": ("person", "started_at"),
}
"""Written down once more, so that a mistake in the declaration shows."""
_KINDS = ("bluetooth", "bluetooth", "location", "location", "location", "check_in", "check_in", "quarantine")
_RARE = ("test_result", "case", "place")
_STEP = 7_919
"""Prime, and no divisor of SPAN: multiples of it visit every second of the span."""

Event = dict[str, Any]
Key = tuple[Any, ...]
"""(kind, retract, natural values; moments in UTC s)."""


@dataclass(frozen=True)
class Batch:
    """A body that a writer sends: events of one kind, moments in UTC seconds."""

    writer: int
    number: int
    kind: str
    events: tuple[Event, ...]
    keys: frozenset[Key] = field(repr=False, default=frozenset())

    @property
    def name(self) -> tuple[int, int]:
        """What tells it from every other batch."""
        return self.writer, self.number

    def json(self) -> bytes:
        """The body as JSON."""
        return json.dumps({"events": [wire(e) for e in self.events]}).encode()

    def ndjson(self) -> bytes:
        """The body as one JSON object a line."""
        return b"".join(json.dumps(wire(e)).encode() + b"\n" for e in self.events)


def key_of(kind: str, event: Event) -> Key:
    """The natural key of an event, and whether it is a retraction."""
    return (kind, bool(event.get("retract")), *(event[name] for name in NATURAL[kind]))


def wire(event: Event) -> Event:
    """An event as senders write it: moments in RFC 3339."""
    return {k: to_rfc3339(v) if k == "at" or k.endswith("_at") else v for k, v in event.items()}


def batch_of(writer: int, number: int, kind: str, events: list[Event]) -> Batch:
    """A batch with its keys."""
    return Batch(writer, number, kind, tuple(events), frozenset(key_of(kind, e) for e in events))


@dataclass(frozen=True)
class World:
    """Batches without end, the same for the same seed."""

    seed: int

    @property
    def cases(self) -> list[str]:
        """The F0s that are declared at the start."""
        return [person(i * (PEOPLE // CASES)) for i in range(CASES)]

    def start(self) -> list[Batch]:
        """Places and F0s: sent before anything is killed."""
        rng = random.Random(f"{self.seed}/start")
        places = [
            {"place": f"place-{i}", "kind": rng.choice(("market", "restaurant", "office")), **_spot(i)}
            for i in range(PLACES)
        ]
        cases = [{"person": p, "onset_at": T0 + 3 * DAY, "confirmed_at": T0 + 5 * DAY} for p in self.cases]
        return [batch_of(-1, 0, "place", places), batch_of(-1, 1, "case", cases)]

    def batch(self, writer: int, number: int) -> Batch:
        """Batch ``number`` of a writer; every eighth takes back a part of the one before."""
        if number % 8 == 7:
            before = self.batch(writer, number - 1)
            taken = [_taken_back(before.kind, e) for e in before.events[::5]]
            return batch_of(writer, number, before.kind, taken)
        rng = random.Random(f"{self.seed}/{writer}/{number}")
        kind = rng.choice(_RARE) if rng.random() < 0.05 else rng.choice(_KINDS)
        rows = rng.choice((1, 2, 20, 60, MAX_ROWS)) if kind not in _RARE else rng.choice((1, 3))
        first = (number * WRITERS + writer) * MAX_ROWS
        return batch_of(writer, number, kind, [_event(kind, first + i, rng) for i in range(rows)])

    def batches(self, writer: int, first: int = 0) -> Iterator[Batch]:
        """Every batch of a writer from ``first`` on."""
        while True:
            yield self.batch(writer, first)
            first += 1


def person(i: int) -> str:
    """The key of person ``i``."""
    return f"P-{i % PEOPLE:05d}"


def _event(kind: str, serial: int, rng: random.Random) -> Event:
    """Event ``serial`` of the world: its person and moment are no other event's of its kind."""
    who, at = person(serial), T0 + serial // PEOPLE * _STEP % SPAN
    spot = rng.randrange(PLACES)
    match kind:
        case "bluetooth":
            # Pairs keep meeting: a peer is one of a few neighbours, and every 40th sighting is of an F0.
            near = rng.choice((1, 2, 5)) + serial if rng.random() > 0.025 else rng.randrange(CASES) * (PEOPLE // CASES)
            peer = person(near) if person(near) != who else person(near + 1)
            return {"person": who, "peer": peer, "at": at, "attenuation_db": float(rng.randrange(45, 90))}
        case "check_in":
            stay = {} if rng.random() < 0.5 else {"left_at": at + rng.randrange(300, 3_000)}
            return {"person": who, "place": f"place-{spot}", "entered_at": at, **stay}
        case "location":
            return {"person": who, "at": at, "accuracy_m": 4.0, **_spot(spot)}
        case "quarantine":
            return {"person": who, "started_at": at, "ended_at": at + 14 * DAY, "mode": "home"}
        case "test_result":
            return {"person": who, "sampled_at": at, "method": "antigen", "result": "negative"}
        case "case":
            return {"person": f"C-{serial}", "onset_at": at}
        case _:
            return {"place": f"new-place-{serial}", "kind": "office", **_spot(spot)}


def _taken_back(kind: str, event: Event) -> Event:
    if event.get("retract"):
        return event
    return {**{name: event[name] for name in NATURAL[kind]}, "retract": True}


def _spot(i: int) -> Event:
    return {"lat": 10.77 + (i % 8) * 0.004, "lng": 106.69 + (i // 8) * 0.004}
