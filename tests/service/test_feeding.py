"""Sources feeding a real engine: what they publish is in the journal once, also after a new start."""

import asyncio
import logging
import sys

import pytest

from engine.errors import BadInputError
from engine.service.engine import Engine, Settings
from engine.service.feeding import start_sources
from engine.sources import folder
from tests.nats import body_of, nats_server, pending, publish
from tests.sources.sinks import fixes
from tests.waiting import until

__all__ = ["nats_server"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(
        folder.FolderSource.__init__, "__defaults__", (0.05, 0.02, *folder.FolderSource.__init__.__defaults__[2:])
    )


def settled(server):
    try:
        return sum(asyncio.run(pending(server.url))) == 0
    except Exception:
        return False


def test_a_folder_and_a_queue_into_one_journal(tmp_path, nats_server, caplog):
    caplog.set_level(logging.INFO)
    engine = Engine.begin(Settings(data=tmp_path / "data"))
    feeding = start_sources(engine, tmp_path / "in", nats_server.url)
    until(lambda: settled(nats_server))
    header, good = "person,at,lat,lng", "f,2021-07-01T00:00:00Z,10.7,106.7"
    (tmp_path / "in" / "location-marked.csv").write_text(f"{header}\n{good}\nmarked,2021-07-01T00:00:00Z,99,1\n")
    asyncio.run(
        publish(
            server_url := nats_server.url,
            [
                ("location", body_of(*fixes(0, 7), {"person": "marked"})),
                ("location", b'{"person": "marked"'),
                ("unheard", b"marked"),
            ],
        )
    )
    assert server_url
    until(lambda: engine.summary()["location"] == 8 and settled(nats_server))
    until((tmp_path / "in" / "done" / "location-marked.csv").exists)
    feeding.stop()
    engine.close()
    again = Engine.open(Settings(data=tmp_path / "data"))
    assert again.summary()["location"] == 8
    kept = {(r.kind, r.code, r.source, r.row) for r in again.rejects.list()}
    assert kept == {
        ("location", "missing_field", "nats:TRUYVET/1", 7),
        ("location", "out_of_bounds", "folder:location-marked.csv", 1),
        ("location", "malformed_body", "nats:TRUYVET/2", 0),
        ("unheard", "malformed_body", "nats:TRUYVET/3", 0),
    }
    assert [r.event for r in again.rejects.list(code="malformed_body", kind="location")] == ['{"person": "marked"']
    again.close()
    assert "marked" not in caplog.text


def test_a_source_that_breaks_starts_again(tmp_path, monkeypatch, caplog):
    real, failures = folder.FolderSource.run, [2]

    def run(self, sink, stop):
        if failures[0]:
            failures[0] -= 1
            raise ValueError("person-4711")
        real(self, sink, stop)

    monkeypatch.setattr(folder.FolderSource, "run", run)
    engine = Engine.open(Settings())
    feeding = start_sources(engine, tmp_path / "in", None)
    (tmp_path / "in" / "case.csv").write_text("person,onset_at\na,2021-07-01T00:00:00Z\n")
    until(lambda: engine.summary()["case"] == 1)
    feeding.stop()
    assert "the source folder broke (ValueError)" in caplog.text
    assert "4711" not in caplog.text


def test_stop_while_the_engine_still_loads(tmp_path):
    class Loading:
        ready = False

    feeding = start_sources(Loading(), tmp_path / "in", None)
    feeding.stop()
    assert not any(thread.is_alive() for thread in feeding._threads)


def test_what_is_missing_is_told_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(BadInputError, match="extra nats"):
        start_sources(Engine.open(Settings()), None, "nats://user:secret@127.0.0.1:1")
