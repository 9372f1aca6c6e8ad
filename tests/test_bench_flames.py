"""Flame graphs: what of the samples counts, how frames are named, and that the picture can be drawn."""

from benchmarks import flames
from benchmarks.flame_picture import Stack, boxes, tree
from engine.graph import segments

STAGE = "/x/benchmarks/flame_stages.py"


def line_of(text: str) -> int:
    with open(segments.__file__) as source:
        return next(n for n, line in enumerate(source, 1) if text in line)


def test_only_the_work_counts_and_a_line_tells_what_it_calls(tmp_path):
    leaf = f"build (/x/truyvet/engine/graph/segments.py:1);take ({segments.__file__}:{line_of('.take(')})"
    raw = tmp_path / "raw"
    raw.write_text(
        f"<module> ({STAGE}:9);run ({STAGE}:5);work ({STAGE}:3);trace.<locals>.<lambda> ({STAGE}:2);{leaf} 7\n"
        f"<module> ({STAGE}:9);run ({STAGE}:5);make_world (/x/benchmarks/bench_evidence.py:3) 5\n"
        f"Thread._bootstrap (/usr/lib/python3/threading.py:4);write (/x/.venv/site-packages/sql/engine/x.py:3) 2\n"
    )
    used, thread = flames.read(raw)
    assert (used.samples, thread.samples) == (7, 2)
    assert used.frames[0] == "build (engine/graph/segments.py)"
    assert used.frames[-1].startswith("→ ")
    assert thread.frames == ["write (sql/engine/x.py)"]


def test_the_table_names_the_dearest_leaves_with_whom_of_ours_asked():
    mine = "f (engine/a.py)"
    told = flames.table([Stack([mine, "→ np.sort"], 60), Stack([mine, "g (lib/x.py)"], 30), Stack([mine], 10)])
    assert told[2:] == [
        "| 60% | `np.sort` in `f (engine/a.py)` |",
        "| 30% | `g (lib/x.py)` in `f (engine/a.py)` |",
        "| 10% | `f (engine/a.py)` |",
        "| 0% | elsewhere |",
    ]


def test_boxes_stand_on_their_callers_and_add_up():
    root = tree([Stack(["a", "b"], 3), Stack(["a", "c"], 1), Stack(["d"], 4)])
    found = {name: (left, row, width) for left, row, width, name in boxes(root, root.samples)}
    assert found["b"] == (found["a"][0], 1, 3 / 8)
    assert found["c"] == (found["a"][0] + 3 / 8, 1, 1 / 8)
    assert found["a"][2] + found["d"][2] == 1


def test_the_picture_is_small(tmp_path):
    to = tmp_path / "flame.png"
    flames.draw([Stack(["f (engine/a.py)", "→ np.sort"], 60), Stack(["g (lib/x.py)"], 30)], "Title", to)
    assert 0 < to.stat().st_size < 200_000


def test_only_what_is_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- begin profile -->\nold\n<!-- end profile -->\nb\n")
    flames.put(page, "new\n")
    assert page.read_text() == "a\n<!-- begin profile -->\nnew\n<!-- end profile -->\nb\n"
