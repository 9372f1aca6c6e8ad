"""``truyvet levels``: from tables and from the engine, with pictures, CSV, overrides and clear mistakes."""

import csv
import io

import pytest

from tests.cli.conftest import call, table_rows

AREAS = """code,tier,parent,name,population
79,province,,Thành phố Hồ Chí Minh,100000
87,province,,Tỉnh Đồng Tháp,100000
"""
GEOJSON = """{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"79","tier":"province"},
"geometry":{"type":"Polygon","coordinates":[[[106,10],[107,10],[107,11],[106,11],[106,10]]]}}]}"""
COUNTS = "code,date,cases\n" + "".join(
    f"{code},2021-10-{day},{n}\n" for day in range(18, 25) for code, n in (("79", 10), ("87", 0))
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "vn_admin").mkdir()
    (tmp_path / "vn_admin" / "areas.csv").write_text(AREAS, "utf-8")
    (tmp_path / "vn_admin" / "areas.geojson").write_text(GEOJSON, "utf-8")
    (tmp_path / "counts").mkdir()
    (tmp_path / "counts" / "moh.csv").write_text(COUNTS, "utf-8")
    return tmp_path / "counts"


def test_a_week_is_told_with_reasons_and_drawn_without_being_named(folder):
    run = call("levels", "--rules", "4800", "--from", folder, "--week", "2021-W42", "--png", "--lang", "vi")
    assert run.status == 0
    assert "Quyết định 4800/QĐ-BYT" in run.out
    assert "24/10/2021" in run.out
    assert "bản A" in run.out
    assert "độ bao phủ vắc xin người từ 18 tuổi" in run.out
    why = " ".join(row[-1] for row in table_rows(run.out) if len(row) == 5)
    assert "Ca mới trong cộng đồng/100.000 dân/tuần: 70" in why
    assert "Các số chưa đối chiếu văn bản gốc: cases[3], coverage, matrix.a, matrix.b" in run.out
    assert "vn_admin" in run.err
    assert "Tỉnh Đồng Tháp" in run.err  # has no polygon
    drawn = folder.parent / "levels-4800-2021-10-24.png"
    assert drawn.read_bytes().startswith(b"\x89PNG")


def test_assumptions_decide_and_are_told(folder):
    words = ["--assume", "coverage_18_1dose=0.8", "--assume", "elderly_full=met"]
    out = folder.parent / "levels.csv"
    run = call("levels", "--rules", "4800", "--from", folder, "--at", "2021-10-24", *words, "--csv", out)
    assert run.status == 0
    assert "Assumed: coverage_18_1dose=0.8, elderly_full=met." in run.out
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert [(r["code"], r["version"], r["level"]) for r in rows] == [
        ("79", "a", "2"), ("87", "a", "1"), ("79", "b", "2"), ("87", "b", "1")
    ]  # fmt: skip
    assert "matrix.a" in rows[0]["unverified"]
    words += ["--previous", out, "--assume", "capacity_met=no"]
    assert call("levels", "--rules", "4800", "--from", folder, *words).status == 0


def test_a_province_has_thresholds_of_its_own(folder, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        'base = "4800"\nunits = ["79"]\ninstrument = "QĐ 1/UBND"\n[[indicator]]\nid = "cases"\ncutoffs = [\n'
        + "".join(f'{{ value = {v}, mark = "O", source = "QĐ 1/UBND" }},\n' for v in (100, 200, 300))
        + "]\n"
    )
    words = ["--assume", "coverage_18_1dose=0.8", "--assume", "elderly_full=met"]
    run = call("levels", "--rules", "4800", "--from", folder, *words, "--override", own)
    assert "Province 79 has rules of its own: QĐ 1/UBND." in run.out
    assert "Level 2" not in "".join(line for line in run.out.splitlines() if "Ho Chi Minh" in line)


def test_the_day_decides_the_rules(folder):
    run = call("levels", "--from", folder)
    assert "Decision 4800" in run.out
    late = call("levels", "--from", folder, "--rules", "2686")
    assert "Note: 2686/QĐ-BCĐQG was in force from 2021-05-31 until before 2021-10-12" in late.out


def test_levels_of_the_engine_need_areas(stored):
    run = call("levels", "--data", stored)
    assert run.status == 1
    assert "truyvet areas load" in run.err


def test_levels_of_the_engine(stored, folder):
    run = call("levels", "--data", stored, "--areas", folder.parent / "vn_admin", "--rules", "2686")
    assert run.status == 0
    assert "Decision 2686" in run.out
    assert "Where" in run.out  # an F0 whose home is not known


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--week", "2021-27"], "2021-W27"),
        (["--at", "tomorrow"], "2021-07-11"),
        (["--at", "2021-10-24", "--week", "2021-W42"], "not both"),
        (["--rules", "128"], "2686, 4800, 218, who"),
        (["--tier", "ward"], "commune, district, province"),
        (["--tier", "commune"], "hold no commune"),
        (["--assume", "sun=shines"], "cannot assume"),
        (["--png", "map.pdf"], ".png"),
        (["--data", "x"], "--from"),
    ],
)
def test_mistakes_say_what_to_write(folder, words, told):
    run = call("levels", "--from", folder, *words)
    assert run.status == 2
    assert told in run.err
    assert "Traceback" not in run.err


def test_no_areas_anywhere(folder):
    (folder.parent / "vn_admin").rename(folder.parent / "elsewhere")
    run = call("levels", "--from", folder)
    assert run.status == 1
    assert "--areas PATH" in run.err
