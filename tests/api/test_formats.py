"""CSV, Excel, GeoJSON, Arrow: what the reader asked for, and nothing that runs."""

import csv
import io
from datetime import datetime

import openpyxl
import pytest

from api.examples.replies import EXPOSURE
from api.negotiate import MEDIA, best_format
from tests.api.fake_engine import CASE, exposure

TRACE = f"/v1/cases/{CASE}/exposures"
BAD = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("text/*", "csv"),
        ("application/geo+json, application/json;q=0.5", "geojson"),
        ("application/json;q=0.5, text/csv;q=0.9", "csv"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "json"),
        ("application/json;q=0, */*", "csv"),
        ("text/html", None),
    ],
)
def test_accept_picks_the_format(accept, form):
    assert best_format(accept, ("json", "csv", "xlsx", "geojson")) == form


@pytest.mark.parametrize("form", ["json", "csv", "xlsx", "geojson"])
def test_format_goes_before_accept(call, form):
    reply = call.get(f"{TRACE}?format={form}", headers={"Accept": "text/html"})
    assert reply.status_code == 200
    assert reply.headers["content-type"].partition(";")[0] == MEDIA[form]
    assert reply.headers["as-of"] == "7"


def test_only_impossible_formats_are_406(call):
    reply = call.get(TRACE, headers={"Accept": "text/html"})
    assert (reply.status_code, reply.json()["code"]) == (406, "not_acceptable")


def rows_of(reply):
    return list(csv.DictReader(io.StringIO(reply.content.decode(), newline="")))


def test_csv_has_the_columns_and_values_of_json(call, engine):
    engine.rows = [exposure(1, channels=("bluetooth", "check_in"), places=("a", "b"), is_case=True)]
    reply = call.get(TRACE, headers={"Accept": "text/csv"})
    told = call.get(TRACE).json()["exposures"][0]
    assert reply.content.count(b"\r\n") == 2
    assert not reply.content.startswith(b"\xef\xbb\xbf")
    row = rows_of(reply)[0]
    assert list(row) == list(EXPOSURE) == list(told)
    assert (row["channels"], row["places"], row["is_case"]) == ("bluetooth;check_in", "a;b", "true")
    assert (row["first_exposed_at"], float(row["probability"])) == (
        told["first_exposed_at"],
        told["probability"],
    )


@pytest.mark.parametrize("text", BAD)
def test_csv_cells_never_become_formulas(call, engine, text):
    engine.rows = [exposure(1, person=text, via=text, places=(text,))]
    row = rows_of(call.get(f"{TRACE}?format=csv"))[0]
    assert row["person"] == row["via"] == row["places"] == "'" + text


def sheet_of(reply, **options):
    return openpyxl.load_workbook(io.BytesIO(reply.content), **options)


@pytest.mark.parametrize("text", BAD[:4])
def test_workbook_cells_never_become_formulas(call, engine, text):
    engine.rows = [exposure(1, person=text, places=(text,))]
    sheet = sheet_of(call.get(f"{TRACE}?format=xlsx")).worksheets[0]
    assert (sheet["A2"].value, sheet["A2"].data_type) == (text, "s")
    assert (sheet["K2"].value, sheet["K2"].data_type) == (text, "s")


def test_workbook_has_local_dates_filters_and_a_frozen_header(call):
    sheet = sheet_of(call.get(f"{TRACE}?format=xlsx")).worksheets[0]
    assert sheet["C1"].value == "First exposed (UTC+07:00)"
    assert sheet["C2"].value == datetime(2021, 7, 9, 9, 30)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:K11")
    assert sheet.max_row == 11


def test_workbook_speaks_the_readers_language(call):
    book = sheet_of(call.get(f"{TRACE}?format=xlsx", headers={"Accept-Language": "vi"}))
    assert book.sheetnames == ["Người phơi nhiễm", "Về bảng này"]
    assert book.worksheets[0]["A1"].value == "Người"
    assert book.worksheets[0]["H2"].value == "không"
    assert book.worksheets[1]["B1"].value == CASE


def test_files_hold_all_rows_unless_a_limit_is_given(call, engine):
    engine.rows = [exposure(i) for i in range(1_500)]
    assert len(call.get(TRACE).json()["exposures"]) == 1_000
    assert len(rows_of(call.get(f"{TRACE}?format=csv"))) == 1_500


def test_a_cut_file_links_to_the_next_page(call):
    first = call.get(f"{TRACE}?format=csv&limit=6")
    assert first.links["next"]["url"].startswith("?format=csv&limit=6&cursor=")
    rest = call.get(TRACE + first.links["next"]["url"])
    assert "link" not in rest.headers
    assert [r["person"] for r in rows_of(first) + rows_of(rest)] == [f"P-{i:04d}" for i in range(10)]


def test_file_names_are_safe_whatever_the_id(call):
    header = call.get("/v1/cases/a%2Fb/sources?format=csv").headers["content-disposition"]
    assert 'filename="sources-a_b.csv"' in header
    assert "sources-a%2Fb.csv" in header


def test_geojson_has_a_point_for_each_person_and_known_place(call, engine):
    engine.rows = [
        exposure(1, places=("market", "school", "lost", "unheard of")),
        exposure(2, places=("lost",)),
        exposure(3),
    ]
    body = call.get(TRACE, headers={"Accept": "application/geo+json"}).json()
    assert (body["type"], body["case"], body["as_of"], body["next"]) == ("FeatureCollection", CASE, 7, None)
    shown = [(f["properties"]["person"], f["properties"]["place"], f["geometry"]) for f in body["features"]]
    assert shown == [
        ("P-0001", "market", {"type": "Point", "coordinates": [106.5, 10.5]}),
        ("P-0001", "school", {"type": "Point", "coordinates": [106.6, 10.6]}),
        ("P-0002", None, None),
        ("P-0003", None, None),
    ]
