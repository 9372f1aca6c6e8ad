"""What every source promises, for each there is: all that was published is stored once as events; nothing is
acknowledged before it is."""

import asyncio
import json
import threading

import pytest

from engine.errors import JournalError
from engine.events.readers import parse_json
from engine.sources.folder import FolderSource
from engine.sources.nats import NatsSource
from tests.nats import body_of, pending, publish
from tests.sources.sinks import MemorySink, Running, fixes
from tests.waiting import until

PARTS = [fixes(10 * i, 10, f"p{i % 3}") for i in range(12)]


class OfFolder:
    """Publishing is putting a file there; a file is acknowledged when it has left for done/."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def source(self):
        return FolderSource(self.folder, still_s=0.02, every_s=0.02, retry=(0.05, 0.2))

    def publish(self, parts):
        self.folder.mkdir(exist_ok=True)
        for events in parts:
            draft = self.folder / f"location-{self.count}.ndjson.tmp"
            draft.write_text("".join(json.dumps(e) + "\n" for e in events))
            draft.rename(draft.with_suffix(""))
            self.count += 1

    def unacknowledged(self):
        return len(list(self.folder.glob("*.ndjson")))


class OfNats:
    def __init__(self, server):
        self.server = server

    def source(self):
        return NatsSource(self.server.url, ack_wait_s=1, retry=(0.05, 0.2))

    def publish(self, parts):
        asyncio.run(publish(self.server.url, [("location", body_of(*events)) for events in parts]))

    def unacknowledged(self):
        return sum(asyncio.run(pending(self.server.url)))


class OfMemory:
    """The smallest source that keeps the contract: what somebody writes first for a new queue."""

    name = "memory"

    def __init__(self):
        self.queue = []

    def source(self):
        return self

    def publish(self, parts):
        self.queue += [body_of(*events) for events in parts]

    def unacknowledged(self):
        return len(self.queue)

    def run(self, sink, stop):
        while not stop.wait(0.01):
            while self.queue and not stop.is_set():
                try:
                    sink.take("location", parse_json(self.queue[0], "location"), "memory")
                except JournalError:
                    break
                self.queue.pop(0)


@pytest.fixture(params=["memory", "folder", "nats"])
def bus(request, tmp_path):
    if request.param == "memory":
        return OfMemory()
    if request.param == "folder":
        return OfFolder(tmp_path / "in")
    bus = OfNats(request.getfixturevalue("nats_server"))
    # The stream is made by the source.
    with Running(bus.source(), MemorySink()):
        until(lambda: _ready(bus))
    return bus


def _ready(bus):
    try:
        return bus.unacknowledged() == 0
    except Exception:
        return False


@pytest.mark.parametrize("failures", [0, 3])
def test_everything_published_is_stored_once(bus, failures):
    sink = MemorySink(failures=failures)
    bus.publish(PARTS[:6])
    with Running(bus.source(), sink):
        bus.publish(PARTS[6:])
        until(lambda: bus.unacknowledged() == 0)
    assert len(sink.events) == 120
    assert sum(b.num_rows for b in sink.batches) == 120 + sink.duplicates
    assert sink.failures == 0


def test_nothing_is_acknowledged_while_it_cannot_be_stored(bus):
    sink = MemorySink(failures=10**9)
    bus.publish(PARTS[:3])
    with Running(bus.source(), sink):
        until(lambda: len(sink.log) >= 2)
        assert bus.unacknowledged() == 3
        sink.failures = 0
        until(lambda: bus.unacknowledged() == 0)
    assert len(sink.events) == 30


def test_what_was_not_acknowledged_comes_again_and_is_harmless(bus):
    class Dies(BaseException):
        pass

    class Killed(MemorySink):
        def take(self, *given):
            super().take(*given)
            raise Dies

    sink = Killed()
    bus.publish(PARTS[:2])
    quiet, threading.excepthook = threading.excepthook, lambda _: None
    try:
        died = Running(bus.source(), sink)
        until(lambda: not died.thread.is_alive())
    finally:
        threading.excepthook = quiet
    sink.__class__ = MemorySink
    stored = sum(b.num_rows for b in sink.batches)
    assert stored
    with Running(bus.source(), sink):
        until(lambda: bus.unacknowledged() == 0)
    assert len(sink.events) == 20
    assert sink.duplicates >= stored


def test_it_stops_when_told(bus):
    running = Running(bus.source(), MemorySink())
    running.stop()
