"""Held-out cities: nothing that came later is known, the truth is what came later; rankings and their values."""

import json

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engine.city.build import CityPlan, build_city
from engine.clock import DAY
from engine.errors import BadParameterError
from engine.risk.settings import HexSettings
from engine.service import predict
from engine.service.held_out import hold_out, known_by
from engine.service.predict import (
    BASELINES,
    MEASURES,
    OURS,
    Cities,
    Trial,
    candidates,
    evaluate_cities,
    rankings,
    smoothed,
    tune,
)

PLAN = CityPlan(people=600, days=8, seed=4)
HELD = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("held-out")


@pytest.fixture(scope="module")
def city(folder):
    return hold_out(PLAN, HELD, folder)


def seconds(column):
    return column.cast(pa.timestamp("s", tz="UTC")).cast("int64").to_numpy()


@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location", "case", "test_result", "quarantine"])
def test_no_moment_after_the_cut_is_known(city, folder, kind):
    known = known_by(pq.read_table(folder / f"{kind}.parquet"), kind, city.at)
    for name in known.column_names:
        if (
            name == "at" or name.endswith("_at")
        ) and name != "ended_at":  # the planned end of an order is known when it is given
            assert (seconds(known[name].drop_null()) < city.at).all(), name


def test_the_engine_knows_the_rows_of_before_and_no_others(city, folder):
    counted = city.engine.summary()
    looks = seconds(pq.read_table(folder / "bluetooth.parquet")["at"])
    fixes = seconds(pq.read_table(folder / "location.parquet")["at"])
    assert counted["bluetooth"] == (looks < city.at).sum()
    assert counted["location"] == (fixes < city.at).sum()
    assert city.engine.data_time <= city.at


def test_f0s_are_those_whose_result_had_come(city, folder):
    cases = pq.read_table(folder / "case.parquet")
    known = set(cases.filter(pa.array(seconds(cases["confirmed_at"]) < city.at))["person"].to_pylist())
    tests = pq.read_table(folder / "test_result.parquet")
    had = pc.and_(pa.array(seconds(tests["resulted_at"]) < city.at), pc.equal(tests["result"], "positive"))
    proven = set(tests.filter(had)["person"].to_pylist())
    found = {case.person for case in city.engine.cases()}
    assert known <= found <= known | proven
    assert len(found) == len(city.f0_homes) < len(cases)


def test_the_truth_is_the_transmissions_of_the_days_held_out(city, folder):
    truth = pq.read_table(folder / "truth" / "infections.parquet")
    later = truth.filter(pa.array(seconds(truth["at"]) >= city.at))
    inside = later.filter(pc.is_valid(later["place"]))
    assert len(city.transmissions) == len(inside) > 0
    assert np.allclose(city.place_lat[city.transmissions], inside["lat"].to_numpy())
    assert city.is_home[city.transmissions].tolist() == [s == "home" for s in inside["setting"].to_pylist()]


def test_everybodys_time_is_counted(city):
    most = PLAN.people * HELD * 24
    assert 0.7 * most < city.hours.sum() <= most  # the isolated are out of circulation


def test_the_files_are_those_of_the_city_without_observer(folder, tmp_path):
    build_city(PLAN, tmp_path)
    for name in ("case.parquet", "location.parquet", "truth/infections.parquet"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("held", [0, 8])
def test_a_city_must_be_cut_within(held, tmp_path):
    with pytest.raises(BadParameterError, match="held out"):
        hold_out(PLAN, held, tmp_path)


@pytest.mark.parametrize("resolution", [8, 9])
def test_truth_and_baselines_are_kept_whole_in_the_ranked_cells(city, resolution):
    (columns,) = city.maps((resolution,), HexSettings())
    found, truth = rankings(city, columns, HexSettings())
    assert truth["all"].sum() == len(city.transmissions)
    assert truth["away"].sum() == (~city.is_home[city.transmissions]).sum()
    assert truth["time"].sum() == pytest.approx(city.hours.sum())
    assert found["residence"].sum() == len(city.f0_homes)
    assert found["footfall"].sum() == pytest.approx(columns.footfall_h.sum())
    assert {len(v) for v in (*found.values(), *truth.values())} == {len(truth["all"])}


def test_burden_is_the_rate_times_footfall(city):
    settings = HexSettings(half_rate=0.2)
    (columns,) = city.maps((9,), settings)
    found, _ = rankings(city, columns, settings)
    rate = found["burden"] / np.where(found["footfall"] > 0, found["footfall"], 1)
    some = found["footfall"] > 0
    assert np.allclose(100 * (1 - 0.5 ** (rate[some] / 0.2)), found["score"][some])


def test_smoothing_spreads_over_rings_and_leaves_what_falls_outside():
    middle = h3.latlng_to_cell(10.77, 106.69, 9)
    cells = np.array(sorted(h3.grid_disk(middle, 2)), np.uint64)
    values = (cells == middle).astype(float)
    expected = [(4, 2, 1)[h3.grid_distance(middle, int(c))] for c in cells]
    assert smoothed(cells, values, (4, 2, 1)).tolist() == expected
    ends = smoothed(cells, np.ones(len(cells)), (4, 2, 1))
    assert ends.max() == 4 + 6 * 2 + 12
    assert ends.min() < ends.max()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


TRIAL = Trial(people=400, days=7, held_days=3)


@pytest.fixture(scope="module")
def evaluation(kept):
    return evaluate_cities(Cities(TRIAL, kept), (1, 2))


def test_every_ranking_is_measured_at_every_resolution(evaluation):
    rows = {(row.ranking, row.resolution) for row in evaluation.rows}
    assert rows == {(name, r) for name in (*OURS, *BASELINES) for r in predict.RESOLUTIONS}
    for row in evaluation.rows:
        assert set(row.values) == set(MEASURES)
        assert bool(row.ahead) == (row.ranking in OURS)
        assert all(v.low <= v.mean <= v.high for v in row.values.values())


def test_a_run_goes_on_where_it_was(evaluation, kept, monkeypatch):
    def never(*_):
        raise AssertionError("the city was made again")

    monkeypatch.setattr(predict, "hold_out", never)
    assert evaluate_cities(Cities(TRIAL, kept), (1, 2)) == evaluation
    path = next(kept.glob("*-1.json"))
    stored = json.loads(path.read_text())
    path.write_text(json.dumps({**stored, "format": -1}))
    with pytest.raises(AssertionError, match="made again"):
        evaluate_cities(Cities(TRIAL, kept), (1, 2))
    path.write_text(json.dumps(stored))


def test_settings_are_compared_best_first(evaluation, kept):
    rows = tune(Cities(TRIAL, kept), (1,), [HexSettings(), HexSettings(prior_h=400)])
    assert rows[0].objective >= rows[1].objective
    assert {row.settings for row in rows} == {HexSettings(), HexSettings(prior_h=400)}


def test_the_declared_settings_are_among_the_candidates():
    found = candidates()
    assert found[0] == HexSettings()
    assert len({predict.named(s) for s in found}) == len(found)


def test_day_and_moment_of_the_cut(city):
    assert city.at == PLAN.end - HELD * DAY
