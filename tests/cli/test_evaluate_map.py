"""evaluate-map: tables, the part of the page, communes, mistakes."""

import csv
from datetime import date, timedelta

import numpy as np
import pytest

from engine.cli.page_parts import with_part
from engine.texts import say
from tests.cli.conftest import call, table_rows

SMALL = ("--people", 300, "--days", 6, "--held", 2, "--seeds", "1,2")


@pytest.fixture(scope="module")
def keep(tmp_path_factory):
    return tmp_path_factory.mktemp("keep")


def test_rankings_are_shown_and_written(keep, tmp_path):
    page = tmp_path / "accuracy.md"
    page.write_text("<!-- begin evaluate -->\nother\n<!-- end evaluate -->\n\nby hand\n", "utf-8")
    run = call("evaluate-map", *SMALL, "--keep", keep, "--markdown", page)
    assert run.status == 0, run.err
    names = [row[0] for row in table_rows(run.out) if row[0]]
    for ranking in ("score", "residence", "footfall"):
        assert names.count(say(f"ranking.{ranking}", "en")) == 2  # one a resolution
    written = page.read_text("utf-8")
    assert written.startswith("<!-- begin evaluate -->\nother\n<!-- end evaluate -->\n\nby hand\n")
    assert "truyvet evaluate-map --seeds 1,2 --people 300" in written
    assert f"| {say('ranking.footfall', 'en')} | " in written
    assert {path.name for path in keep.iterdir()} == {"city-300-6-2-1.json", "city-300-6-2-2.json"}


def test_in_vietnamese(keep):
    run = call("evaluate-map", *SMALL, "--keep", keep, "--lang", "vi")
    assert "lượt người" in run.out
    assert "footfall" not in run.out


def test_settings_are_compared_on_other_cities(keep):
    run = call("evaluate-map", *SMALL, "--keep", keep, "--tune", "3")
    assert run.status == 0, run.err
    rows = [row for row in table_rows(run.out) if len(row) == 7]
    assert [int(row[0]) for row in rows if row[0]] == sorted(int(row[0]) for row in rows if row[0])
    assert any("declared" in " ".join(row) for row in rows)


def test_communes_are_ranked_too(keep, tmp_path):
    rng = np.random.default_rng(1)
    with (tmp_path / "areas.csv").open("w", newline="") as file:
        rows = [("province", "01", "", "A"), ("district", "001", "01", "B"), ("district", "002", "01", "C")]
        rows += [("commune", f"{n:05d}", f"00{1 + n % 2}", f"xa {n}") for n in range(12)]
        csv.writer(file).writerows([("tier", "code", "parent", "name"), *rows])
    with (tmp_path / "counts.csv").open("w", newline="") as file:
        days = [date(2021, 4, 27) + timedelta(days=n) for n in range(78)]
        rows = [(f"{n:05d}", day, rng.poisson(n / 3)) for n in range(12) for day in days]
        csv.writer(file).writerows([("commune_code", "date", "cases"), *rows])
    run = call(
        "evaluate-map", *SMALL, "--keep", keep, "--communes", tmp_path / "counts.csv", "--areas", tmp_path / "areas.csv"
    )
    assert run.status == 0, run.err
    assert say("ranking.days7", "en") in [row[0] for row in table_rows(run.out)]
    assert "12 communes" in run.out


@pytest.mark.parametrize(
    ("words", "text"),
    [(("--seeds", "5-1"), "--seeds"), (("--tune", "x"), "--tune"), (("--communes", "a.csv"), "--areas")],
)
def test_mistakes_are_explained(words, text):
    run = call("evaluate-map", *words)
    assert run.status == 2
    assert text in run.err


def test_parts_of_a_page_replace_themselves_alone():
    page = with_part("an old page", "one", "1")
    assert page == "<!-- begin one -->\n1\n<!-- end one -->\n"
    page = with_part(page, "two", "2")
    assert with_part(page, "one", r"\1 new") == page.replace("\n1\n", "\n\\1 new\n")
