"""A folder of results is whole or not there, says when it was touched, and writes over nothing that is not its own."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from engine.errors import RunFolderError, StorageFullError
from engine.scenarios import store
from tests.journal.test_no_room import mounted

TABLES = {"totals": pa.table({"variant": ["base", "base"], "measure": ["a", "b"], "median": [1.0, None]})}
ABOUT = {"name": "one", "hash": "1" * 64, "seed": 1}


def write(folder: Path, **more: object) -> store.Run:
    return store.write_run(folder, ABOUT | more, TABLES, "name: one\n", force=bool(more.get("force")))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    made = store.write_run(
        tmp_path / "out",
        ABOUT,
        TABLES,
        "name: thử\n",
        fill=lambda folder: (folder / "extra.csv").write_text("a\n"),
        report=lambda folder: (folder / "report.vi.html").write_text(
            json.loads((folder / "manifest.json").read_text())["name"]
        ),
    )
    back = store.read_run(tmp_path / "out")
    assert back.tables["totals"].equals(TABLES["totals"])
    assert back.text == "name: thử\n"
    assert back.manifest == made.manifest
    assert back.manifest["seed"] == 1
    assert back.frame("totals")["measure"].tolist() == ["a", "b"]
    assert pd.read_parquet(tmp_path / "out" / "totals.parquet")["median"].tolist()[0] == 1
    assert set(back.manifest["files"]) == {"totals.parquet", "scenario.yml", "extra.csv", "report.vi.html"}
    for name, digest in back.manifest["files"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_same_tables_are_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a").manifest["files"] == write(tmp_path / "b").manifest["files"]


def test_its_own_results_are_replaced_and_anothers_only_with_force(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(folder)
    write(folder, seed=2)
    assert store.read_run(folder).manifest["seed"] == 2
    with pytest.raises(RunFolderError, match="another scenario"):
        write(folder, hash="2" * 64)
    assert store.read_run(folder).manifest["hash"] == "1" * 64
    write(folder, hash="2" * 64, force=True)
    assert store.read_run(folder).manifest["hash"] == "2" * 64


def test_something_else_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="something else"):
        write(tmp_path, force=True)
    with pytest.raises(RunFolderError, match="is a file"):
        write(tmp_path / "thesis.txt", force=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty")


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    write(tmp_path / "out")

    def breaks(_: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write_run(tmp_path / "out", ABOUT | {"seed": 2}, TABLES, "", report=breaks)
    assert store.read_run(tmp_path / "out").manifest["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["totals.parquet", "scenario.yml"])
def test_a_touched_or_missing_file_is_told(tmp_path: Path, name: str) -> None:
    write(tmp_path / "out")
    path = tmp_path / "out" / name
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(RunFolderError, match=f"{name} is damaged or was changed"):
        store.read_run(tmp_path / "out")
    path.unlink()
    with pytest.raises(RunFolderError, match=f"{name} is missing"):
        store.read_run(tmp_path / "out", check=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "manifest.json is missing"),
        ("{", "cannot be read"),
        ("[]", "not the manifest"),
        ('{"format": "truyvet-export", "files": []}', "not the manifest"),
        ('{"format": "truyvet-run", "version": 2, "files": {}}', "another version"),
        ('{"format": "truyvet-run", "version": 1, "files": {"../x": ""}}', "missing"),
    ],
)
def test_a_folder_that_is_no_run_says_so(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    (tmp_path.parent / "x").write_text("")
    with pytest.raises(RunFolderError, match=says):
        store.read_run(tmp_path)


def test_a_report_that_is_made_later_is_in_the_manifest(tmp_path: Path) -> None:
    write(tmp_path / "out")
    store.add_files(tmp_path / "out", lambda folder: (folder / "report.en.html").write_text("new"))
    assert "report.en.html" in store.read_run(tmp_path / "out").manifest["files"]
    with pytest.raises(RunFolderError, match="changed by a report"):
        store.add_files(tmp_path / "out", lambda folder: (folder / "totals.parquet").write_text("x"))


def test_a_damaged_or_killed_report_is_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    store.write_run(folder, ABOUT, TABLES, "", report=lambda new: (new / "report.en.html").write_text("old"))
    (folder / "report.en.html").write_text("torn")
    with pytest.raises(RunFolderError, match="truyvet scenario report DIR"):
        store.read_run(folder)

    def killed(there: Path) -> None:
        (there / "report.en.html").write_text("ne")
        (there / ".manifest.json").write_text("{")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add_files(folder, killed)
    assert "report.en.html" not in store.read_run(folder).manifest["files"]
    store.add_files(folder, lambda there: (there / "report.en.html").write_text("new"))
    assert set(store.read_run(folder).manifest["files"]) == {"totals.parquet", "scenario.yml", "report.en.html"}
    (folder / "totals.parquet").write_bytes(b"")
    with pytest.raises(RunFolderError, match="run the scenario again"):
        store.add_files(folder, lambda there: None)


def test_notes_in_a_run_folder_are_not_replaced_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(folder)
    (folder / ".DS_Store").write_text("")
    (folder / "report.vi.html").write_text("of a writer that was killed")
    write(folder)
    (folder / "notes.ipynb").write_text("mine")
    store.add_files(folder, lambda there: (there / "report.en.html").write_text("new"))
    assert "notes.ipynb" not in store.read_run(folder).manifest["files"]
    for force in (False, True):
        with pytest.raises(RunFolderError, match=r"also holds notes\.ipynb, which no run wrote; move it"):
            write(folder, force=force)
    assert (folder / "notes.ipynb").read_text() == "mine"


def test_neighbours_with_names_like_ours_are_left_alone(tmp_path: Path) -> None:
    for name in ("out.old", "out.new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("mine")
    write(tmp_path / "out")
    write(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.new", "out.old"]
    assert (tmp_path / "out.old" / "thesis.txt").read_text() == "mine"


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk" / "results")
    for seed in (1, 2):
        write(tmp_path / "out", seed=seed)
        assert (tmp_path / "out").is_symlink()
        assert store.read_run(tmp_path / "disk" / "results").manifest["seed"] == seed
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["results"]


def test_results_that_were_away_when_a_writer_was_killed_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "out")
    rename = Path.rename

    def killed(path: Path, to: Path) -> Path:
        if ".writing" in str(path):
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", seed=2)
    assert not (tmp_path / "out").exists()
    monkeypatch.undo()
    with pytest.raises(RunFolderError, match="another scenario"):
        write(tmp_path / "out", hash="2" * 64)
    assert store.read_run(tmp_path / "out").manifest["seed"] == 1


def test_a_lock_on_a_folder_that_was_taken_away_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last user removes it between our opening and locking it."""
    work, flock, calls = tmp_path / "work", fcntl.flock, []

    def late(handle: int, how: int) -> None:
        calls.append(handle)
        if len(calls) == 1:
            work.rmdir()
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with store.alone(work):
        assert len(calls) == 2
        with pytest.raises(RunFolderError, match="another run"), store.alone(work):
            pass


def test_one_run_at_a_time_works_in_a_folder(tmp_path: Path) -> None:
    with (
        store.alone(tmp_path / "work"),
        pytest.raises(RunFolderError, match="another run"),
        store.alone(tmp_path / "work"),
    ):
        pass
    with store.alone(tmp_path / "work"):
        pass


@pytest.fixture
def disk() -> Iterator[Path]:
    yield from mounted("200k")


def test_a_full_disk_is_told_and_keeps_what_was_there(disk: Path) -> None:
    write(disk / "out")
    big = {"totals": pa.table({"noise": pa.array([os.urandom(400_000)])})}
    with pytest.raises(StorageFullError, match="no room is left"):
        store.write_run(disk / "out", ABOUT, big, "")
    assert store.read_run(disk / "out").tables["totals"].equals(TABLES["totals"])
    shutil.rmtree(disk / "out")
