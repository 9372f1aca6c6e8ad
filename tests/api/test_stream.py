"""Live streams over sockets: what is sent, when it ends, and that nothing is left of it."""

import http.client
import threading

import pytest

from api.limits import Limits
from engine.service.stream import Hub
from tests.api.conftest import TOKENS, serving
from tests.api.fake_engine import FakeEngine
from tests.waiting import PATIENCE_S, until


class Reader:
    """One open stream."""

    def __init__(self, port, path="/v1/stream", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {TOKENS['officer']}", **headers})
        self.reply = self.connection.getresponse()

    def frame(self):
        """The lines of the next frame; nothing when the stream has ended."""
        lines = []
        while line := self.reply.readline().decode().rstrip("\n"):
            lines.append(line)
        return lines

    def close(self):
        self.reply.close()
        self.connection.close()


def test_frames_come_as_they_were_encoded():
    engine = FakeEngine()
    with serving(engine) as (_, port):
        reader = Reader(port)
        assert reader.reply.getheader("content-type") == "text/event-stream; charset=utf-8"
        assert reader.reply.getheader("cache-control") == "no-store"
        assert reader.reply.getheader("x-accel-buffering") == "no"
        assert reader.reply.getheader("content-length") is None
        assert reader.frame() == ["retry: 2000"]
        engine.stream.publish(b"id: r-1\nevent: alert\ndata: {}\n\n")
        assert reader.frame() == ["id: r-1", "event: alert", "data: {}"]
        reader.close()
        until(lambda: engine.stream.subscribers == 0)


@pytest.mark.parametrize(
    ("path", "headers", "heard"),
    [
        ("/v1/stream", {}, None),
        ("/v1/stream", {"Last-Event-ID": ""}, None),
        ("/v1/stream", {"Last-Event-ID": "r-5"}, "r-5"),
        ("/v1/stream?last_event_id=r-6", {}, "r-6"),
        ("/v1/stream?last_event_id=r-6", {"Last-Event-ID": "r-7"}, "r-7"),
    ],
)
def test_where_to_go_on_is_said_by_header_or_query(path, headers, heard):
    engine = FakeEngine()
    with serving(engine) as (_, port):
        Reader(port, path, **headers)
        assert engine.stream.asked == [heard]


def test_silence_is_broken_by_heartbeats():
    engine = FakeEngine()
    with serving(engine) as (_, port):
        reader = Reader(port, "/v1/stream?heartbeat=1")
        reader.frame()
        assert reader.frame()[1:] == ["event: heartbeat", 'data: {"as_of":7}']


def test_who_missed_some_is_told_and_counted():
    engine = FakeEngine()
    with serving(engine) as (_, port):
        reader = Reader(port, **{"Last-Event-ID": "unknown"})
        reader.frame()
        assert reader.frame()[0] == "event: missed"
        assert b"truyvet_stream_missed_total 1.0" in engine.metrics.text()


def test_one_stream_too_many_is_429_and_room_comes_back():
    engine = FakeEngine()
    with serving(engine, Limits(subscribers=2)) as (_, port):
        readers = [Reader(port) for _ in range(3)]
        assert [reader.reply.status for reader in readers] == [200, 200, 429]
        assert b"truyvet_stream_subscribers 2.0" in engine.metrics.text()
        readers[0].close()
        until(lambda: engine.stream.subscribers == 1)
        assert Reader(port).reply.status == 200


def test_head_has_no_stream():
    engine = FakeEngine()
    with serving(engine) as (_, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        connection.request("HEAD", "/v1/stream", headers={"Authorization": f"Bearer {TOKENS['officer']}"})
        assert connection.getresponse().status == 200
        until(lambda: engine.stream.subscribers == 0)


def test_the_end_of_the_server_ends_every_stream():
    engine = FakeEngine()
    with serving(engine) as (server, port):
        readers = [Reader(port) for _ in range(20)]
        server.should_exit = True
        for reader in readers:
            reader.frame()
            assert reader.frame() == []
    assert engine.stream.subscribers == 0


def test_many_readers_of_a_real_hub_get_everything_once_in_order():
    engine = FakeEngine()
    engine.stream = Hub("run")
    with serving(engine) as (_, port):
        readers = [Reader(port) for _ in range(20)]
        until(lambda: engine.stream.subscribers == 20)

        def publish():
            for n in range(100):
                engine.stream.publish(n, [("alert", {"n": 2 * n}), ("alert", {"n": 2 * n + 1})])

        thread = threading.Thread(target=publish)
        thread.start()
        for reader in readers:
            reader.frame()
            assert [reader.frame()[-1] for _ in range(200)] == [f'data: {{"n":{n}}}' for n in range(200)]
        thread.join()
        again = Reader(port, **{"Last-Event-ID": "run-190"})
        again.frame()
        assert again.frame()[0] == "id: run-191"


@pytest.mark.parametrize(
    ("role", "hub"),
    [("officer", "stream"), ("epidemiologist", "map_stream"), ("map", "release_stream"), ("admin", "release_stream")],
)
def test_each_role_hears_its_own_events(role, hub):
    engine = FakeEngine()
    with serving(engine) as (_, port):
        reader = Reader(port, Authorization=f"Bearer {TOKENS[role]}")
        reader.frame()
        hubs = {name: getattr(engine, name) for name in ("stream", "map_stream", "release_stream")}
        until(lambda: hubs[hub].subscribers == 1)
        assert sum(h.subscribers for h in hubs.values()) == 1
        for name, each in hubs.items():
            each.publish(f"event: {name}\ndata: {{}}\n\n".encode())
        assert reader.frame() == [f"event: {hub}", "data: {}"]
        reader.close()


def test_feeds_hear_nothing():
    with serving(FakeEngine()) as (_, port):
        assert Reader(port, Authorization=f"Bearer {TOKENS['feed']}").reply.status == 403
