"""Files and folders, taken in with a report each."""

import json
from pathlib import Path

import pytest

from engine.errors import UnreadableFileError
from engine.service import entrance as module
from tests.graph.small import T0, saw
from tests.worlds import new_engine, wire


def lines(*events: tuple[str, dict]) -> str:
    return "".join(json.dumps(wire(e)) + "\n" for _, e in events)


def test_a_file_gets_a_report(tmp_path: Path) -> None:
    path = tmp_path / "bluetooth.ndjson"
    path.write_text(lines(saw("a", "b", T0), saw("a", "b", T0), saw("a", "a", T0)) + "{torn\n")
    (report,) = new_engine().ingest_paths([path])
    assert (report.path, report.kind, report.accepted, report.duplicates) == (path, "bluetooth", 1, 1)
    assert [(r.row, r.code) for r in report.rejected] == [(2, "self_contact"), (3, "malformed_row")]
    assert report.rejected_total == 2


def test_a_folder_is_read_file_by_file_whatever_the_order(tmp_path: Path) -> None:
    (tmp_path / "bluetooth.ndjson").write_text(lines(saw("a", "b", T0)))
    (tmp_path / "case.ndjson").write_text(lines(("case", {"person": "a", "onset_at": T0})))
    engine = new_engine()
    assert {r.kind for r in engine.ingest_paths([tmp_path])} == {"case", "bluetooth"}
    assert [r.person for r in engine.exposures("a").rows] == ["b"]


def test_a_kind_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "night.ndjson"
    path.write_text(lines(saw("a", "b", T0)))
    (report,) = new_engine().ingest_paths([path], kind="bluetooth")
    assert report.accepted == 1


def test_refused_rows_are_all_counted_but_not_all_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_REJECTIONS", 3)
    path = tmp_path / "bluetooth.ndjson"
    path.write_text(lines(*(saw("a", "a", T0 + i) for i in range(5))))
    (report,) = new_engine().ingest_paths([path])
    assert (len(report.rejected), report.rejected_total) == (3, 5)


def test_progress_ends_at_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "bluetooth.ndjson"
    path.write_text(lines(saw("a", "b", T0)))
    seen: list[tuple[str, float]] = []
    new_engine().ingest_paths([path], progress=lambda name, done: seen.append((name, done)))
    assert seen[-1] == ("bluetooth.ndjson", 1.0)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"case\.csv"):
        new_engine().ingest_paths([tmp_path / "case.csv"])
