"""The journal: what was accepted comes back, and what is damaged is named."""

from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import JournalError
from engine.events.schemas import canonical_schema
from engine.journal import files
from engine.journal.files import FileJournal


def batch(*people: str) -> pa.Table:
    rows = [{"person": p, "onset_at": 1_625_011_200, "revision": 0, "retract": False} for p in people]
    return pa.Table.from_pylist(rows, canonical_schema("case"))


def written(folder: Path, count: int = 3) -> FileJournal:
    journal = FileJournal(folder)
    for i in range(count):
        journal.append("case", batch(f"p{i}"))
    return journal


def test_batches_come_back_in_order(tmp_path: Path) -> None:
    written(tmp_path)
    back = list(FileJournal(tmp_path).replay())
    assert [(seq, kind) for seq, kind, _ in back] == [(1, "case"), (2, "case"), (3, "case")]
    assert [t.column("person").to_pylist() for _, _, t in back] == [["p0"], ["p1"], ["p2"]]
    assert back[0][2].equals(batch("p0"))


def test_sequence_goes_on_after_a_restart(tmp_path: Path) -> None:
    written(tmp_path)
    again = FileJournal(tmp_path)
    assert (again.seq, len(again)) == (3, 3)
    assert again.append("case", batch("x")) == 4


def test_a_half_written_batch_is_ignored_and_removed(tmp_path: Path) -> None:
    written(tmp_path)
    torn = tmp_path / "journal" / "00000004-case.part"
    torn.write_bytes(b"half")
    assert [seq for seq, _, _ in FileJournal(tmp_path).replay()] == [1, 2, 3]
    assert not torn.exists()


@pytest.mark.parametrize("keep", [0, 4, 100])
def test_a_damaged_file_is_named(tmp_path: Path, keep: int) -> None:
    written(tmp_path)
    path = tmp_path / "journal" / "00000002-case.arrow"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(JournalError, match=r"00000002-case\.arrow"):
        list(FileJournal(tmp_path).replay())


def test_a_batch_of_other_columns_is_named(tmp_path: Path) -> None:
    written(tmp_path, 1)
    path = tmp_path / "journal" / "00000002-case.arrow"
    table = pa.table({"person": ["a"]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(JournalError, match=r"00000002-case\.arrow"):
        list(FileJournal(tmp_path).replay())


def test_a_lost_batch_is_noticed(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "journal" / "00000002-case.arrow").unlink()
    with pytest.raises(JournalError, match="batch 2"):
        FileJournal(tmp_path)


def test_a_file_that_is_no_batch_is_named(tmp_path: Path) -> None:
    written(tmp_path, 1)
    (tmp_path / "journal" / "notes.arrow").write_bytes(b"")
    with pytest.raises(JournalError, match=r"notes\.arrow"):
        FileJournal(tmp_path)


def test_more_than_eight_digits_stay_in_order() -> None:
    names = [Path("99999999-case.arrow"), Path("100000000-case.arrow")]
    assert sorted(names, key=files._parsed) == names


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(JournalError, match="cannot use"):
        FileJournal(tmp_path / "data")


def test_a_batch_that_cannot_be_stored_is_not_accepted(tmp_path: Path) -> None:
    journal = written(tmp_path, 1)
    (tmp_path / "journal").rename(tmp_path / "gone")
    with pytest.raises(JournalError, match="not accepted"):
        journal.append("case", batch("x"))
    assert journal.seq == 1


def test_a_batch_that_could_not_be_synced_does_not_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = written(tmp_path, 1)
    sync = FileJournal._sync

    def fail_on_folder(path: Path) -> None:
        if path.is_dir():
            raise OSError(5, "Input/output error")
        sync(path)

    monkeypatch.setattr(FileJournal, "_sync", staticmethod(fail_on_folder))
    with pytest.raises(JournalError, match="not accepted"):
        journal.append("case", batch("x"))
    assert len(list(FileJournal(tmp_path).replay())) == 1


def test_a_writer_that_missed_batches_is_refused(tmp_path: Path) -> None:
    """Two processes on one folder: the second to write would otherwise replace what the first accepted."""
    first, second = FileJournal(tmp_path), FileJournal(tmp_path)
    first.append("case", batch("first"))
    with pytest.raises(JournalError, match="another process"):
        second.append("case", batch("second"))
    assert [t.column("person").to_pylist() for _, _, t in FileJournal(tmp_path).replay()] == [["first"]]
