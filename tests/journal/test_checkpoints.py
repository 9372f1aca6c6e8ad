"""Checkpoints: what was written comes back, is shared, and is removed; a full disk leaves the older ones."""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.errors import JournalError, StorageFullError
from engine.journal import checkpoint_disk
from engine.journal.checkpoint_parts import ALIGN, Part
from engine.journal.checkpoints import Checkpoints
from tests.journal.checkpoint_samples import JOURNAL, files, parts, store, whole

DTYPES = (
    hnp.scalar_dtypes()
    | hnp.datetime64_dtypes()
    | hnp.byte_string_dtypes(min_len=1, max_len=9)
    | hnp.unicode_string_dtypes(min_len=1, max_len=9)
    | hnp.nested_dtypes(max_itemsize=64).filter(lambda t: t.itemsize > 0 and t.shape == ())
)
NUMBERS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, st.integers(0, 20)))
MOMENT = pa.timestamp("s", tz="UTC")
TEXTS = st.lists(st.text(max_size=9), max_size=9)
STRINGS = st.builds(pa.array, TEXTS, st.sampled_from([pa.string(), pa.large_string()]))
SLICES = st.builds(lambda a, b, c: a.slice(min(b, len(a)), c), STRINGS, st.integers(0, 9), st.integers(0, 9))
TABLES = st.lists(st.none() | st.integers(0, 9), max_size=9).map(lambda v: pa.table({"at": pa.array(v, MOMENT)}))
ARRAYS = st.dictionaries(
    st.text(max_size=9), NUMBERS | NUMBERS.map(lambda a: a[::-2]) | STRINGS | SLICES | TABLES, max_size=4
)
META = st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text() | st.lists(st.booleans()), max_size=3)
PARTS = st.lists(st.builds(Part, st.text(max_size=9), ARRAYS, META), max_size=4, unique_by=lambda part: part.name)


@given(PARTS)
def test_what_was_written_comes_back(wanted: list[Part]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Checkpoints(Path(folder)).write(7, JOURNAL, wanted, 1_625_000_000)
        found = Checkpoints(Path(folder)).newest(JOURNAL)
        assert whole(found, wanted)
        assert (found.seq, found.received_at) == (7, 1_625_000_000)


def test_arrays_are_mapped_aligned_and_read_only(tmp_path: Path) -> None:
    store(tmp_path, 1)
    found = Checkpoints(tmp_path).newest(JOURNAL)
    for array in found.parts["bluetooth/18824/0"].arrays.values():
        assert array.ctypes.data % ALIGN == 0
        assert not array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    keys = found.parts["people"].arrays["keys"]
    assert keys.buffers()[2].address % ALIGN == 0


def test_mapped_arrays_outlive_their_files_and_hold_none_open(tmp_path: Path) -> None:
    store(tmp_path, 1)
    before = len(os.listdir("/proc/self/fd"))
    found = Checkpoints(tmp_path).newest(JOURNAL)
    assert len(os.listdir("/proc/self/fd")) == before
    shutil.rmtree(tmp_path)
    assert whole(found, parts(1))


@pytest.mark.parametrize(
    "array",
    [np.array(["a", None], object), np.zeros((2, 2)), np.zeros(1, "V0"), pa.array(["a", None]), pa.array([1])],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(tmp_path: Path, array: object) -> None:
    checkpoints = store(tmp_path, 1)
    before = files(tmp_path)
    with pytest.raises(ValueError, match="array bad of a checkpoint"):
        checkpoints.write(2, JOURNAL, [*parts(2), Part("x", {"bad": array}, {})], 0)
    assert files(tmp_path) == before


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="people"):
        store(tmp_path).write(1, JOURNAL, [parts()[1], parts()[1]], 0)


def test_none_where_nothing_was_written(tmp_path: Path) -> None:
    missing = Checkpoints(tmp_path / "none")
    assert missing.newest(JOURNAL) is None
    assert (missing.list(), missing.damaged) == ([], [])
    assert not missing.folder.exists()


def test_the_newest_within_the_bounds(tmp_path: Path) -> None:
    checkpoints = store(tmp_path, 3, 12, 7)
    found = [checkpoints.newest(JOURNAL, at_most) for at_most in (None, 11, 7, 6, 2)]
    assert [each and each.seq for each in found] == [12, 7, 7, 3, None]
    assert [info.seq for info in checkpoints.list()] == [3, 7, 12]
    assert [info.received_at for info in checkpoints.list()] == [1_625_000_003, 1_625_000_007, 1_625_000_012]


def test_progress_reaches_all_of_it(tmp_path: Path) -> None:
    checkpoints, read = store(tmp_path, 1), []
    checkpoints.newest(JOURNAL, progress=read.append)
    assert (read[-1], read) == (1.0, sorted(read))


# -- sharing -------------------------------------------------------------------------------------------


def test_equal_content_is_one_file(tmp_path: Path) -> None:
    checkpoints = store(tmp_path, 1, 2)
    assert len(list(checkpoints.segments.iterdir())) == 3


def test_a_known_token_is_not_looked_at_again(tmp_path: Path) -> None:
    class Segment:
        pass

    checkpoints, token = store(tmp_path), Segment()
    first, steady = parts(1)
    checkpoints.write(1, JOURNAL, [replace(first, token=token), steady], 0)
    before = {path: path.stat().st_mtime_ns for path in checkpoints.segments.iterdir()}
    blind = Part(first.name, {"never": pa.array([1])}, {}, token)
    checkpoints.write(2, JOURNAL, [blind, steady], 0)
    assert {path: path.stat().st_mtime_ns for path in checkpoints.segments.iterdir()} == before
    assert whole(checkpoints.newest(JOURNAL), parts(1))
    with pytest.raises(ValueError, match="array never"):
        checkpoints.write(3, JOURNAL, [replace(blind, token=Segment())], 0)


def test_a_token_whose_file_is_gone_is_written_again(tmp_path: Path) -> None:
    checkpoints = store(tmp_path)
    tokened = [replace(part, token=part.name) for part in parts(1)]
    checkpoints.write(1, JOURNAL, tokened, 0)
    Checkpoints(tmp_path).keep_only("another")
    checkpoints.write(2, JOURNAL, tokened, 0)
    assert whole(checkpoints.newest(JOURNAL), parts(1))


def test_an_opened_part_can_be_adopted(tmp_path: Path) -> None:
    store(tmp_path, 1)
    again = Checkpoints(tmp_path)
    for name, part in again.newest(JOURNAL).parts.items():
        again.adopt(name, 5, part)
    again.write(2, JOURNAL, [Part(part.name, {"never": pa.array([1])}, {}, 5) for part in parts(1)], 0)
    assert whole(again.newest(JOURNAL), parts(1))


# -- removing ------------------------------------------------------------------------------------------


def test_prune_keeps_what_it_is_told_and_no_other_byte(tmp_path: Path) -> None:
    checkpoints = store(tmp_path / "many", 1, 2, 3, 4)
    seen = []
    checkpoints.prune(lambda infos: seen.extend(info.seq for info in infos) or {2, 4})
    assert seen == [1, 2, 3, 4]
    store(tmp_path / "few", 2, 4)
    assert files(tmp_path / "many") == files(tmp_path / "few")
    assert whole(checkpoints.newest(JOURNAL, 3), parts(2))
    assert whole(checkpoints.newest(JOURNAL), parts(4))


def test_nothing_is_left_of_other_journals(tmp_path: Path) -> None:
    checkpoints = store(tmp_path, 1, 2)
    (checkpoints.segments / "half.seg.tmp").write_bytes(b"half")
    checkpoints.keep_only("another")
    assert not files(tmp_path)
    assert checkpoints.newest(JOURNAL) is None


def test_another_journal_has_its_own_history(tmp_path: Path) -> None:
    checkpoints = store(tmp_path, 9)
    assert checkpoints.newest("another") is None
    assert checkpoints.damaged == []
    checkpoints.write(1, "another", parts(1), 0)
    assert [info.seq for info in checkpoints.list()] == [1]


def test_a_reader_that_loses_its_files_takes_the_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = store(tmp_path, 1), Checkpoints(tmp_path)
    ask = reader._opened

    def meanwhile(*args: object) -> object:
        if len(writer.list()) == 1 and writer.list()[0].seq == 1:
            writer.write(2, JOURNAL, parts(2), 0)
            writer.prune(lambda _: {2})
        return ask(*args)

    monkeypatch.setattr(reader, "_opened", meanwhile)
    assert whole(reader.newest(JOURNAL), parts(2))
    assert reader.damaged == []


# -- a disk that cannot --------------------------------------------------------------------------------


@pytest.mark.parametrize("fails_at", range(4))
@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, StorageFullError), (errno.EIO, JournalError)])
def test_a_failing_disk_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int, number: int, kind: type[JournalError]
) -> None:
    checkpoints = store(tmp_path, 1)
    before, calls, sync = files(tmp_path), [], os.fsync

    def failing(handle: int) -> None:
        calls.append(handle)
        # Call 0 makes the cleaning durable; then a part file, the folder of parts, and the manifest.
        if len(calls) - 1 == fails_at:
            raise OSError(number, os.strerror(number), str(tmp_path))
        sync(handle)

    monkeypatch.setattr(checkpoint_disk.os, "fsync", failing)
    with pytest.raises(kind) as raised:
        checkpoints.write(2, JOURNAL, parts(2), 0)
    assert type(raised.value) is kind
    assert str(tmp_path) not in str(raised.value)
    assert files(tmp_path) == before
    monkeypatch.undo()
    checkpoints.write(2, JOURNAL, parts(2), 0)
    assert whole(checkpoints.newest(JOURNAL), parts(2))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("mounting a small disk needs root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_said_and_survived(small_disk: Path) -> None:
    checkpoints = store(small_disk / "checkpoints", 1)
    before = files(checkpoints.folder)
    with pytest.raises(StorageFullError, match="disk is full"):
        checkpoints.write(2, JOURNAL, parts(2, rows=30_000), 0)
    assert files(checkpoints.folder) == before
    checkpoints.write(3, JOURNAL, parts(3), 0)
    assert whole(checkpoints.newest(JOURNAL), parts(3))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalError, match="could not be written"):
        store(tmp_path / "file" / "checkpoints", 1)
