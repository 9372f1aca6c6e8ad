"""``truyvet estimate``: from tables, line lists, events, a sample city; pictures; clear mistakes."""

import csv
import io
import json
import re

import pytest
import yaml

from engine.scenarios.model import Distribution
from tests.cli.conftest import TINY, call

COUNTS = "area,date,cases\n" + "".join(
    f"{a},2021-07-{d:02d},{n * d}\n" for d in range(1, 25) for a, n in (("Bắc Giang", 3), ("Hà Nội", 1))
)
LIST = "person,onset,confirmed\n" + "".join(
    f"p{i},2021-07-{1 + i % 20:02d},2021-07-{3 + i % 21:02d}\n" for i in range(60)
)
PAIRS = "infector,infected\n" + "".join(f"p{i},p{i + 20}\np{i},p{i + 2}\n" for i in range(0, 18, 3)) + "p1,p2\n"


@pytest.fixture
def counts(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS, "utf-8")
    return path


def test_r_of_a_table_with_a_picture(counts, tmp_path):
    picture = tmp_path / "rt.png"
    run = call("--lang", "vi", "estimate", "--cases", counts, "--area", "Bắc Giang", "--png", picture)
    assert run.status == 0
    assert "Hệ số lây nhiễm R_t" in run.out
    assert "Bắc Giang" in run.out
    assert "Hà Nội" not in run.out
    assert "chưa đủ số liệu cuối kỳ" in run.out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_csv_and_json_hold_every_row(counts, tmp_path):
    run = call("estimate", "--cases", counts, "--format", "csv", "--serial", "3.5,2", "--window", "5")
    rows = list(csv.DictReader(io.StringIO(run.out)))
    assert {r["area"] for r in rows} == {"Bắc Giang", "Hà Nội"}
    assert len(rows) == 2 * 19
    assert "mean 3.5 d" in run.err
    out = tmp_path / "rt.json"
    assert call("estimate", "--cases", counts, "--out", out, "--to-date", "2021-07-20").status == 0
    told = json.loads(out.read_text("utf-8"))
    assert max(r["to"] for r in told["estimates"]) == "2021-07-20"
    assert told["notes"]


def test_a_line_list_with_pairs(tmp_path):
    (tmp_path / "l.csv").write_text(LIST, "utf-8")
    (tmp_path / "p.csv").write_text(PAIRS, "utf-8")
    run = call("estimate", "--line-list", "l.csv", "--pairs", "p.csv", "--recent-days", "0")
    assert run.status == 0
    for words in ("serial interval (d)", "offspring of a case", "k (dispersion)", "Delays (days)"):
        assert words in run.out
    assert "Not believed: several infectors" in run.out


def test_the_truth_of_a_city_and_its_events(city):
    run = call("estimate", "--truth", city, "--format", "json", "--what", "serial,offspring")
    told = {(r["estimate"], r["measure"]): r for r in json.loads(run.out)["estimates"]}
    assert told["generation", "mean"]["value"] > 0
    run = call("estimate", "--from", city)
    assert run.status == 0
    assert "measures.isolation.delay" in run.out


def test_the_hand_worked_sample_is_small_but_answers():
    run = call("estimate", "--from", TINY, "--what", "delays,settings")
    assert run.status == 0
    assert "isolation" in run.out
    assert "fewer than 5 cases" in run.out


def test_the_check_prints_coverage_and_its_error():
    run = call("estimate", "--check", "--replicates", "2")
    assert run.status == 0
    assert "±" in run.out
    assert "1 + R(1 + 1/k)" in run.out


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--serial", "4"), 2, "--serial is mean,sd"),
        (("--serial", "0.5,1"), 2, "above 1"),
        (("--area", "Huế"), 2, "there are: Bắc Giang, Hà Nội"),
        (("--column", "cases"), 2, "field=column"),
        (("--column", "count=x"), 2, "there are: area, date, cases"),
        (("--from-date", "July"), 2, "--from-date is a day"),
        (("--what", "weather"), 2, "rt, serial"),
        (("--format", "xls"), 2, "table, csv, json"),
        (("--by", "year"), 2, "--by"),
        (("--truth", "x"), 2, "Give only one of"),
        (("--png", "x.pdf"), 2, ".png"),
        (("--out", "x.xlsx"), 2, "--out: the file must end in .csv, .json"),
        (("--from-date", "2022-05-01"), 1, "no day with cases in the days"),
    ],
)
def test_mistakes_are_explained(counts, words, status, told):
    run = call("estimate", "--cases", counts, *words)
    assert run.status == status
    assert told in run.err


def test_a_file_in_another_encoding_is_told_how_to_be_saved(tmp_path):
    """Excel of many countries saves CSV in the code page of the machine."""
    path = tmp_path / "counts.csv"
    path.write_bytes(COUNTS.encode("utf-16"))
    run = call("estimate", "--cases", path)
    assert run.status == 1
    assert "save it as CSV UTF-8" in run.err


def test_settings_are_shown_as_a_scenario_file_writes_them(tmp_path):
    path = tmp_path / "list.csv"
    rows = "".join(f"p{i},2021-07-{1 + i:02d},2021-07-{3 + i + i % 4:02d}\n" for i in range(20))
    path.write_text("person,onset,isolated\n" + rows, "utf-8")
    run = call("estimate", "--line-list", path, "--what", "settings")
    told = re.search(r"measures.isolation.delay = (.+) \(n = 20\)", run.out)
    assert Distribution.model_validate(yaml.safe_load(told[1]))


def test_a_missing_file_is_named():
    run = call("estimate", "--cases", "nowhere.csv")
    assert run.status == 1
    assert "nowhere.csv" in run.err
