"""The city that a load run starts from: places, 200 active F0s, and a base day of events."""

import random
import time

import pyarrow as pa

from benchmarks.load.bodies import F0S, LOOK_S, MEDIA, PEOPLE, PLACES, SOUTH, WEST, WIDTH, encoded, events, key
from tests.crash.server import Server

HOUR = 3_600
PIECE = 50_000


def prepare(server: Server, base_events: int, seed: int = 1) -> int:
    """Send the city to a running server; the number of events. Old enough that they raise no alert of a probe."""
    rng = random.Random(seed)
    now = int(time.time())
    day = range(now - 26 * HOUR, now - 2 * HOUR)
    places = {
        "place": [f"place-{i:05d}" for i in range(PLACES)],
        "kind": [rng.choice(("market", "restaurant", "office", "school")) for _ in range(PLACES)],
        "lat": [SOUTH + rng.random() * WIDTH for _ in range(PLACES)],
        "lng": [WEST + rng.random() * WIDTH for _ in range(PLACES)],
    }
    cases = pa.table({"person": [key(i) for i in range(F0S)]})
    for name, ago in (("onset_at", 48), ("sampled_at", 20), ("confirmed_at", 12)):
        moments = pa.array([now - ago * HOUR] * F0S, pa.int64()).cast(pa.timestamp("s", tz="UTC"))
        cases = cases.append_column(name, moments)
    tables = [("place", pa.table(places)), ("case", cases), ("bluetooth", _meetings(day, rng))]
    for kind, share in (("location", 50), ("bluetooth", 35), ("check_in", 15)):
        tables += [(kind, piece) for piece in _pieces(kind, base_events * share // 100, day, rng)]
    sent = 0
    for kind, table in tables:
        status, reply = server.post(kind, encoded("arrow", table), MEDIA["arrow"], timeout=300)
        while status == 429:
            time.sleep(0.5)
            status, reply = server.post(kind, encoded("arrow", table), MEDIA["arrow"], timeout=300)
        if status != 200 or reply["rejected"]:
            raise RuntimeError(f"the city was not taken in: {kind} {status} {str(reply)[:500]}")
        sent += table.num_rows
    return sent


def _pieces(kind: str, count: int, day: range, rng: random.Random) -> list[pa.Table]:
    found = []
    for first in range(0, count, PIECE):
        start = first % (PEOPLE - PIECE + 1)
        found.append(events(kind, range(start, start + min(PIECE, count - first)), rng, day))
    return found


def _meetings(day: range, rng: random.Random) -> pa.Table:
    """Thirty looks of each F0 at somebody, so that there are exposures to ask for."""
    who = [i for i in range(F0S) for _ in range(30)]
    moments = [rng.choice(day) for _ in who]
    return pa.table(
        {
            "person": [key(i) for i in who],
            "peer": [key(rng.randrange(F0S, PEOPLE)) for _ in who],
            "at": pa.array(moments, pa.int64()).cast(pa.timestamp("s", tz="UTC")),
            "duration_s": [LOOK_S for _ in who],
            "attenuation_db": [float(rng.randrange(45, 75)) for _ in who],
        }
    )
