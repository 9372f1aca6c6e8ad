"""``python -m tests.api.kernels_loaded DIR``: a server starts, is asked everything, and tells what it had to compile.

Prints the kernels that were compiled or loaded after it said that it was ready, and the routes that were asked.
"""

import gc
import gzip
import sys
import time
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
from numba.core.dispatcher import Dispatcher

from api.app import create_app
from engine.clock import DAY, from_rfc3339, to_rfc3339
from engine.service.access import ROLES
from engine.service.engine import Engine, Settings
from tests.api.conftest import TOKENS, Caller

TINY = Path("data/samples/tiny")
KINDS = ("place", "case", "check_in", "bluetooth", "location", "quarantine")
NOW = from_rfc3339("2021-07-20T00:00:00Z")
BOX = "106,10,107,11"
ARROW, NDJSON = {"Content-Type": "application/vnd.apache.arrow.stream"}, {"Content-Type": "application/x-ndjson"}
LEFT_OUT = {
    "/v1/stream": "never ends; its alerts come from the board, which is asked",
    "/v1/scenarios/{scenario}": "scenarios run in processes of their own",
    "/v1/scenarios/{scenario}/report": "as above",
}
HALF_MAP = "/v1/risk/hexes?resolution={r}&bbox=" + BOX
ASKED = {
    "/v1/board": ["", "?level=1", "?area=8965b5663a7ffff", "?since=1"],
    "/v1/cases": ["", "?policy=vn-2021-07&until=2021-07-12T00:00:00Z", "?as_of=3"],
    "/v1/cases/{person}": ["", "?as_of=3"],
    "/v1/cases/{person}/exposures": ["", "?depth=6", "?format=arrow", "?format=csv", "?format=xlsx", "?format=geojson",
        "?channels=bluetooth,check_in&min_probability=0.2", "?as_of=4", "?limit=1"],
    "/v1/cases/{person}/sources": ["", "?depth=3&format=csv", "?since=2021-07-01T00:00:00Z"],
    "/v1/persons/{person}": ["", "?as_of=4"],
    "/v1/persons/{person}/contacts": ["", "?from=2021-07-03T00:00:00Z&to=2021-07-05T00:00:00Z"],
    "/v1/persons/{person}/chains": ["", "?case=son&depth=4"],
    "/v1/clusters": ["", "?from=2021-07-01T00:00:00Z"],
    "/v1/risk/hexes": ["", *(f"?resolution={r}" for r in (7, 8, 9, 10)), f"?bbox={BOX}&format=geojson", "?format=csv",
        "?format=arrow", "?at=2021-07-08T00:00:00Z", "?as_of=4", "?zoom=11"],
    "/v1/risk/hexes/days": ["?from=2021-07-03&to=2021-07-05"],
    "/v1/risk/hexes/{cell}": ["", "?at=2021-07-08T00:00:00Z"],
    "/v1/risk/tiles/{z}/{x}/{y}.mvt": [""],
    "/v1/ogc/collections/{collection}/items": ["", f"?bbox={BOX}", "?resolution=8"],
}  # fmt: skip
"""Route -> the queries it is asked with; every other route is asked without one."""
VALUES = {
    "person": ["son", "nga", "person 3"], "cell": ["8965b5663a7ffff", "8765b5663ffffff"],
    "collection": ["risk-hexes", "risk-areas", "exposure-places"], "feature": ["8965b5663a7ffff"], "kind": ["location"],
}  # fmt: skip


def overloads() -> set[str]:
    """Every kernel of ours with each signature that is ready in this process."""
    found = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
    return {f"{d.py_func.__module__}.{d.py_func.__qualname__}{s}" for d in found for s in d.overloads}


def post(call: Caller, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
    reply = call.post(f"/v1/events/{kind}", role="feed", content=body, headers=headers)
    assert reply.status_code == 200, reply.text
    assert reply.json()["accepted"] > 0, reply.text


def crowd(rng: np.random.Generator, n: int) -> tuple[dict[str, list], dict[str, list]]:
    """Positions and check-ins of a few hundred people."""
    at = from_rfc3339("2021-07-04T00:00:00Z") + rng.integers(0, 5 * DAY, n)
    people = [f"person {p}" for p in rng.integers(0, 300, n)]
    when = [to_rfc3339(t) for t in at.tolist()]
    later = [to_rfc3339(t + 1_800) for t in at.tolist()]
    lat, lng = rng.normal(10.77, 0.002, n).tolist(), rng.normal(106.7, 0.002, n).tolist()
    places = [f"hall {p}" for p in rng.integers(0, 9, n)]
    fixes = {"person": people, "at": when, "lat": lat, "lng": lng, "accuracy_m": [8.0] * n}
    return fixes, {"person": people, "place": places, "entered_at": when, "left_at": later}


def send(call: Caller) -> None:
    """The tiny sample line by line, as JSON, as a table, packed; then a crowd."""
    for kind in KINDS:
        lines = (TINY / f"{kind}.ndjson").read_bytes().splitlines()
        post(call, kind, lines[0], NDJSON)
        if lines[1:]:
            post(call, kind, orjson.dumps({"events": [orjson.loads(line) for line in lines[1:]]}))
    rng = np.random.default_rng(7)
    for n in (400, 3_000, 60_000):
        for kind, columns in zip(("location", "check_in"), crowd(rng, n), strict=True):
            rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
            half = n // 2
            packed = gzip.compress(b"\n".join(map(orjson.dumps, rows[:half])))
            post(call, kind, packed, {**NDJSON, "Content-Encoding": "gzip"})
            table, sink = pa.Table.from_pylist(rows[half:]), pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
            post(call, kind, sink.getvalue().to_pybytes(), ARROW)


def paths(route: str) -> list[str]:
    """Addresses to ask for a route."""
    found = [route.replace("{z}/{x}/{y}", "12/3262/1924")]
    for name, values in VALUES.items():
        found = [one.replace(f"{{{name}}}", value) for one in found for value in values]
    return [one + query for one in dict.fromkeys(found) for query in ASKED.get(route, [""])]


def begun() -> Engine:
    """The server's engine on the folder, once it is ready."""
    engine = Engine.begin(Settings(data=Path(sys.argv[1])), lambda: NOW)
    while not engine.ready:
        assert engine.failure is None, engine.failure
        time.sleep(0.05)
    return engine


def main() -> None:
    engine = begun()
    before, statuses = overloads(), {}
    send(Caller(create_app(engine, TOKENS)))
    ask(engine, statuses)
    assert engine.checkpoint() is not None
    engine.close()
    engine = begun()  # its columns are those of the checkpoint's files
    ask(engine, statuses)
    found = {"new": sorted(overloads() - before), "ready": len(before)}
    sys.stdout.write(orjson.dumps(found | {"statuses": {r: sorted(s) for r, s in statuses.items()}}).decode())
    engine.close()


def ask(engine: Engine, statuses: dict[str, set[int]]) -> None:
    """Every route, as every role; adds to the statuses seen."""
    app = create_app(engine, TOKENS)
    call = Caller(app)
    routes = [route for route, methods in app.openapi()["paths"].items() if "get" in methods and route not in LEFT_OUT]
    for role in ("officer", *ROLES):
        for route in routes:
            for path in paths(route):
                reply = call.get(path, role=role)
                statuses.setdefault(route, set()).add(reply.status_code)


if __name__ == "__main__":
    main()
