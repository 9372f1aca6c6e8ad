"""Radio between two phones (Ng 2021): how far received power tells near from far, and through the engine."""

import json
from collections import Counter

import numpy as np
import pytest

from benchmarks.real_sets import Radio, auc, hand_calibration
from engine.clock import to_rfc3339
from engine.exposure.policies import attenuation_at, policy_named
from engine.service.engine import Engine, Settings

START = 1_625_097_600
"""1 July 2021: the records have no date of their own."""


@pytest.mark.parametrize(
    ("position", "single", "mean_of_100"),
    [("HH", 0.873, 0.910), ("HP", 0.861, 0.963), ("PP", 0.741, 0.911), ("PB", 0.449, 0.440)],
)
def test_separation_is_the_known_one(radio: dict[str, Radio], position: str, single: float, mean_of_100: float) -> None:
    r = radio[position]
    assert round(auc(r.rss_dbm, r.near), 3) == single
    assert round(auc(r.mean100_dbm, r.near), 3) == mean_of_100


def test_path_loss_of_hands_is_the_known_one(radio: dict[str, Radio]) -> None:
    r = radio["HH"]
    slope, at_1m = np.polyfit(np.log10(r.distance_m), r.rss_dbm, 1)
    residual = r.rss_dbm - slope * np.log10(r.distance_m) - at_1m
    assert (-slope / 10, at_1m, residual.std()) == pytest.approx((2.21, -75.5, 6.4), abs=0.05)


def kept(r: Radio, limit_db: float) -> tuple[float, float]:
    """Shares of near and of far records within a limit, at the sent power of the hands."""
    db = hand_calibration() - r.rss_dbm
    return float((db[r.near] <= limit_db).mean()), float((db[~r.near] <= limit_db).mean())


def best_gain(r: Radio) -> tuple[float, float]:
    """Greatest (near kept - far kept) over all limits, and that limit."""
    return max((near - far, limit) for limit in np.arange(40, 110, 0.5) for near, far in [kept(r, limit)])


def test_the_limit_of_2_m_suits_phones_in_hands(radio: dict[str, Radio]) -> None:
    near, far = kept(radio["HH"], attenuation_at(2))
    assert near > 0.7
    assert far < 0.15
    gain, limit = best_gain(radio["HH"])
    assert limit == pytest.approx(attenuation_at(2), abs=1)
    assert near - far == pytest.approx(gain, abs=0.02)


def test_the_limit_of_2_m_misses_phones_in_two_pockets(radio: dict[str, Radio]) -> None:
    near, far = kept(radio["PP"], attenuation_at(2))
    assert near < 0.05
    assert far < 0.05
    _, limit = best_gain(radio["PP"])
    assert limit - attenuation_at(2) > 10


def test_no_limit_parts_pocket_and_backpack(radio: dict[str, Radio]) -> None:
    gain, _ = best_gain(radio["PB"])
    assert gain < 0.05


@pytest.mark.parametrize("position", ["HH", "HP", "PP", "PB"])
def test_the_engine_keeps_the_records_that_numpy_keeps(radio: dict[str, Radio], position: str) -> None:
    """Received and sent power, as a phone sends them; each record is 1 s with a peer of its own distance."""
    sent = round(hand_calibration(), 1)
    rss, metres = radio[position].rss_dbm[::20], radio[position].distance_m[::20]
    records = enumerate(zip(rss.tolist(), metres.tolist(), strict=True))
    events = [
        {
            "person": "phone",
            "peer": f"{m:g} m",
            "at": to_rfc3339(START + second),
            "duration_s": 1,
            "rssi_dbm": power,
            "tx_power_dbm": sent,
        }
        for second, (power, m) in records
    ]
    engine = Engine.open(Settings())
    assert engine.ingest_json("bluetooth", json.dumps({"events": events}).encode()).accepted == len(events)
    seconds: Counter[str] = Counter()
    for row in engine.contacts("phone"):
        seconds[row.other] += row.seconds
    inside = metres[sent - rss <= policy_named("vn-2021-07").max_attenuation_db]
    assert seconds == Counter(f"{m:g} m" for m in inside)
