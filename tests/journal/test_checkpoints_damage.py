"""Checkpoints that are damaged: each is seen, named in the log and ignored, and the older one serves."""

import json
import logging
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import JournalError
from engine.journal import checkpoint_manifest, checkpoint_parts
from engine.journal.checkpoint_parts import HEADER
from engine.journal.checkpoints import Checkpoints
from tests.journal.checkpoint_samples import JOURNAL, files, parts, store, whole

MANIFEST = "000000000002.json"


def newest_part(folder: Path) -> Path:
    """The file that only the newer checkpoint names."""
    first, second = (json.loads((folder / name).read_bytes()) for name in ("000000000001.json", MANIFEST))
    digests = [{part["digest"] for part in each["checkpoint"]["parts"]} for each in (first, second)]
    (digest,) = digests[1] - digests[0]
    return folder / "segments" / f"{digest}.seg"


def expect_the_older(folder: Path, named: str) -> Checkpoints:
    again = Checkpoints(folder)
    assert whole(again.newest(JOURNAL), parts(1))
    ((name, reason),) = again.damaged
    assert name == MANIFEST
    assert named in reason
    return again


def flip(path: Path, place: int, bit: int = 1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= bit
    path.write_bytes(content)


def test_every_flipped_byte_of_a_part_is_seen(tmp_path: Path) -> None:
    store(tmp_path, 1, 2)
    path = newest_part(tmp_path)
    content = path.read_bytes()
    directory = HEADER.unpack_from(content)[2]
    # The whole header, and the start, the middle and the end of directory, arrays and padding.
    places = {*range(HEADER.size), HEADER.size + directory - 1, HEADER.size + directory, len(content) - 1}
    for place in sorted(places | set(range(HEADER.size, len(content), 97))):
        flip(path, place)
        expect_the_older(tmp_path, path.name)
        path.write_bytes(content)
    assert whole(Checkpoints(tmp_path).newest(JOURNAL), parts(2))


def test_a_manifest_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    again = store(tmp_path, 1)
    (tmp_path / MANIFEST).mkdir()  # as for an account that may not read it
    with pytest.raises(JournalError, match="looked at"):
        again.list()


def test_every_flipped_byte_of_a_manifest_is_seen(tmp_path: Path) -> None:
    store(tmp_path, 1, 2)
    content = (tmp_path / MANIFEST).read_bytes()
    for place in range(len(content)):
        flip(tmp_path / MANIFEST, place, 1 << place % 8)
        expect_the_older(tmp_path, "")
        (tmp_path / MANIFEST).write_bytes(content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(manifest=st.booleans(), data=st.data())
def test_a_file_torn_anywhere_is_seen(tmp_path: Path, manifest: bool, data: st.DataObject) -> None:
    store(tmp_path, 1, 2)
    path = tmp_path / MANIFEST if manifest else newest_part(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    expect_the_older(tmp_path, "" if manifest else path.name)
    path.write_bytes(content + b"\0")
    expect_the_older(tmp_path, "" if manifest else path.name)


def test_a_missing_part_is_seen(tmp_path: Path) -> None:
    store(tmp_path, 1, 2)
    path = newest_part(tmp_path)
    path.unlink()
    expect_the_older(tmp_path, f"{path.name} is missing")


def test_a_part_that_cannot_be_read_now_is_not_removed(tmp_path: Path) -> None:
    store(tmp_path, 1, 2)
    path = newest_part(tmp_path)
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    again = expect_the_older(tmp_path, "cannot be read")
    path.rmdir()
    path.write_bytes(content)
    assert whole(again.newest(JOURNAL), parts(2))


def test_a_manifest_under_another_name_is_not_believed(tmp_path: Path) -> None:
    checkpoints = store(tmp_path, 1)
    checkpoints.list()[0].path.rename(tmp_path / MANIFEST)
    assert Checkpoints(tmp_path).newest(JOURNAL) is None


def test_the_log_names_file_and_reason_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store(tmp_path, 1, 2)
    path = newest_part(tmp_path)
    flip(path, 100)
    again = Checkpoints(tmp_path)
    with caplog.at_level(logging.WARNING, "truyvet.checkpoints"):
        again.newest(JOURNAL)
        again.newest(JOURNAL)
    (record,) = caplog.records
    assert record.name == "truyvet.checkpoints"
    assert MANIFEST in record.getMessage()
    assert path.name in record.getMessage()
    assert str(tmp_path) not in record.getMessage()


def test_all_damaged_means_none(tmp_path: Path) -> None:
    store(tmp_path, 1, 2)
    for path in (tmp_path / "segments").iterdir():
        flip(path, 0)
    again = Checkpoints(tmp_path)
    assert again.newest(JOURNAL) is None
    assert [name for name, _ in again.damaged] == [MANIFEST, "000000000001.json"]


def newer_manifest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_manifest, "VERSION", 9)


def newer_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_parts, "VERSION", 9)


@pytest.mark.parametrize("newer", [newer_manifest, newer_parts])
def test_a_newer_format_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newer: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    store(tmp_path, 1)
    newer(tmp_path, monkeypatch)
    store(tmp_path).write(2, JOURNAL, parts(2), 0)
    monkeypatch.undo()
    expect_the_older(tmp_path, "format 9, of a newer release")


def test_the_next_write_removes_and_mends(tmp_path: Path) -> None:
    store(tmp_path, 1, 2)
    flip(newest_part(tmp_path), 100)
    again = expect_the_older(tmp_path, "")
    assert [info.seq for info in again.list()] == [1]
    again.write(2, JOURNAL, parts(2), 1_625_000_002)
    store(tmp_path / "sound", 1, 2)
    sound = files(tmp_path / "sound")
    assert {name: content for name, content in files(tmp_path).items() if not name.startswith("sound")} == sound
    assert whole(Checkpoints(tmp_path).newest(JOURNAL), parts(2))


def test_damaged_content_is_never_shared(tmp_path: Path) -> None:
    """A writer that has verified nothing reads a file before it counts on it."""
    store(tmp_path, 1)
    for path in (tmp_path / "segments").iterdir():
        flip(path, -1)
    Checkpoints(tmp_path).write(2, JOURNAL, parts(1), 0)
    assert whole(Checkpoints(tmp_path).newest(JOURNAL), parts(1))


def test_damage_found_while_running_is_mended_although_the_token_is_known(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    tokened = [checkpoint_parts.Part(p.name, p.arrays, p.meta, p.name) for p in parts(1)]
    checkpoints.write(1, JOURNAL, tokened, 0)
    for path in checkpoints.segments.iterdir():
        flip(path, -1)
    assert checkpoints.newest(JOURNAL) is None
    checkpoints.write(2, JOURNAL, tokened, 0)
    assert whole(Checkpoints(tmp_path).newest(JOURNAL), parts(1))


def test_an_impossible_directory_is_damage_even_with_a_sound_checksum(tmp_path: Path) -> None:
    """The bounds are checked for themselves: nothing outside the file is ever mapped."""
    directory = b'{"meta": {}, "arrays": [{"name": "a", "type": "<i8", "length": 9, "buffers": [[0, 72]]}]}'
    content = struct.pack("<8sII", checkpoint_parts.MAGIC, 1, len(directory)) + directory
    piece = checkpoint_parts.piece_of([content])
    piece.path(tmp_path).write_bytes(content)
    with pytest.raises(checkpoint_parts.DamagedError, match="no valid directory"):
        checkpoint_parts.opened(tmp_path, piece)
