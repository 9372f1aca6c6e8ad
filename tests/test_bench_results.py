"""The guard of the ratios: what falls, what is not measured, and what is no ratio."""

import ast
import json
import sys
from pathlib import Path

import pytest

from benchmarks import bench_replies, budget, results, wrk
from benchmarks.beside import Row


def row(name, median, peer="a peer", scale=1.0):
    return Row(name, "job", peer, [median * 0.9, median, median * 1.1], goal=5, scale=scale)


def test_only_whole_runs_beside_a_peer_are_compared():
    found = [row("a", 6), row("b", 6, peer=""), row("c", 6, scale=0.1)]
    told = results.compared(found, {"a": 5.0, "b": 5.0, "c": 5.0})
    assert told == [("a", 5.0, 6), ("b", 5.0, None), ("c", 5.0, None)]


@pytest.mark.parametrize(("median", "status"), [(8.1, 0), (7.9, 1), (20, 0)])
def test_a_fall_beyond_a_fifth_fails(monkeypatch, tmp_path, median, status):
    assert checked(monkeypatch, tmp_path, {"a": 10.0}, [row("a", median)]) == status


def checked(monkeypatch, tmp_path, recorded, rows):
    """What make bench-check would say of these rows beside these ratios."""
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps({"ratios": recorded}))
    monkeypatch.setattr(results, "RECORDED", file)
    monkeypatch.setattr(results, "rows", lambda: rows)
    return results.check()


@pytest.mark.parametrize("file", sorted(results.HERE.glob("bench_*.py")), ids=lambda file: file.stem)
def test_what_measures_beside_a_peer_is_marked_for_the_guard(file):
    functions = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
    with_peer = {"beside.ratio", "beside.told", "Row"}
    for _ in functions:  # who calls who measures, and so on
        with_peer |= {f.name for f in functions if with_peer & called(f)}
    marked = {f.name for f in functions if "pytest.mark.beside" in map(ast.unparse, f.decorator_list)}
    assert {name for name in with_peer if name.startswith("test_")} == marked


def called(function):
    return {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}


@pytest.mark.parametrize(("median", "status"), [(6.6, 0), (6.4, 1)])
def test_rows_whose_peer_changes_from_round_to_round_may_fall_further(monkeypatch, tmp_path, median, status):
    assert checked(monkeypatch, tmp_path, {"ingest-sqlite": 10.0}, [row("ingest-sqlite", median)]) == status


def test_a_tree_as_it_was_recorded_passes_and_a_slowed_one_fails(monkeypatch, tmp_path, capsys):
    recorded = json.loads(results.RECORDED.read_text())["ratios"]
    assert checked(monkeypatch, tmp_path, recorded, [row(name, ratio) for name, ratio in recorded.items()]) == 0
    slowed = [row(name, ratio / 2 if name == "check-ins" else ratio) for name, ratio in recorded.items()]
    assert checked(monkeypatch, tmp_path, recorded, slowed) == 1
    assert checked(monkeypatch, tmp_path, recorded, slowed[1:]) == 1
    told = capsys.readouterr().out
    assert "FELL  check-ins " in told
    assert "not measured" in told


def test_the_page_says_by_how_much_a_goal_is_missed_and_why():
    spent = {"load": (0.5, 1, 2), "seconds": {"bench_trace": 12.0}}
    page = results.page([row("slow", 2), row("fast", 6)], {"slow": "It waits for memory.", "fast": "Old."}, spent)
    assert "at least 5 x: **missed by a factor of 2.5**. It waits for memory. |" in page
    assert "at least 5 x: met |" in page
    assert "Old." not in page
    assert f"| bench_trace | 12 | {budget.SECONDS['bench_trace']} |" in page


def test_a_missed_goal_without_a_reason_is_told():
    assert "No reason is written down." in results.page([row("slow", 2)], {}, {})


def test_reasons_can_be_read():
    assert all(isinstance(why, str) and why.endswith(".") for why in results.reasons().values())


def test_every_benchmark_has_a_budget_and_all_end_within_twenty_minutes():
    files = {path.stem for path in Path("benchmarks").glob("bench_*.py") if "def test_" in path.read_text()}
    assert files == set(budget.SECONDS)
    assert sum(budget.SECONDS.values()) <= 18 * 60


def test_the_clock_adds_up_each_file():
    clock = budget.Clock()
    for node, seconds in (("benchmarks/bench_a.py::x", 1), ("benchmarks/bench_a.py::y", 2), ("bench_b.py::x", 4)):
        clock.add(node, seconds)
    assert clock.spent == {"bench_a": 3, "bench_b": 4}


def test_no_benchmark_hides_a_module_of_python():
    """The folder comes first on the path of pytest."""
    assert not {path.stem for path in Path("benchmarks").glob("*.py")} & sys.stdlib_module_names


def test_rows_of_replies_are_rows_of_the_load_test():
    known = {line.name for line in wrk.lines("P1")}
    assert {*bench_replies.ROWS.values(), *bench_replies.GOALS} <= known
