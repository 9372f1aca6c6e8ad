"""Exports of a report: CSV, workbook, GeoJSON, JSON."""

import csv
import io
from dataclasses import replace
from datetime import datetime

import openpyxl
import orjson
import pytest

from engine.clock import from_rfc3339
from engine.service.present.csv_text import COLUMNS, cell, csv_bytes, exposures_csv, safe_text
from engine.service.present.geojson import exposures_geojson
from engine.service.present.rows import exposure_row, report_json
from engine.service.present.workbook import MAX_CELL, exposures_xlsx
from engine.service.results import ExposureReport, ExposureRow, PlaceInfo, Window

FIRST, LAST = from_rfc3339("2021-07-04T23:50:00+07:00"), from_rfc3339("2021-07-05T00:40:00+07:00")
ROW = ExposureRow(
    "ha", 1, FIRST, LAST, 50.0, 0.0097, 1.5, True, ("bluetooth", "check_in"), "son", ("karaoke-sao", "m1")
)  # fmt: skip
REPORT = ExposureReport("son", "vn-2021-07", "forward", 7, Window(FIRST - 60, LAST + 60), LAST + 60, 2, (ROW,))
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]
PLACES = {
    "karaoke-sao": PlaceInfo("karaoke-sao", "Karaoke Sao", "karaoke", 10.78, 106.69),
    "m1": PlaceInfo("m1", None, None, None, None),
}


def read_csv(body):
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def test_csv_has_every_column_and_crlf():
    body = exposures_csv(REPORT.rows)
    assert body.count(b"\r\n") == 2
    assert body.splitlines()[0].decode() == ",".join(COLUMNS)
    (row,) = read_csv(body)
    assert row == {
        "person": "ha", "level": "1", "first_exposed_at": "2021-07-04T16:50:00Z",
        "last_exposed_at": "2021-07-04T17:40:00Z", "minutes": "50.0", "probability": "0.0097", "dose": "1.5",
        "is_case": "true", "channels": "bluetooth;check_in", "via": "son", "places": "karaoke-sao;m1",
    }  # fmt: skip


def test_csv_of_nobody_is_a_header():
    assert exposures_csv(()) == f"{','.join(COLUMNS)}\r\n".encode()


@pytest.mark.parametrize("text", EVIL)
def test_csv_texts_never_run_as_formulas(text):
    assert safe_text(text) == f"'{text}"
    (row,) = read_csv(exposures_csv([replace(ROW, person=text, via=text, places=(text, "x"))]))
    assert (row["person"], row["via"], row["places"]) == (f"'{text}", f"'{text}", f"'{text};x")


@pytest.mark.parametrize("text", ["ha", "a=b", "P-1", 'Chợ, "Lớn"', "a\nb", ""])
def test_other_texts_come_back_as_they_were(text):
    (row,) = read_csv(csv_bytes(("t", "u"), [{"t": text, "u": 1}]))
    assert row == {"t": text, "u": "1"}


@pytest.mark.parametrize(("value", "text"), [(None, ""), (True, "true"), (False, "false"), ((), ""), (-1.5, "-1.5")])
def test_cells(value, text):
    assert cell(value) == text


def sheets(report, lang="en"):
    return openpyxl.load_workbook(io.BytesIO(exposures_xlsx(report, report.rows, lang))).worksheets


@pytest.mark.parametrize(("lang", "heads"), [("en", ["Person", "Level"]), ("vi", ["Người", "Cấp"])])
def test_workbook_speaks_the_language(lang, heads):
    sheet = sheets(REPORT, lang)[0]
    assert [c.value for c in sheet[1]][:2] == heads
    assert sheet["C1"].value.endswith("(UTC+07:00)")


def test_workbook_has_local_dates_and_numbers():
    row = dict(zip(COLUMNS, (c.value for c in sheets(REPORT)[0][2]), strict=True))
    assert row["first_exposed_at"] == datetime(2021, 7, 4, 23, 50)
    assert row["last_exposed_at"] == datetime(2021, 7, 5, 0, 40)
    assert (row["minutes"], row["level"], row["is_case"]) == (50, 1, "yes")


def test_workbook_has_dates_that_excel_does_not_know_as_text():
    sheet = sheets(replace(REPORT, rows=(replace(ROW, first_exposed_at=-3_786_825_600),)))[0]
    assert (sheet["C2"].value, sheet["C2"].data_type) == ("1850-01-01 07:00:00", "s")


@pytest.mark.parametrize("text", EVIL[:4])
def test_workbook_texts_stay_texts(text):
    sheet = sheets(replace(REPORT, case=text, rows=(replace(ROW, person=text),)))
    assert (sheet[0]["A2"].value, sheet[0]["A2"].data_type) == (text, "s")
    assert (sheet[1]["B1"].value, sheet[1]["B1"].data_type) == (text, "s")


def test_workbook_cuts_what_a_cell_cannot_hold():
    sheet = sheets(replace(REPORT, rows=(replace(ROW, places=("p" * 100,) * 400),)))[0]
    text = sheet.cell(2, COLUMNS.index("places") + 1).value
    assert (len(text), text[-1]) == (MAX_CELL, "…")


@pytest.mark.parametrize(
    ("direction", "names"),
    [
        ("forward", ["Infectious from", "Infectious until"]),
        ("backward", [f"May have been infected {word}" for word in ("from", "until")]),
    ],
)
def test_workbook_says_what_was_asked(direction, names):
    about = {r[0].value: r[1].value for r in sheets(replace(REPORT, direction=direction))[1] if r[0].value}
    assert about["Case"] == "son"
    assert about[names[0]] == "2021-07-04 23:49:00 (UTC+07:00)"
    assert about[names[1]] == "2021-07-05 00:41:00 (UTC+07:00)"


def test_the_same_report_is_the_same_workbook():
    assert exposures_xlsx(REPORT, REPORT.rows, "vi") == exposures_xlsx(REPORT, REPORT.rows, "vi")


def collection(report, places=PLACES):
    return orjson.loads(exposures_geojson(report, report.rows, places))


def test_geojson_has_a_point_for_each_place_with_a_position():
    found = collection(REPORT)
    assert (found["type"], found["case"], found["next"]) == ("FeatureCollection", "son", None)
    (feature,) = found["features"]
    assert feature["type"] == "Feature"
    assert feature["geometry"] == {"type": "Point", "coordinates": [106.69, 10.78]}
    assert feature["properties"] == {**exposure_row(ROW), "place": "karaoke-sao", "place_name": "Karaoke Sao"}


def test_geojson_without_a_position_is_a_null_geometry():
    for places in ({}, {"m1": PLACES["m1"]}):
        (feature,) = collection(REPORT, places)["features"]
        assert feature["geometry"] is None
        assert feature["properties"]["place"] is None


def test_json_is_whole_and_ordered():
    second = replace(ROW, person="an", level=2)
    found = orjson.loads(report_json(replace(REPORT, rows=(ROW, second))))
    assert [r["person"] for r in found["exposures"]] == ["ha", "an"]
    assert found["window"] == {"start": "2021-07-04T16:49:00Z", "end": "2021-07-04T17:41:00Z"}
    assert (found["policy"], found["depth"], found["as_of"], found["next"]) == ("vn-2021-07", 2, 7, None)


def test_json_pages_carry_the_cursor():
    found = orjson.loads(report_json(REPORT, (), "abc"))
    assert (found["exposures"], found["next"]) == ([], "abc")
