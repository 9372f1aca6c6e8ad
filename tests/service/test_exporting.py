"""Exports: back to the same state, resumed, renewed, checked; readable by others."""

import json
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest
from hypothesis import given, settings

from engine.city.build import CityPlan, build_city
from engine.errors import BadInputError, StorageFullError, UnknownKindError, UnreadableFileError
from engine.events.manifest import MANIFEST, UNFINISHED, read_manifest
from engine.events.schemas import KINDS
from engine.service import exporting
from engine.service.engine import Engine, Settings
from engine.service.results import ExposureReport
from tests.graph.small import T0, saw, stay
from tests.strategies import worlds
from tests.worlds import NOW, body, load, new_engine


def _plain(report: ExposureReport) -> dict[str, object]:
    return asdict(replace(report, rows=tuple(report.rows)))


def plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def everything(engine):
    """All answers, as JSON without the sequence number."""
    cases = engine.cases()
    answers = {
        "summary": engine.summary(),
        "cases": [asdict(c) for c in cases],
        "exposures": [_plain(engine.exposures(c.person, 3)) for c in cases],
        "sources": [_plain(engine.sources(c.person, 2)) for c in cases],
        "board": [asdict(row) for row in engine.board().rows],
        "hexes": asdict(engine.hexes()),
    }
    text = json.dumps(without(answers), default=plain, sort_keys=True)
    return text.encode()


def without(value):
    if isinstance(value, dict):
        return {k: without(v) for k, v in value.items() if k not in ("as_of", "changed_as_of")}
    return [without(v) for v in value] if isinstance(value, list | tuple) else value


def opened(folder=None):
    return Engine.open(Settings(data=folder), clock=lambda: NOW)


def told(folder):
    engine = new_engine()
    engine.ingest_paths([folder])
    return engine


def test_a_city_comes_back_the_same(tmp_path):
    build_city(CityPlan(people=200, days=4, seed=5), tmp_path / "city")
    engine = told(tmp_path / "city")
    report = engine.export(tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert report.files == len(manifest.files) > 10
    assert (report.rows, report.as_of) == (sum(i.rows for i in manifest.files), engine.as_of)
    assert everything(told(tmp_path / "out")) == everything(engine)


@settings(max_examples=15)
@given(world=worlds())
def test_any_world_comes_back_the_same(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    engine = load(world)
    engine.export(folder)
    assert everything(told(folder)) == everything(engine)


def test_retractions_and_revisions_come_back(tmp_path):
    engine = new_engine()
    gone = {"person": "a", "peer": "b", "at": T0, "retract": True, "revision": 2}
    engine.ingest_json("bluetooth", body([gone, saw("a", "c", T0)[1], {**saw("a", "d", T0)[1], "revision": 4}]))
    engine.ingest_json("case", body([{"person": "a", "onset_at": T0}, {"person": "x", "retract": True}]))
    engine.export(tmp_path)
    again = told(tmp_path)
    assert everything(again) == everything(engine)
    for one in (engine, again):
        replies = [
            one.ingest_json("bluetooth", body([{**saw("a", "b", T0)[1], "revision": r}])).accepted for r in (2, 3)
        ]
        assert replies == [0, 1]
        assert one.ingest_json("bluetooth", body([{**saw("a", "d", T0)[1], "revision": 3}])).accepted == 0
        assert one.ingest_json("case", body([{"person": "x", "onset_at": T0}])).accepted == 0


def small(folder=None):
    engine = opened(folder)
    engine.ingest_json("case", body([{"person": "a", "onset_at": T0}]))
    for day in range(3):
        engine.ingest_json("check_in", body([stay(p, "q", T0 + 86400 * day)[1] for p in "ab"]))
    return engine


def test_a_stopped_export_goes_on(tmp_path):
    engine = small(tmp_path / "data")
    seen = []

    def stops(kind, share):
        seen.append(kind)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.export(tmp_path / "out", progress=stops)
    assert (tmp_path / "out" / UNFINISHED).exists()
    with pytest.raises(UnreadableFileError, match="not finished"):
        told(tmp_path / "out")
    assert [row.path for row in engine.journal.exports.list()] == [str(tmp_path / "out")]
    report = engine.export(tmp_path / "out")
    assert (report.files, report.kept) == (4, 2)
    assert not (tmp_path / "out" / UNFINISHED).exists()
    assert everything(told(tmp_path / "out")) == everything(engine)


def test_a_kept_file_is_one_that_is_whole(tmp_path):
    engine = small()
    engine.export(tmp_path)
    part = tmp_path / "case" / "part.parquet"
    part.write_bytes(part.read_bytes()[::-1])
    report = engine.export(tmp_path, force=True)
    assert (report.files, report.kept) == (4, 3)
    assert told(tmp_path).summary() == engine.summary()


def test_an_export_is_renewed_only_when_asked_and_foreign_files_stay(tmp_path):
    engine = small()
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(BadInputError, match="not empty"):
        engine.export(tmp_path)
    engine.export(tmp_path, force=True)
    with pytest.raises(BadInputError, match="--force renews"):
        engine.export(tmp_path)
    report = engine.export(tmp_path, ["check_in"], force=True)
    assert (report.files, report.kept) == (3, 3)
    assert not (tmp_path / "case").exists()
    assert (tmp_path / "mine.txt").read_text() == "keep"


@pytest.mark.parametrize("mount_point", [True, False])
def test_an_export_whose_disk_is_not_there_is_not_forgotten(tmp_path, mount_point, caplog):
    engine = small(tmp_path / "data")
    engine.export(tmp_path / "disk" / "out")
    (tmp_path / "disk").rename(tmp_path / "away")
    if mount_point:
        (tmp_path / "disk").mkdir()
    assert exporting.renew_exports(engine.journal, engine._intake) == []
    assert "mounted" in caplog.text
    if mount_point:
        (tmp_path / "disk").rmdir()
    (tmp_path / "away").rename(tmp_path / "disk")
    assert exporting.renew_exports(engine.journal, engine._intake) == [tmp_path / "disk" / "out"]


def test_what_is_gone_from_the_state_is_gone_from_its_exports(tmp_path):
    engine = small(tmp_path / "data")
    engine.export(tmp_path / "out")
    engine.export(tmp_path / "gone")
    (tmp_path / "gone" / MANIFEST).unlink()
    for path in sorted((tmp_path / "gone").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (tmp_path / "gone").rmdir()
    gone = [{**stay(p, "q", T0)[1], "retract": True} for p in "ab"]
    engine.ingest_json("check_in", body(gone))
    assert exporting.renew_exports(engine.journal, engine._intake) == [tmp_path / "out"]
    assert [row.path for row in engine.journal.exports.list()] == [str(tmp_path / "out")]
    assert read_manifest(tmp_path / "out").as_of == engine.as_of
    assert everything(told(tmp_path / "out")) == everything(engine)


def test_an_export_that_was_refused_is_not_noted(tmp_path):
    engine = small(tmp_path / "data")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(BadInputError):
        engine.export(tmp_path / "out")
    assert engine.journal.exports.list() == []


@pytest.mark.parametrize("harm", ["flip", "cut", "missing"])
def test_a_damaged_file_is_named_and_nothing_of_it_taken(harm, tmp_path):
    small().export(tmp_path)
    part = min((tmp_path / "check_in").rglob("*.parquet"))
    whole = bytearray(part.read_bytes())
    if harm == "flip":
        whole[len(whole) // 3] ^= 1
    part.write_bytes(whole[:-7] if harm == "cut" else whole)
    if harm == "missing":
        part.unlink()
    engine = new_engine()
    with pytest.raises(UnreadableFileError, match=str(part)):
        engine.ingest_paths([tmp_path])
    assert engine.summary()["check_in"] == 0


def test_a_damaged_manifest_is_named(tmp_path):
    small().export(tmp_path)
    path = tmp_path / MANIFEST
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnreadableFileError, match=r"manifest\.json is damaged"):
        told(tmp_path)


@pytest.mark.parametrize("path", ["../x/part.parquet", "/etc/part.parquet"])
def test_a_manifest_does_not_lead_out_of_its_folder(path, tmp_path):
    small().export(tmp_path)
    manifest = tmp_path / MANIFEST
    manifest.write_text(manifest.read_text().replace("case/part.parquet", path))
    with pytest.raises(UnreadableFileError, match="damaged"):
        told(tmp_path)


def test_a_full_disk_is_told_and_the_next_run_goes_on(tmp_path, monkeypatch):
    engine = small()
    real, calls = exporting.pq.write_table, []

    def full(table, where, **more):
        calls.append(where)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(table, where, **more)

    monkeypatch.setattr(exporting.pq, "write_table", full)
    with pytest.raises(StorageFullError, match="run it again"):
        engine.export(tmp_path)
    report = engine.export(tmp_path)
    assert (report.files, report.kept) == (4, 1)


def test_kinds_that_are_none(tmp_path):
    with pytest.raises(UnknownKindError):
        small().export(tmp_path / "x", ["cases"])
    assert not (tmp_path / "x").exists()


def test_pandas_and_datasets_read_it(tmp_path):
    engine = small()
    engine.export(tmp_path)
    table = ds.dataset(tmp_path / "check_in", partitioning="hive").to_table()
    assert (table.num_rows, set(table["day"].to_pylist())) == (6, {"2021-06-30", "2021-07-01", "2021-07-02"})
    frame = pd.read_parquet(tmp_path / "check_in")
    assert sorted(frame["person"]) == ["a", "a", "a", "b", "b", "b"]
    assert str(frame["entered_at"].dt.tz) == "UTC"
    assert list(pd.read_parquet(tmp_path / "case" / "part.parquet")["person"]) == ["a"]
    assert set(read_manifest(tmp_path).kinds) == set(KINDS)


def test_an_empty_engine_exports_an_empty_manifest(tmp_path):
    assert new_engine().export(tmp_path).files == 0
    with pytest.raises(UnreadableFileError):
        told(tmp_path / "nowhere")
    assert told(tmp_path).as_of == 0
