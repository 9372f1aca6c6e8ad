"""Views made of raw segments, several a day, and the evidence in them by looking at every pair of rows."""

from typing import Any

import numpy as np

from engine import params
from engine.geo.cells import cells_of
from engine.graph.eligibility import BLUETOOTH, CHECK_IN, LOCATION, Eligibility
from engine.graph.kernels.fixes import chance_within, distance_m
from engine.graph.segments import Rows, Segment, build_segment
from engine.graph.view import GraphView, place_columns

DAY = 86_400
T0 = 18_800 * DAY
DAYS = 4
Piece = tuple[int, int, int, int, int, float, float, int]
"""Query, other, start, end, channel, weight, measure, place."""


def segments_of(kind: str, rng: np.random.Generator, per_part: int, majors: int, minors: int) -> tuple[Segment, ...]:
    """One to three segments of each of some days. Codes below ``majors`` (in k1) and ``minors`` (in k2)."""
    found = []
    for day in range(DAYS):
        seen: set[tuple[int, int]] = set()
        for _ in range(int(rng.integers(0, 4))):
            n = int(rng.integers(1, per_part + 1))
            spread = DAY if rng.random() < 0.5 else 1_800
            seconds = (rng.integers(0, spread, n) + rng.choice([0, DAY - spread])).astype(np.int64)
            k1 = (rng.integers(0, majors, n) << 17) | seconds
            k2 = rng.integers(0, minors, n).astype(np.int32) * (kind != "location")
            keys = {(int(a), int(b)) for a, b in zip(k1, k2, strict=True)} - seen
            if kind == "bluetooth":
                keys = {(a, b) for a, b in keys if a >> 17 != b}
            if not keys:
                continue
            seen |= keys
            k1, k2 = np.ascontiguousarray(np.array(sorted(keys), np.int64).T)
            k2 = k2.astype(np.int32)
            rows = Rows(kind, k1, k2, _payload(kind, rng, k1))
            cells = None
            if kind == "location":
                cells = cells_of(rows.payload["lat_e7"] / 1e7, rows.payload["lng_e7"] / 1e7, 11)
            found.append(build_segment(T0 + day * DAY, rows, cells))
    return tuple(found)


def _payload(kind: str, rng: np.random.Generator, k1: Any) -> dict[str, Any]:
    n = len(k1)
    if kind == "bluetooth":
        choices = rng.choice([5_000, 6_000, 7_000, 7_001, 9_000], n).astype(np.int16)
        return {"duration_s": rng.choice([1, 300, 900, 3_600], n).astype(np.uint16), "attenuation_cdb": choices}
    if kind == "check_in":
        stays = rng.choice([0, 60, 3_600, 20_000, 2 * DAY], n)
        left = np.where(rng.random(n) < 0.3, -1, (k1 & 0x1FFFF) + stays)
        return {"left_at": left.astype(np.int32)}
    return {
        "lat_e7": (107_769_000 + rng.integers(-400, 400, n)).astype(np.int32),
        "lng_e7": (1_067_009_000 + rng.integers(-400, 400, n)).astype(np.int32),
        "accuracy_dm": rng.choice([5, 10, 50, 400], n).astype(np.uint16),
    }


def view_of(seed: int, per_part: int, people: int, places: int) -> GraphView:
    """A view of all three kinds; few people or places make it dense, many sparse."""
    rng = np.random.default_rng(seed)
    known = {0: {"kind": "karaoke", "area_m2": 40.0}, 1: {"kind": "market", "indoor": False}}
    return GraphView(
        segments_of("bluetooth", rng, per_part, people, people),
        segments_of("check_in", rng, per_part, places, people),
        segments_of("location", rng, per_part, people, 1),
        place_columns(places, {p: d for p, d in known.items() if p < places}),
    )


def pieces(view: GraphView, asked: list[tuple[int, int, int]], limits: Eligibility, infector: bool) -> list[Piece]:
    """All evidence of (person, start, end) asked about, sorted."""
    found: list[Piece] = []
    for q, (x, low, high) in enumerate(asked):
        found += [
            (q, other, max(s, low), min(e, high), channel, *rest)
            for other, s, e, channel, *rest in _of(view, x, low, high, limits, infector)
            if max(s, low) < min(e, high)
        ]
    return sorted(found)


def _of(view: GraphView, x: int, low: int, high: int, limits: Eligibility, infector: bool) -> list[tuple[Any, ...]]:
    own_slack, other_slack = (limits.slack_s, 0) if infector else (0, limits.slack_s)
    found: list[tuple[Any, ...]] = []
    if "bluetooth" in limits.channels:
        for who, at, peer, length, centi in _rows(view.bluetooth, "duration_s", "attenuation_cdb"):
            if x in (who, peer) and centi <= round(limits.max_attenuation_db * 100):
                weight = 1.75 if centi <= 5_500 else 1.0 if centi <= 6_700 else 0.33 if centi <= 7_500 else 0.05
                found.append((peer if x == who else who, at, at + length, BLUETOOTH, weight, centi / 100, -1))
    if "check_in" in limits.channels and limits.same_place:
        stays = []
        for place, came, who, left in _rows(view.check_in, "left_at"):
            day = came - came % DAY
            stays.append((who, place, came, day + left if left >= 0 else came + int(view.places.stay_s[place])))
        for who, place, came, gone in stays:
            for other, there, since, to in stays:
                if who == x != other and place == there and came < gone and since < to:
                    s, e = max(came - own_slack, since - other_slack), min(gone + own_slack, to + other_slack)
                    found.append((other, s, e, CHECK_IN, float(view.places.weight[place]), 0.0, place))
    if "location" in limits.channels:
        fixes = [(w, t, *rest) for w, t, _, *rest in _rows(view.location, "stay_s", "lat_e7", "lng_e7", "accuracy_dm")]
        for who, at, stay, *mine in fixes:
            for other, since, length, *theirs in fixes:
                if who == x != other and max(at, since) < min(at + stay, since + length):
                    near = _near(mine, theirs, limits.max_distance_m)
                    if near:
                        found.append((other, max(at, since), min(at + stay, since + length), LOCATION, *near, -1))
    return found


def _near(a: list[int], b: list[int], limit: float) -> tuple[float, float] | None:
    d = distance_m(a[0], a[1], b[0], b[1], params.EARTH_RADIUS_M.value)
    sigma = float(np.hypot(0.1 * a[2], 0.1 * b[2])) / params.ACCURACY_SIGMAS.value
    weight = chance_within(limit, d, sigma)
    far = d > min(limit + params.FIX_SEARCH_SIGMAS.value * sigma, params.FIX_SEARCH_CAP_M.value)
    return None if far or weight < params.FIX_WEIGHT_FLOOR.value else (weight, d)


def _rows(segments: tuple[Segment, ...], *columns: str) -> list[tuple[int, ...]]:
    """(code in k1, moment, k2, columns) of every row."""
    out: list[tuple[int, ...]] = []
    for s in segments:
        given = [s.stay_s if name == "stay_s" else s.rows.payload[name] for name in columns]
        k1 = s.rows.k1
        out += zip(
            (k1 >> 17).tolist(), (s.day_start + (k1 & 0x1FFFF)).tolist(), s.rows.k2.tolist(),
            *(c.tolist() for c in given), strict=True,
        )  # fmt: skip
    return out
