"""purge and checkpoint."""

import pytest

from tests.cli.conftest import TINY, call

LATER = "2091-01-01T00:00:00Z"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "events"
    folder.mkdir()
    (folder / "location.csv").write_text("person,at,lat,lng\nmarked-1,2021-07-01T00:00:00Z,10.7,106.7\nx,x,1,1\n")
    assert call("ingest", TINY, folder, "--data", tmp_path / "data").status == 0
    return tmp_path / "data"


def test_nothing_is_due_today(data):
    assert "Took away 0 rows of 0 batches and 0 refused rows" in call("purge", "--data", data).out


def test_what_is_tied_to_no_case_goes(data, tmp_path):
    before = call("trace", "son", "--data", data).out
    assert call("export", "--to", tmp_path / "out", "--data", data).status == 0
    dry = call("purge", "--dry-run", "--now", LATER, "--data", data)
    assert "nothing was." in dry.out
    assert any(b"marked-1" in path.read_bytes() for path in (tmp_path / "out").rglob("*.parquet"))
    run = call("purge", "--now", LATER, "--data", data)
    assert run.status == 0, run.err
    assert "2 refused rows" in run.out
    assert f"Renewed the export {tmp_path / 'out'}" in run.err
    assert dry.out.split(" rows")[0].split()[-1] == run.out.split(" rows")[0].split()[-1]
    assert not any(b"marked-1" in path.read_bytes() for path in (tmp_path / "out").rglob("*.parquet"))
    assert call("trace", "son", "--data", data).out == before
    assert "marked-1" in call("chain", "marked-1", "--data", data).err
    assert "Took away 0 rows" in call("purge", "--now", LATER, "--data", data).out


def test_purge_speaks_vietnamese(data):
    assert "chưa xóa gì" in call("purge", "--dry-run", "--data", data, "--lang", "vi").out


def test_now_needs_a_time_zone(data):
    run = call("purge", "--now", "2091-01-01", "--data", data)
    assert (run.status, "--now 2091-01-01" in run.err) == (2, True)


def test_checkpoint(data):
    run = call("checkpoint", "--data", data)
    assert (run.status, "Wrote a checkpoint up to as_of" in run.out) == (0, True)
    assert list((data / "checkpoints").glob("*.json"))
    assert "already" in call("checkpoint", "--data", data).out
    assert call("trace", "son", "--data", data).status == 0
