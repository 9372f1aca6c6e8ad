"""Evaluation: AUC, Wilson intervals, reliability bins, and a truth made by hand."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from engine.clock import from_rfc3339
from engine.errors import UnreadableFileError
from engine.scenarios.study_scores import auc, wilson
from engine.service.engine import Engine, Settings
from engine.service.evaluate import BIN_EDGES, Truth, evaluate, read_truth, reliability
from tests.worlds import NOW, body

ROWS = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40)


@given(ROWS.filter(lambda rows: len({y for _, y in rows}) == 2))
@settings(max_examples=50, deadline=None)
def test_auc_is_mann_whitney_over_all_pairs(rows):
    score, positive = np.array([s / 10 for s, _ in rows]), np.array([y for _, y in rows])
    u = mannwhitneyu(score[positive], score[~positive]).statistic
    assert auc(score, positive) == pytest.approx(u / (positive.sum() * (~positive).sum()))


@pytest.mark.parametrize(("score", "value"), [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], 0.0), ([1, 1, 1, 1], 0.5)])
def test_auc_of_order(score, value):
    assert auc(np.array(score, float), np.array([False, False, True, True])) == value


@pytest.mark.parametrize("positive", [[True, True], [False, False], []])
def test_auc_of_one_class_is_none(positive):
    assert auc(np.zeros(len(positive)), np.array(positive, np.bool_)) is None


# Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3 (Wilson without correction).
NEWCOMBE = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}


@pytest.mark.parametrize(("k", "n"), NEWCOMBE)
def test_wilson_has_the_published_values(k, n):
    assert wilson(k, n) == pytest.approx(NEWCOMBE[k, n], abs=5e-5)


@pytest.mark.parametrize("n", [1, 6, 1000, 10**6])
def test_wilson_is_exact_at_the_ends(n):
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0


def test_wilson_of_nothing_is_everything():
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=50, deadline=None)
def test_wilson_holds_the_share(pair):
    k, n = pair
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1


def test_bins_are_closed_below_and_empty_ones_left_out():
    rows = reliability(np.array([0.0, 0.001, 0.002, 0.05, 1.0]), np.array([False, True, False, False, True]))
    assert [(b.low, b.high, b.n, b.realised) for b in rows] == [
        (0.0, 0.0003, 1, 0.0),
        (0.001, 0.003, 2, 0.5),
        (0.03, 0.1, 1, 0.0),
        (0.3, 1.0, 1, 1.0),
    ]
    assert rows[1].predicted == pytest.approx(0.0015)
    assert (rows[1].realised_low, rows[1].realised_high) == wilson(1, 2)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
@settings(max_examples=50, deadline=None)
def test_bins_hold_every_row_once(rows):
    predicted = np.array([p for p, _ in rows])
    bins = reliability(predicted, np.array([y for _, y in rows], np.bool_))
    assert sum(b.n for b in bins) == len(rows)
    assert sum(round(b.realised * b.n) for b in bins) == sum(y for _, y in rows)
    assert all(b.low in BIN_EDGES and b.low <= b.predicted <= b.high for b in bins)


def at(hour):
    return from_rfc3339("2021-07-05T00:00:00+07:00") + hour * 3600


@pytest.fixture(scope="module")
def engine():
    """F0s f and g. f met a (Bluetooth) and b (same place); g met nobody."""
    made = Engine.open(Settings(), clock=lambda: NOW)
    made.ingest_json("case", body([{"person": p, "onset_at": at(0)} for p in "fg"]))
    made.ingest_json("bluetooth", body([{"person": "f", "peer": "a", "at": at(10), "attenuation_db": 50.0}]))
    made.ingest_json(
        "check_in",
        body([{"person": p, "place": "m", "entered_at": at(12), "left_at": at(13)} for p in "fb"]),
    )
    return made


def test_a_truth_made_by_hand(engine):
    pairs = frozenset({("f", "a"), ("f", "c"), ("g", "d"), ("a", "e")})
    result = evaluate(engine, Truth(infections=5, outside=1, pairs=pairs))
    assert (result.cases, result.pairs, result.hidden, result.positives) == (2, 3, 1, 1)
    assert {m.mix: (m.found, m.f1) for m in result.mixes} == {
        "all": (1, 2),
        "bluetooth": (1, 1),
        "check_in": (0, 1),
        "location": (0, 0),
    }
    assert {m.mix: m.auc for m in result.mixes if m.mix != "all"} == dict.fromkeys(
        ["bluetooth", "check_in", "location"]
    )
    chance = {r.person: r.probability for r in engine.exposures("f", depth=1).rows}
    assert result.mixes[0].auc == (1.0 if chance["a"] > chance["b"] else 0.0)
    assert sum(b.n for b in result.reliability) == 2


def test_progress_ends_at_one(engine):
    told = []
    evaluate(engine, Truth(0, 0, frozenset()), told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_engine_without_cases_has_nothing_to_compare():
    result = evaluate(Engine.open(Settings()), Truth(1, 0, frozenset({("a", "b")})))
    assert (result.cases, result.pairs, result.hidden, result.reliability) == (0, 0, 1, ())
    assert [m.auc for m in result.mixes] == [None] * 4


def test_truth_is_read_with_those_from_outside(tmp_path):
    (tmp_path / "truth").mkdir()
    table = pa.table({"infected": ["a", "b", "c"], "infector": [None, "a", "a"]})
    pq.write_table(table, tmp_path / "truth" / "infections.parquet")
    assert read_truth(tmp_path) == Truth(3, 1, frozenset({("a", "b"), ("a", "c")}))


@pytest.mark.parametrize("content", [None, b"torn"])
def test_a_missing_or_torn_truth_is_named(tmp_path, content):
    path = tmp_path / "truth" / "infections.parquet"
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"infections\.parquet"):
        read_truth(tmp_path)
