"""Small worlds: lists of (kind, raw event), told to an Engine as JSON, and read back from sample files."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.clock import to_rfc3339
from tests.oracles.state import Event

World = list[tuple[str, Event]]
NOW = 1_640_995_200
"""2022-01-01: the clock of test engines, later than every world."""
TIMES = {
    "at", "entered_at", "left_at", "confirmed_at", "onset_at", "sampled_at", "isolated_at", "resulted_at",
    "started_at", "ended_at",
}  # fmt: skip


def wire(event: Event) -> dict[str, Any]:
    """An event as the wire has it: moments in RFC 3339."""
    return {k: to_rfc3339(v) if k in TIMES and v is not None else v for k, v in event.items()}


def unwire(record: dict[str, Any]) -> Event:
    """A wire record as the oracles have it: moments in UTC seconds."""
    return {k: moment(v) if k in TIMES and v is not None else v for k, v in record.items()}


def moment(text: str) -> int:
    """UTC seconds of an RFC 3339 text."""
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def body(events: Iterable[Event]) -> bytes:
    """A JSON request body."""
    return json.dumps({"events": [wire(e) for e in events]}).encode()


def batches(world: Sequence[tuple[str, Event]], sizes: Iterable[int] = ()) -> list[tuple[str, list[Event]]]:
    """The world cut into batches, in its own order: a new batch at every change of kind or end of a size."""
    cuts = set()
    position = 0
    for size in sizes:
        position += size
        cuts.add(position)
    found: list[tuple[str, list[Event]]] = []
    for i, (kind, event) in enumerate(world):
        if not found or found[-1][0] != kind or i in cuts:
            found.append((kind, []))
        found[-1][1].append(event)
    return found


def new_engine(now: int = NOW) -> Any:
    """An empty Engine in memory with a still clock."""
    from engine.service.engine import Engine, Settings

    return Engine.open(Settings(data=None), clock=lambda: now)


def load(world: Sequence[tuple[str, Event]], sizes: Iterable[int] = (), engine: Any = None) -> Any:
    """An Engine that was told the world in its order."""
    engine = engine or new_engine()
    for kind, events in batches(world, sizes):
        engine.ingest_json(kind, body(events))
    return engine


def load_sorted(world: Sequence[tuple[str, Event]]) -> Any:
    """An Engine told the world with one batch a kind."""
    return load(sorted(world, key=lambda e: e[0]))


def read_folder(folder: Path) -> World:
    """The events of a folder of ``<kind>.ndjson`` files."""
    world: World = []
    for path in sorted(folder.glob("*.ndjson")):
        for line in path.read_text().splitlines():
            if line.strip():
                world.append((path.stem, unwire(json.loads(line))))
    return world
