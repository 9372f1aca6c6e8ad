"""One set of events in many orders and batchings: every answer must be the same, byte for byte."""

import random
from collections.abc import Iterator

import numpy as np
import orjson
import pyarrow as pa

from tests.crash.clients import arrow
from tests.crash.harness import UNTIL, state_of
from tests.crash.inside import Inside
from tests.crash.world import T0, World

NOW = T0 + 30 * 86_400
Tables = dict[str, pa.Table]


def tables(events: int, seed: int) -> Tables:
    """Kind -> about ``events`` events in all, retractions among them."""
    world = World(seed)
    pieces: dict[str, list[pa.Table]] = {}
    number, left = 0, events
    batches = world.start()
    while left > 0:
        batches += [world.batch(w, number) for w in range(8)]
        left -= sum(len(b.events) for b in batches[-8:])
        number += 1
    for batch in batches:
        pieces.setdefault(batch.kind, []).append(pa.ipc.open_stream(arrow(batch)).read_all())
    return {kind: pa.concat_tables(found, promote_options="default") for kind, found in pieces.items()}


def shuffled(found: Tables, rng: random.Random) -> Iterator[tuple[str, pa.Table]]:
    """The same events in a random order, in batches of random sizes."""
    pieces = []
    for kind, table in found.items():
        mixed = table.take(np.random.default_rng(rng.randrange(2**32)).permutation(table.num_rows))
        largest = rng.choice((300, 3_000, 30_000)) * max(1, table.num_rows // 30_000)
        first = 0
        while first < table.num_rows:
            size = rng.randrange(1, largest + 1)
            pieces.append((kind, mixed.slice(first, size)))
            first += size
    rng.shuffle(pieces)
    yield from pieces


def answered(found: Tables, seed: int) -> dict[str, bytes]:
    """Question -> the bytes of its answer, of an engine that was told the events in one order."""
    with Inside(clock=lambda: NOW) as told:
        for kind, table in shuffled(found, random.Random(seed)):
            told.engine.ingest(kind, table)
        return {path: orjson.dumps(state_of(told.get(path))) for path in questions()}


def questions() -> list[str]:
    """What is asked of each engine."""
    some = World(0).cases
    return [
        f"/v1/cases?until={UNTIL}&limit=100000",
        *(f"/v1/cases/{case}/exposures?depth=2&until={UNTIL}&limit=100000" for case in some[:6]),
        *(f"/v1/cases/{case}/sources?until={UNTIL}&limit=100000" for case in some[:2]),
        *(f"/v1/persons/{case}" for case in some[:3]),
        f"/v1/persons/{some[3]}/contacts",
        f"/v1/risk/hexes?at={UNTIL}&resolution=9",
        "/v1/board?limit=100000",
        "/v1/clusters?limit=100000",
    ]


def differences(events: int, orders: int, seed: int = 51) -> list[str]:
    """Questions whose answers depend on the order, over ``orders`` random ones; none is right."""
    found = tables(events, seed)
    first = answered(found, seed)
    out = []
    for order in range(1, orders):
        other = answered(found, seed + order)
        out += [f"order {order}: {path}" for path, answer in first.items() if other[path] != answer]
    return out
