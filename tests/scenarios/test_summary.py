"""Tables of a run beside the oracle's plain loops, and definitions on cases that can be done in the head."""

import math
from functools import partial

import numpy as np
import pytest
from scipy import stats

from engine.scenarios import reproduction
from engine.scenarios.differences import baseline_of, difference_rows, differences_table
from engine.scenarios.ensemble import Ensemble, Wish, run_replicates
from engine.scenarios.files import RunPlan
from engine.scenarios.generation import generation_interval, ripe_after
from engine.scenarios.model import Simulation
from engine.scenarios.outcome import DAILY, Outcome
from engine.scenarios.quantiles import half_width, median_interval
from engine.scenarios.summary import replicate_values, summarise
from tests.oracles import outbreak_summary as oracle
from tests.scenarios.ensembles import PEOPLE, outcome

DAYS, COUNT = 31, 37
WEIGHTS = np.array([0.1, 0.4, 0.3, 0.2])
LATE = partial(outcome, days=DAYS)
OUTCOMES = [LATE(i) for i in range(COUNT)]
REPLICATES = [{name: o.column(name).tolist() for name in DAILY} for o in OUTCOMES]
MEASURE = {"median": 0.5, "q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return run_replicates(LATE, PEOPLE, DAYS, Wish(COUNT))


@pytest.fixture(scope="module")
def tables(ensemble: Ensemble) -> dict[str, list[dict[str, float]]]:
    found, _ = summarise("base", ensemble, WEIGHTS)
    return {name: table.to_pylist() for name, table in found.items()}


def row_of(rows: list[dict[str, float]], **at: object) -> dict[str, float]:
    (row,) = [row for row in rows if all(row[k] == v for k, v in at.items())]
    return row


def agrees(row: dict[str, float], values: list[float]) -> None:
    for name, share in MEASURE.items():
        assert row[name] == pytest.approx(oracle.quantile(values, share))
    assert row["mean"] == pytest.approx(sum(values) / len(values))


def test_totals(tables: dict[str, list[dict[str, float]]]) -> None:
    late = [o.late_onsets.tolist() for o in OUTCOMES]
    expected = {
        "attack_rate": [oracle.attack_rate(r, PEOPLE) for r in REPLICATES],
        "onsets_week9": [
            oracle.onsets_until_week(r, more, PEOPLE, 9) for r, more in zip(REPLICATES, late, strict=True)
        ],
        "peak_infectious": [oracle.peak(r)[0] for r in REPLICATES],
        "peak_day": [oracle.peak(r)[1] for r in REPLICATES],
        "person_days_quarantine": [sum(r["quarantined"]) for r in REPLICATES],
        "false_person_days_quarantine": [sum(r["false_quarantined"]) for r in REPLICATES],
        "person_days_isolation": [sum(r["isolated"]) for r in REPLICATES],
        "quarantined_week_3": [oracle.share_in_week(r, "quarantined", PEOPLE, 3) for r in REPLICATES],
        "quarantined_week_4": [oracle.share_in_week(r, "quarantined", PEOPLE, 4) for r in REPLICATES],
        **{
            name: [sum(r[name]) for r in REPLICATES] for name in ("infections", "outside_infections", "traced", "tests")
        },
    }
    for measure, values in expected.items():
        row = row_of(tables["totals"], measure=measure)
        agrees(row, values)
        assert row["n"] == COUNT
        assert row["sd"] == pytest.approx(np.std(values, ddof=1))
        assert row["se_mean"] == pytest.approx(row["sd"] / math.sqrt(COUNT))
        assert [r[measure] for r in tables["replicates"]] == pytest.approx(values)
    true, false = (row_of(tables["totals"], measure=f"{t}_person_days_quarantine")["mean"] for t in ("true", "false"))
    assert true + false == pytest.approx(row_of(tables["totals"], measure="person_days_quarantine")["mean"])


def test_days_and_weeks(tables: dict[str, list[dict[str, float]]]) -> None:
    for day in (0, 13, DAYS - 1):
        for name in DAILY:
            agrees(row_of(tables["daily"], day=day, measure=name), [r[name][day] for r in REPLICATES])
        sums = [sum(r["infections"][: day + 1]) for r in REPLICATES]
        agrees(row_of(tables["daily"], day=day, measure="cumulative_infections"), sums)
    for week in range(5):
        weekly = partial(row_of, tables["weekly"], week=week)
        for state in ("quarantined", "isolated", "infectious"):
            shares = [oracle.share_in_week(r, state, PEOPLE, week) for r in REPLICATES]
            agrees(weekly(measure=f"{state}_share"), shares)
        agrees(weekly(measure="tests"), [oracle.sum_in_week(r, "tests", week) for r in REPLICATES])
        onsets = [
            oracle.onsets_until_week(r, o.late_onsets.tolist(), PEOPLE, week)
            for r, o in zip(REPLICATES, OUTCOMES, strict=True)
        ]
        agrees(weekly(measure="cumulative_onsets_share"), onsets)
    assert {row["week"] for row in tables["weekly"]} == set(range(5))


def test_r_by_day_and_cohort(tables: dict[str, list[dict[str, float]]]) -> None:
    for day in range(1, DAYS):
        row = row_of(tables["r"], kind="day", day=day)
        both = [oracle.r_of_day(r, WEIGHTS.tolist(), day) for r in REPLICATES]
        values = [local / due for local, due in both if due >= reproduction.LEAST_PRESSURE - 1e-12]
        assert row["n"] == len(values)
        if values:
            agrees(row, values)
        assert row["pooled"] == pytest.approx(sum(a for a, _ in both) / sum(b for _, b in both))
    for day in range(DAYS):
        row = row_of(tables["r"], kind="cohort", day=day)
        ratios = [o.cohort_offspring[day] / o.cohort_size[day] for o in OUTCOMES if o.cohort_size[day]]
        assert row["n"] == len(ratios)
        if ratios:
            agrees(row, [float(r) for r in ratios])
        assert row["complete"] == (day < DAYS - ripe_after(WEIGHTS))
    assert not [row for row in tables["r"] if row["kind"] == "day" and row["day"] == 0]


def test_a_day_without_any_infection_has_no_r() -> None:
    def nothing(replicate: int) -> Outcome:
        none = np.zeros(5, np.int32)
        return Outcome(10, np.zeros((5, len(DAILY)), np.int32), np.zeros(60, np.int32), none, none)

    tables, values = summarise("base", run_replicates(nothing, 10, 5, Wish(3)), WEIGHTS)
    assert set(tables["r"]["median"].to_pylist()) == {None}
    assert set(tables["r"]["n"].to_pylist()) == {0}
    # Ten weeks end after the late onsets that a run of 5 days knows.
    assert np.isnan(values["onsets_week9"]).all()
    assert tables["totals"].schema.field("median").type == "double"


@pytest.mark.parametrize("days", [1, 2])
def test_runs_of_a_day_or_two_have_all_tables(days: int) -> None:
    tables, _ = summarise("base", run_replicates(partial(outcome, days=days), PEOPLE, days, Wish(3)), WEIGHTS)
    assert tables["r"]["kind"].to_pylist() == ["cohort"] * days + ["day"] * (days - 1)
    assert tables["weekly"]["week"].unique().to_pylist() == [0]
    assert tables["daily"]["day"].unique().to_pylist() == list(range(days))


def test_blocks_of_days_and_of_replicates_change_nothing(ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = summarise("base", ensemble, WEIGHTS)
    monkeypatch.setattr("engine.scenarios.reproduction.BLOCK_BYTES", COUNT * len(DAILY) * 4 * 7)
    monkeypatch.setattr("engine.scenarios.records.CHUNK_BYTES", 20_000)
    pieces, _ = summarise("base", ensemble, WEIGHTS)
    for name, table in whole.items():
        by = [(k, "ascending") for k in ("measure", "kind", "day", "week", "replicate") if k in table.column_names]
        assert table.sort_by(by).equals(pieces[name].sort_by(by)), name


def test_the_median_lies_in_its_interval_as_often_as_promised() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(2000):
        low, high = median_interval(rng.exponential(size=25))
        held += low <= math.log(2) <= high
    assert held / 2000 >= 0.95
    # The published ranks for 25 values: the 8th and the 18th.
    assert median_interval(np.arange(1.0, 26)) == (8, 18)
    assert median_interval(np.arange(1.0, 7)) == (1, 6)
    assert np.isnan(median_interval(np.arange(5.0))).all()


def test_half_width_is_students() -> None:
    values = np.array([1.0, 2, 4, 7])
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2)
    assert half_width(values[:1]) == math.inf


@pytest.mark.parametrize("profile", ["he-2020", "flat", {"sd_after": 2}])
def test_the_generation_interval_is_a_share_of_each_day(profile: object) -> None:
    settings = {"population": {"table": {"file": "x"}}, "transmission": {"profile": profile}}
    weights = generation_interval(Simulation.model_validate(settings))
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert 2 < np.sum(weights * np.arange(1, len(weights) + 1)) < 14


def test_flat_infectiousness_from_the_first_to_the_last_day() -> None:
    # Infectious from day 2 after infection up to onset (3) + 4 = day 7, both included.
    course = {"incubation": {"fixed": 3}, "latent": {"fixed": 2}, "recovery": {"fixed": 4}}
    settings = {"population": {"table": {"file": "x"}}, "course": course, "transmission": {"profile": "flat"}}
    assert generation_interval(Simulation.model_validate(settings)) == pytest.approx([0] + [1 / 6] * 6)


def plan(variant: str, **values: object) -> RunPlan:
    name = ",".join([variant, *(f"{k}={v}" for k, v in values.items())])
    return RunPlan(name, variant, dict(values), None, None, name)


def test_a_run_is_compared_with_the_baseline_at_its_own_point() -> None:
    plans = [plan(v, x=x) for v in ("none", "tracing") for x in (1, 2)]
    compared = {p.name: baseline_of(p, plans, "none") for p in plans}
    assert compared == {"none,x=1": None, "none,x=2": "none,x=1", "tracing,x=1": "none,x=1", "tracing,x=2": "none,x=2"}


def test_differences_are_paired() -> None:
    base = {"attack_rate": np.array([0.1, 0.9, 0.5, 0.4]), "tests": np.zeros(4), "peak_day": np.array([3.0, 4, 5, 6])}
    more = {"attack_rate": np.array([0.0, 0.8, 0.4]), "tests": np.ones(3), "peak_day": np.array([9.0, 4, 5])}
    rows = {row["measure"]: row for row in difference_rows("tracing", more, "none", base)}
    attack = rows["attack_rate"]
    assert attack["n"] == 3
    assert attack["sd"] == pytest.approx(0, abs=1e-12)
    assert attack["median"] == pytest.approx(-0.1)
    assert attack["better"] == oracle.better_share(more["attack_rate"].tolist(), base["attack_rate"].tolist()) == 1
    assert rows["tests"]["better"] is None
    assert rows["peak_day"]["better"] == pytest.approx(1 / 3)
    assert rows["peak_day"]["equal"] == pytest.approx(2 / 3)


def test_the_table_of_differences(ensemble: Ensemble) -> None:
    values = replicate_values(ensemble)
    plans = [plan("none"), plan("tracing")]
    table = differences_table({"none": values, "tracing": values}, plans, "none")
    assert set(table["variant"].to_pylist()) == {"tracing"}
    assert set(table["mean"].to_pylist()) <= {0.0, None}
    assert differences_table({"none": values}, plans[:1], "none").num_rows == 0
