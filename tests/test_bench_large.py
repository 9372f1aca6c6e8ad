"""The large runs, small: what they load gives the same answers by every door, and their figures are there."""

import io

import pytest
from rich.console import Console

from benchmarks import growth, province


@pytest.fixture(scope="module")
def runs():
    out = io.StringIO()
    size, console = province.Size(people=3_000, days=2, cases=5), Console(file=out, width=120)
    found = {door: province.run(size, door, console) for door in ("events", "codes")}
    province.show(found["events"], size, "events", console)
    return size, found, out.getvalue()


def test_a_province_is_the_same_by_events_and_by_codes(runs):
    size, found, _ = runs
    for name in ("records", "reached", "on_board", "cells"):
        assert found["events"][name] == found["codes"][name] > 0
    assert found["events"]["records"] == size.people * size.days * sum(province.A_DAY.values())


def test_a_province_tells_its_peaks_and_its_progress(runs):
    _, found, shown = runs
    assert found["events"]["peak_gib"] == max(found["events"][f"peak of {step}"] for step in province.STEPS)
    assert "most memory of all" in shown
    assert "100 % of the records" in shown


def test_growth_is_told_and_fitted(tmp_path, capsys):
    found = [growth.grow(n, cases=3) | {"growth_bytes": 30.0 * n} for n in (3_000, 6_000)]
    assert all(f["ingest_s"] > 0 and f["reached"] >= 0 for f in found)
    assert growth.slopes(found)["growth_bytes"] == pytest.approx(1.0)
    growth.show(found)
    assert "30.0" in capsys.readouterr().out
    growth.draw(found, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
