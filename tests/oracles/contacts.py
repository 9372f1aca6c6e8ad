"""Every eligible interval between two people, by comparing everything with everything."""

import math
from dataclasses import dataclass
from typing import Any, Protocol

from scipy.stats import ncx2

from engine import params
from tests.oracles.intervals import Interval
from tests.oracles.state import Event, State


class PolicyLike(Protocol):
    """What the oracle reads of a contact policy."""

    @property
    def max_attenuation_db(self) -> float: ...
    @property
    def max_distance_m(self) -> float: ...
    @property
    def slack_s(self) -> int: ...
    @property
    def min_minutes(self) -> float: ...
    @property
    def accumulate(self) -> str: ...
    @property
    def same_place(self) -> bool: ...
    @property
    def latent_hours(self) -> float: ...
    @property
    def days_before_onset(self) -> float: ...
    @property
    def days_before_sample(self) -> float: ...
    @property
    def max_days_after_onset(self) -> float | None: ...
    @property
    def max_days_after_sample(self) -> float | None: ...


@dataclass(frozen=True)
class Evidence:
    """One eligible interval: ``infector`` could have infected ``exposed`` during [start, end)."""

    infector: str
    exposed: str
    start: int
    end: int
    channel: str
    weight: float
    place: str | None
    keys: tuple[tuple[Any, ...], ...]
    """(kind, natural key...) of the events behind it."""

    @property
    def interval(self) -> Interval:
        return (self.start, self.end)


@dataclass(frozen=True)
class Presence:
    """A person at a place (check-in) or at a point (location fix)."""

    person: str
    start: int
    end: int
    event: Event


def all_evidence(state: State, policy: PolicyLike) -> list[Evidence]:
    """Eligible evidence of all ordered pairs, sorted."""
    found = _bluetooth(state, policy) + _check_in(state, policy) + _location(state, policy)
    return sorted(found, key=lambda e: (e.infector, e.exposed, e.start, e.end, e.channel, str(e.keys)))


def by_pair(evidence: list[Evidence]) -> dict[tuple[str, str], list[Evidence]]:
    """Evidence by (infector, exposed)."""
    pairs: dict[tuple[str, str], list[Evidence]] = {}
    for item in evidence:
        pairs.setdefault((item.infector, item.exposed), []).append(item)
    return pairs


# -- bluetooth -----------------------------------------------------------------------------------------
def bluetooth_weight(attenuation_db: float) -> float:
    """Weight of the bucket that holds this attenuation (upper edges belong to the nearer bucket)."""
    if attenuation_db <= params.BLE_IMMEDIATE_DB.value:
        return params.BLE_IMMEDIATE_WEIGHT.value
    if attenuation_db <= params.BLE_NEAR_DB.value:
        return params.BLE_NEAR_WEIGHT.value
    if attenuation_db <= params.BLE_MEDIUM_DB.value:
        return params.BLE_MEDIUM_WEIGHT.value
    return params.BLE_FAR_WEIGHT.value


def _bluetooth(state: State, policy: PolicyLike) -> list[Evidence]:
    found = []
    for e in state.of("bluetooth"):
        if e["attenuation_db"] > policy.max_attenuation_db:
            continue
        key = (("bluetooth", e["person"], e["peer"], e["at"]),)
        for x, y in ((e["person"], e["peer"]), (e["peer"], e["person"])):
            end = e["at"] + e["duration_s"]
            weight = bluetooth_weight(e["attenuation_db"])
            found.append(Evidence(x, y, e["at"], end, "bluetooth", weight, None, key))
    return found


# -- shared places -------------------------------------------------------------------------------------
def place_kind(state: State, place: str) -> params.PlaceKind:
    """The kind of a place; unknown places and kinds are ``other``."""
    reference = state.events.get("place", {}).get((place,), {})
    return params.PLACE_KINDS.get(reference.get("kind", "other"), params.PLACE_KINDS["other"])


def stays(state: State) -> list[Presence]:
    """Check-ins as presence; a missing departure becomes the usual stay of the place's kind."""
    rows = []
    for e in state.of("check_in"):
        end = e.get("left_at")
        if end is None:
            end = e["entered_at"] + place_kind(state, e["place"]).default_stay_s
        rows.append(Presence(e["person"], e["entered_at"], end, e))
    return rows


def place_weight(state: State, place: str) -> float:
    """Weight of an hour in the same place: small rooms weigh 1, large ones less, outdoors a tenth."""
    reference = state.events.get("place", {}).get((place,), {})
    kind = place_kind(state, place)
    area = reference.get("area_m2", kind.default_area_m2)
    indoor = reference.get("indoor", kind.indoor)
    weight = min(max(params.INDOOR_REFERENCE_M2.value / area, params.PLACE_WEIGHT_FLOOR.value), 1.0)
    return float(weight if indoor else weight * params.OUTDOOR_FACTOR.value)


def _check_in(state: State, policy: PolicyLike) -> list[Evidence]:
    found: list[Evidence] = []
    present = stays(state) if policy.same_place else []
    for x in present:
        for y in present:
            if x.event["place"] != y.event["place"] or x.person == y.person:
                continue
            start = max(x.start - policy.slack_s, y.start)
            end = min(x.end + policy.slack_s, y.end)
            if start < end and x.start < x.end:
                place = x.event["place"]
                keys = tuple(("check_in", p.person, place, p.start) for p in (x, y))
                weight = place_weight(state, place)
                found.append(Evidence(x.person, y.person, start, end, "check_in", weight, place, keys))
    return found


# -- location fixes ------------------------------------------------------------------------------------
def fixes(state: State) -> list[Presence]:
    """Fixes as presence, each until the person's next fix, at most FIX_MAX_GAP_S."""
    gap = int(params.FIX_MAX_GAP_S.value)
    moments: dict[str, list[int]] = {}
    for e in state.of("location"):
        moments.setdefault(e["person"], []).append(e["at"])
    rows = []
    for e in state.of("location"):
        later = [t for t in moments[e["person"]] if t > e["at"]]
        rows.append(Presence(e["person"], e["at"], min([*later, e["at"] + gap]), e))
    return rows


def distance_m(a: Event, b: Event) -> float:
    """Equirectangular distance of two fixes, after rounding coordinates to 1e-7 degree."""
    lat_a, lng_a, lat_b, lng_b = (math.radians(round(v * 1e7) / 1e7) for v in (a["lat"], a["lng"], b["lat"], b["lng"]))
    dy = params.EARTH_RADIUS_M.value * (lat_a - lat_b)
    dx = params.EARTH_RADIUS_M.value * (lng_a - lng_b) * math.cos((lat_a + lat_b) / 2)
    return math.hypot(dx, dy)


def joint_sigma_m(a: Event, b: Event) -> float:
    """Standard deviation per axis of the difference of two fixes."""
    parts = (round(e["accuracy_m"], 1) / params.ACCURACY_SIGMAS.value for e in (a, b))
    return math.hypot(*parts)


def location_weight(a: Event, b: Event, max_distance_m: float) -> float:
    """Chance that the true distance was within the policy's; 0 beyond the search radius or the floor."""
    d, sigma = distance_m(a, b), joint_sigma_m(a, b)
    radius = min(max_distance_m + params.FIX_SEARCH_SIGMAS.value * sigma, params.FIX_SEARCH_CAP_M.value)
    if d > radius:
        return 0.0
    weight = float(ncx2.cdf((max_distance_m / sigma) ** 2, 2, (d / sigma) ** 2))
    return weight if weight >= params.FIX_WEIGHT_FLOOR.value else 0.0


def _location(state: State, policy: PolicyLike) -> list[Evidence]:
    found = []
    present = fixes(state)
    for x in present:
        for y in present:
            start, end = max(x.start, y.start), min(x.end, y.end)
            if x.person == y.person or start >= end:
                continue
            weight = location_weight(x.event, y.event, policy.max_distance_m)
            if weight > 0:
                keys = tuple(("location", p.person, p.start) for p in (x, y))
                found.append(Evidence(x.person, y.person, start, end, "location", weight, None, keys))
    return found
