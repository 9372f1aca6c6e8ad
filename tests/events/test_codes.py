"""Every code that a row check gives, on the smallest row that earns it."""

import pytest

from engine.events.codes import CODES
from engine.events.json_rows import table_of
from engine.events.readers import parse_ndjson
from engine.events.schemas import KINDS
from engine.events.validate import Rejected, check
from engine.texts import LANGS, say
from tests.events.rows import NOW

T = "2021-07-01T08:00:00+07:00"
SIGHTING = {"person": "a", "peer": "b", "at": T, "attenuation_db": 50}
VISIT = {"person": "a", "place": "m", "entered_at": T}
FIX = {"person": "a", "at": T, "lat": 10.7, "lng": 106.7}
TEST = {"person": "a", "sampled_at": T, "method": "pcr", "result": "positive"}
ORDER = {"person": "a", "started_at": T}

REFUSED = [
    ("missing_field", "check_in", {"place": None}),
    ("missing_field", "location", {"lat": ""}),
    ("missing_field", "test_result", {"result": ""}),
    ("bad_type", "location", {"lat": "north"}),
    ("bad_type", "location", {"lat": True}),
    ("bad_type", "location", {"lat": "nan"}),
    ("bad_type", "location", {"lat": float("inf")}),
    ("bad_type", "check_in", {"person": 12}),
    ("bad_type", "check_in", {"entered_at": 1_625_000_000}),
    ("bad_type", "bluetooth", {"duration_s": 1.5}),
    ("bad_type", "check_in", {"retract": "perhaps"}),
    ("bad_type", "check_in", {"revision": "1.5"}),
    ("bad_id", "check_in", {"person": ""}),
    ("bad_id", "check_in", {"place": "x" * 129}),
    ("bad_time", "check_in", {"entered_at": "2021-07-01T08:00:00"}),
    ("bad_time", "check_in", {"left_at": "soon"}),
    ("in_future", "check_in", {"entered_at": "2021-07-11T12:05:01+07:00"}),
    ("in_future", "case", {"onset_at": "2022-07-11T12:05:01+07:00"}),
    ("out_of_bounds", "location", {"lat": 90.01}),
    ("out_of_bounds", "location", {"lng": "-180.5"}),
    ("out_of_bounds", "bluetooth", {"duration_s": 0}),
    ("out_of_bounds", "bluetooth", {"attenuation_db": None, "rssi_dbm": 0, "tx_power_dbm": -51}),
    ("out_of_bounds", "check_in", {"revision": -1}),
    ("out_of_bounds", "check_in", {"revision": 2**31}),
    ("bad_choice", "test_result", {"method": "saliva"}),
    ("bad_choice", "quarantine", {"mode": "hotel"}),
    ("self_contact", "bluetooth", {"peer": "a"}),
    ("self_contact", "bluetooth", {"peer": "a", "retract": True}),
    ("ends_before_start", "check_in", {"left_at": "2021-07-01T00:59:59Z"}),
    ("ends_before_start", "quarantine", {"ended_at": "2021-06-01T00:00:00Z"}),
    ("stay_too_long", "check_in", {"entered_at": "2021-06-01T00:00:00Z", "left_at": "2021-07-01T00:00:01Z"}),
    ("missing_attenuation", "bluetooth", {"attenuation_db": None}),
    ("missing_attenuation", "bluetooth", {"attenuation_db": None, "rssi_dbm": -60}),
    ("no_date", "case", {"isolated_at": T}),
]
GOOD = {
    "bluetooth": SIGHTING,
    "check_in": VISIT,
    "location": FIX,
    "place": {"place": "m"},
    "case": {"person": "a"},
    "test_result": TEST,
    "quarantine": ORDER,
}


@pytest.mark.parametrize(("code", "kind", "change"), REFUSED)
def test_a_wrong_row_gets_its_code(code: str, kind: str, change: dict[str, object]) -> None:
    checked = check(kind, table_of([{**GOOD[kind], **change}], kind), NOW)
    assert [(r.row, r.code) for r in checked.rejected] == [(0, code)]
    assert checked.table.num_rows == 0


@pytest.mark.parametrize("line", [b"{", b"5", b'["a"]', b"\xff", b"null", b"NaN"])
def test_a_line_that_is_no_object_is_a_malformed_row(line: bytes) -> None:
    batch = parse_ndjson(line + b"\n", "case")
    assert [(r.row, r.code) for r in batch.malformed] == [(0, "malformed_row")]
    assert batch.table.num_rows == 0


ACCEPTED = [
    ("check_in", {}),
    ("check_in", {"left_at": T}),
    ("check_in", {"entered_at": "2021-07-11T12:05:00+07:00"}),
    ("check_in", {"entered_at": "0001-01-01T00:00:00Z"}),
    ("check_in", {"entered_at": "2021-06-01T00:00:00Z", "left_at": "2021-07-01T00:00:00Z"}),
    ("quarantine", {"ended_at": "2031-01-01T00:00:00Z"}),
    ("location", {"lat": -90, "lng": 180}),
    ("location", {"lat": "1e1", "lng": " +5. "}),
    ("location", {"retract": True, "lat": "north", "lng": None}),
    ("case", {"onset_at": T}),
    ("case", {"retract": True}),
    ("bluetooth", {"attenuation_db": None, "rssi_dbm": "-60", "tx_power_dbm": "8"}),
    ("bluetooth", {"duration_s": 300.0}),
    ("place", {"kind": "no such kind", "indoor": "TRUE"}),
]


@pytest.mark.parametrize(("kind", "change"), ACCEPTED)
def test_a_right_row_is_kept(kind: str, change: dict[str, object]) -> None:
    checked = check(kind, table_of([{**GOOD[kind], **change}], kind), NOW)
    assert checked.rejected == ()
    assert checked.table["row"].to_pylist() == [0]


def test_attenuation_follows_from_the_powers() -> None:
    row = {**SIGHTING, "attenuation_db": None, "rssi_dbm": -60, "tx_power_dbm": 8.5}
    assert check("bluetooth", table_of([row], "bluetooth"), NOW).table["attenuation_db"].to_pylist() == [68.5]


def test_defaults_stand_in_for_missing_values() -> None:
    sighting = check("bluetooth", table_of([SIGHTING], "bluetooth"), NOW).table
    assert sighting["duration_s"].to_pylist() == [300]
    fix = check("location", table_of([FIX], "location"), NOW).table
    assert fix["accuracy_m"].to_pylist() == [50.0]
    assert fix["retract"].to_pylist() == [False]
    assert fix["revision"].to_pylist() == [0]


def test_a_retraction_carries_its_natural_key_only() -> None:
    row = {**FIX, "accuracy_m": 10, "retract": True, "revision": 2}
    (kept,) = check("location", table_of([row], "location"), NOW).table.to_pylist()
    assert (kept["lat"], kept["lng"], kept["accuracy_m"]) == (None, None, None)
    assert (kept["person"], kept["retract"], kept["revision"]) == ("a", True, 2)


def test_a_refusal_says_what_and_where() -> None:
    checked = check("location", table_of([{**FIX, "lat": 91}], "location"), NOW, first_row=7)
    assert checked.rejected == (Rejected(7, "out_of_bounds", "lat = 91 is outside -90..90"),)


def test_a_refusal_does_not_quote_long_values() -> None:
    checked = check("location", table_of([{**FIX, "at": "x" * 10_000}], "location"), NOW)
    assert len(checked.rejected[0].detail) < 200


def test_every_code_is_documented_and_spoken_in_every_language() -> None:
    given = {code for code, _, _ in REFUSED} | {"malformed_row", "retracted"}
    assert given == set(CODES)
    for code in CODES:
        for lang in LANGS:
            assert say(f"reject.{code}", lang)


def test_there_is_a_good_row_of_every_kind() -> None:
    assert set(GOOD) == set(KINDS)
