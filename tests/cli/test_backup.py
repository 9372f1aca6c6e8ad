"""backup and restore, with SQLite and PostgreSQL; --database and its environment variable."""

import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import TINY, call


def test_there_and_back(stored, tmp_path):
    run = call("backup", "--to", tmp_path / "b", "--data", stored)
    assert (run.status, f"Backed up to {tmp_path / 'b'}" in run.out) == (0, True)
    run = call("restore", "--from", tmp_path / "b", "--data", tmp_path / "new")
    assert (run.status, "Restored from" in run.out) == (0, True)
    assert call("trace", "son", "--data", tmp_path / "new").out == call("trace", "son", "--data", stored).out


def test_mistakes(stored, tmp_path):
    (tmp_path / "there").write_text("x")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE batches (seq)")
    cases = (
        (("backup", "--to", tmp_path / "there", "--data", stored), "exists"),
        (("backup", "--to", tmp_path / "b", "--data", tmp_path / "nowhere"), "there is no data"),
        (("restore", "--from", tmp_path / "nowhere", "--data", tmp_path / "d"), "does not exist"),
        (("restore", "--from", tmp_path / "there", "--data", tmp_path / "d"), "is not a file of truyvet backup"),
        (("restore", "--from", tmp_path, "--data", tmp_path / "d"), "is not a file of truyvet backup"),
        (("restore", "--from", tmp_path / "other.db", "--data", tmp_path / "d"), "is not a file of truyvet backup"),
    )
    for words, told in cases:
        run = call(*words)
        assert (run.status, told in run.err) == (1, True), run.err
    assert call("backup", "--to", tmp_path / "ok", "--data", stored).status == 0
    run = call("restore", "--from", tmp_path / "ok", "--data", stored)
    assert (run.status, "empty" in run.err) == (1, True)
    run = call("restore", "--from", tmp_path / "there", "--data", tmp_path / "d", "--lang", "vi")
    assert "không phải tệp của truyvet backup" in run.err
    assert not (tmp_path / "d").exists()
    assert "thiếu --to" in call("backup", "--lang", "vi").err


def test_a_database_instead_of_a_folder(postgres_url, stored, tmp_path, monkeypatch):
    assert call("backup", "--to", tmp_path / "b", "--data", stored).status == 0
    assert call("restore", "--from", tmp_path / "b", "--database", postgres_url).status == 0
    told = call("trace", "son", "--data", stored).out
    assert call("trace", "son", "--database", postgres_url).out == told
    monkeypatch.setenv("TRUYVET_DATABASE", postgres_url)
    assert call("trace", "son").out == told
    run = call("ingest", TINY)
    assert (run.status, "Stored in the database." in run.err) == (0, True)
    assert "Accepted 0," in run.out
    assert call("backup", "--to", tmp_path / "c").status == 0


def test_a_database_that_is_away_is_told_without_its_password(tmp_path):
    run = call("cases", "--database", "postgresql://me:hidden@127.0.0.1:1/none")
    assert run.status == 1
    assert "hidden" not in run.err + run.out


def test_from_and_database_do_not_go_together():
    run = call("cases", "--from", TINY, "--database", "postgresql://x/y")
    assert (run.status, "not both" in run.err) == (2, True)


@pytest.fixture
def postgres_url(request):
    """The URL of an empty PostgreSQL database."""
    return request.getfixturevalue("postgres").create()
