"""truyvet areas: load, list, show, check."""

import pytest

from engine.cli import main
from tests.cli.conftest import call, table_rows

LIST = "code,name,province_code\n79,Thành phố Hồ Chí Minh,\n760,Quận 1,79\n769,Thành phố Thủ Đức,79\n"
SQUARE = (
    '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"MA":"760"},"geometry":'
    '{"type":"Polygon","coordinates":[[[106,10],[107,10],[107,11],[106,11],[106,10]]]}}]}'
)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "borders"
    folder.mkdir()
    (folder / "list.csv").write_text(LIST, "utf-8")
    (folder / "shapes.geojson").write_text(SQUARE)
    (folder / "people.csv").write_text("gso_code,population_2019\n79,8993082\n")
    (folder / "NOTES.txt").write_text("by hand")
    return folder


@pytest.fixture
def data(files, tmp_path):
    run = call("areas", "load", files, "--data", tmp_path / "data")
    assert run.status == 0, run.err
    assert ["Province", "1", "0", "1", "79"] in table_rows(run.out)
    assert ["District", "2", "1", "0", "769"] in table_rows(run.out)
    assert "NOTES.txt" in run.err
    return tmp_path / "data"


def test_areas_are_listed(data):
    rows = table_rows(call("areas", "list", "--under", "79", "--tier", "district", "--data", data).out)
    assert [r[0] for r in rows] == ["760", "769"]
    assert rows[0] == ["760", "District", "District 1", "Ho Chi Minh City", "-", "yes"]
    assert "1 of 3 rows" in call("areas", "list", "--limit", 1, "--data", data).out


def test_one_area_is_shown_in_both_languages(data):
    english = call("areas", "show", "79", "--data", data).out
    assert "Population: 8 993 082 (01/07/2019, people.csv)" in english
    assert "Made of: 2 district" in english
    assert "made from the Vietnamese name" in english
    vietnamese = call("--lang", "vi", "areas", "show", "760", "--data", data).out
    assert "Ranh giới: 12 1" in vietnamese
    assert "Thuộc: Thành phố Hồ Chí Minh (79)" in vietnamese


def test_what_is_missing_is_reported(data, files):
    stored = call("areas", "check", "--data", data).out
    assert stored == call("areas", "check", "--from", files).out
    rows = table_rows(stored)
    assert ["No polygon", "District", "1", "769"] in rows
    assert ["No population", "District", "2", "760, 769"] in rows
    assert "No overlaps" in stored


def test_columns_and_tier_may_be_said(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("Kennung,Bezeichnung\nA,Alpha\n")
    refused = call("areas", "load", path, "--data", tmp_path / "d")
    assert refused.status == main.CANNOT
    assert "Kennung, Bezeichnung" in refused.err
    words = ("--map", "code=Kennung", "--map", "name_vi=Bezeichnung", "--tier", "province")
    assert call("areas", "load", path, *words, "--data", tmp_path / "d").status == 0
    assert "Alpha" in call("areas", "list", "--data", tmp_path / "d").out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["load", "nowhere.csv"], main.CANNOT),
        (["load", "a.csv", "--map", "code"], main.WRONG_USAGE),
        (["load", "a.csv", "--map", "kod=x"], main.WRONG_USAGE),
        (["list", "--tier", "ward", "--from", "a.csv"], main.WRONG_USAGE),
        (["list", "--date", "1/7/2021", "--from", "a.csv"], main.WRONG_USAGE),
        (["list", "--from", "a.csv", "--data", "x"], main.WRONG_USAGE),
        (["show", "999", "--from", "a.csv"], main.CANNOT),
        (["list", "--under", "999", "--from", "a.csv"], main.CANNOT),
        (["list"], main.CANNOT),
    ],
)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_mistakes_end_with_a_message(tmp_path, words, status, lang):
    (tmp_path / "a.csv").write_text(LIST, "utf-8")
    run = call("--lang", lang, "areas", *words)
    assert run.status == status
    assert run.err.strip()


def test_an_engine_without_areas_says_what_to_do(tmp_path):
    path = tmp_path / "events"
    path.mkdir()
    (path / "location.csv").write_text("person,at,lat,lng\na,2021-07-01T00:00:00Z,10.7,106.7\n")
    assert call("ingest", path, "--data", tmp_path / "data").status == 0
    run = call("areas", "list", "--data", tmp_path / "data")
    assert run.status == main.CANNOT
    assert "truyvet areas load" in run.err
