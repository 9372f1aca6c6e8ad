"""Requests answered by their very bytes: what comes is what the long way would have sent, and never out of date."""

import asyncio
import http.client
import json
import socket
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from api.quick import QuickProtocol
from api.replies import MOST_HEARD, Asked, Replies
from engine.errors import JournalError
from engine.exposure.reached import Reached
from engine.ids import Keys
from engine.service.exposure_rows import ExposureRows
from engine.service.present.csv_text import exposures_csv
from tests.api.conftest import TOKENS, connect, serving
from tests.api.fake_engine import CASE, FakeEngine, FakeRelease, T
from tests.api.test_hexes import many
from tests.logged import logged
from tests.waiting import PATIENCE_S, until

HEXES = "/v1/risk/hexes"


@pytest.fixture(scope="module")
def served():
    engine = FakeEngine()
    with serving(engine) as (server, port):
        yield engine, server, port


@pytest.fixture
def at(served):
    """The engine, the server's port, and how often a request was answered the short way."""
    engine, server, port = served
    engine.__init__()
    many(engine)
    state = server.app.state
    state.replies = Replies()
    quick, said = server.config.http_protocol_class.quick, []
    answer = type(quick).answer
    quick.answer = lambda *asked: said.append(answer(quick, *asked)) or said[-1]
    yield engine, port, lambda: sum(found is not None for found in said)
    del quick.answer


class Peer:
    """One connection that is kept open."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.held = b""

    def ask(self, path=HEXES, role="officer", method="GET", **headers):
        self.send(request(path, role, method, **headers))
        return self.reply(method)

    def send(self, raw):
        self.socket.sendall(raw)

    def reply(self, method="GET"):
        """(status, headers without Date, body)"""
        while b"\r\n\r\n" not in self.held:
            self._more()
        head, _, self.held = self.held.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        assert len(headers) == len(lines)
        assert "date" in headers
        size = 0 if method == "HEAD" else int(headers.get("content-length", 0))
        while len(self.held) < size:
            self._more()
        body, self.held = self.held[:size], self.held[size:]
        return int(first.split()[1]), {n: v for n, v in headers.items() if n != "date"}, body

    def _more(self):
        got = self.socket.recv(1 << 20)
        if not got:
            raise ConnectionError
        self.held += got


def request(path=HEXES, role="officer", method="GET", **headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {TOKENS.get(role, role)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


# -- long replies ---------------------------------------------------------------------------------------


def rows(count):
    """A trace to so many people, as the engine has it."""
    people, places = Keys(), Keys()
    people.encode(pa.array([f"P-{n}" for n in range(count)]))
    whole, real = np.arange(count), np.full(count, 0.5)
    reached = Reached(
        person=whole.astype(np.int32), level=np.ones(count, np.int8), first=whole + T, last=whole + T, seconds=whole,
        dose=real, probability=real, channels=np.ones(count, np.int64), via=np.zeros(count, np.int32),
        shared=np.empty(0, np.int64),
    )  # fmt: skip
    return ExposureRows(reached, np.zeros(count, np.bool_), people, places)


@pytest.fixture
def long(at, monkeypatch):
    engine, port, _ = at
    found = rows(30_000)
    report = engine._report
    monkeypatch.setattr(engine, "_report", lambda *a: replace(report(*a), rows=found))
    return port, found


def whole_of(reply):
    return reply.status, dict(reply.headers), reply.read()


def client(port, method, path, **headers):
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    peer.request(method, path, headers={"Authorization": f"Bearer {TOKENS['officer']}", **headers})
    return peer.getresponse()


TRACE = f"/v1/cases/{CASE}/exposures?limit=100000"


def test_a_long_trace_is_sent_while_it_is_written(long, served, monkeypatch):
    port, found = long
    monkeypatch.setattr("engine.service.exposure_rows.PIECE", 500)
    for _ in range(2):
        status, headers, body = whole_of(client(port, "GET", TRACE))
        assert (status, headers["transfer-encoding"], headers["cache-control"]) == (200, "chunked", "no-store")
        told = json.loads(body)
        assert [row["person"] for row in told["exposures"]] == [f"P-{n}" for n in range(30_000)]
        assert (told["case"], told["next"]) == (CASE, None)
    assert len(served[1].app.state.replies) == 0
    _, headers, body = whole_of(client(port, "GET", TRACE, Accept="text/csv"))
    assert body == exposures_csv(found)
    assert headers["content-disposition"].startswith("attachment")
    status, headers, body = whole_of(client(port, "HEAD", TRACE))
    assert (status, headers["content-type"], body) == (200, "application/json", b"")


def test_short_ones_and_old_readers_are_told_the_length(long):
    port, _ = long
    assert "content-length" in whole_of(client(port, "GET", f"/v1/cases/{CASE}/exposures?limit=5000"))[1]
    peer = connect(port, f"GET {TRACE} HTTP/1.0", role="officer")
    reply = http.client.HTTPResponse(peer)
    reply.begin()
    assert int(reply.headers["content-length"]) == len(reply.read())


def test_a_reader_who_takes_nothing_holds_nobody_up(long):
    port, _ = long
    slow = Peer(port)
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    slow.send(request(TRACE))
    time.sleep(0.2)
    assert client(port, "GET", TRACE).read().endswith(b'"next":null}')


# -- short replies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["zstd", "gzip", "identity"])
@pytest.mark.parametrize("accept", ["application/json", "application/vnd.apache.arrow.stream"])
def test_the_short_way_says_what_the_long_way_says(at, coding, accept):
    engine, port, short = at
    peer = Peer(port)
    asked = {"Accept_Encoding": coding, "Accept": accept}
    got = [peer.ask(**asked) for _ in range(4)]
    assert got == [got[0]] * 4
    assert got[0][0] == 200
    assert short() == 2  # the first makes it, the second is read and known by heart from then on
    tag = got[0][1]["etag"]
    unchanged = [peer.ask(**asked, If_None_Match=tag) for _ in range(3)]
    assert unchanged == [unchanged[0]] * 3
    assert (unchanged[0][0], unchanged[0][2]) == (304, b"")
    assert {n: got[0][1][n] for n in ("etag", "cache-control", "vary", "as-of")}.items() <= unchanged[0][1].items()
    assert not unchanged[0][1].keys() & {"content-length", "content-type", "content-encoding"}
    heads = [peer.ask(method="HEAD", **asked) for _ in range(3)]
    assert heads == [(200, got[0][1], b"")] * 3
    assert short() == 6
    assert engine.asked["made"] == 1
    assert peer.ask(**asked) == got[0]  # nothing is left over on the connection


def test_every_answer_is_of_the_newest_state(at):
    engine, port, short = at
    peer = Peer(port)
    tags = set()
    for n in range(4):
        for change in ("as_of", "data_time", "made_anew"):
            setattr(engine, change, getattr(engine, change) + 1)
            got = [peer.ask() for _ in range(4)]
            assert [head["as-of"] for _, head, _ in got] == [str(8 + n)] * 4
            tags |= {head["etag"] for _, head, _ in got}
    assert len(tags) == 12
    assert short() >= 12
    engine.ready = False
    assert peer.ask()[0] == 503


def test_releases_are_looked_up_only_when_the_database_need_not_be_asked(at, monkeypatch):
    engine, port, short = at
    peer = Peer(port)
    got = [peer.ask(role="map") for _ in range(4)]
    assert got == [got[0]] * 4
    assert short() == 0
    engine.in_memory = True
    assert peer.ask(role="map") == got[0]
    assert short() == 1
    assert got[0][1]["cache-control"].startswith("public, max-age=")
    engine.released.append(FakeRelease(number=2))
    assert peer.ask(role="map")[1]["etag"] != got[0][1]["etag"]

    def away(at=None):
        raise JournalError("the database is away")

    engine.in_memory = False
    monkeypatch.setattr(engine, "release", away)
    assert peer.ask(role="map")[0] == 503


def test_roles_and_tokens_are_what_they_are_on_the_long_way(at):
    _, port, _ = at
    peer = Peer(port)
    for _ in range(3):
        told = [peer.ask(role=role)[0] for role in ("officer", "feed", "wrong", "officer-token-012345678")]
        assert told == [200, 403, 401, 401]
        assert b"released_at" not in peer.ask(role="epidemiologist")[2]
        assert b"released_at" in peer.ask(role="map")[2]


def test_requests_in_pieces_and_in_rows_are_answered_each(at, served, monkeypatch):
    _, port, short = at
    protocol, came = served[1].config.http_protocol_class, []
    receive = protocol.data_received
    monkeypatch.setattr(protocol, "data_received", lambda self, data: came.append(data) or receive(self, data))
    peer = Peer(port)
    whole = peer.ask()
    raw = request()
    for cut in (1, 10, len(raw) - 4, len(raw) - 2):
        peer.send(raw[:cut])
        until(lambda cut=cut: came[-1:] == [raw[:cut]])
        peer.send(raw[cut:])
        assert peer.reply() == whole
    peer.send(raw * 3)
    assert [peer.reply() for _ in range(3)] == [whole] * 3
    # Never taken for one request: the same bytes again have three answers again.
    peer.send(raw * 3)
    assert [peer.reply() for _ in range(3)] == [whole] * 3
    assert short() == 0
    assert [peer.ask() for _ in range(2)] == [whole] * 2
    assert short() == 1
    peer.send(raw + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [peer.reply()[0] for _ in range(2)] == [200, 200]


def test_a_request_behind_one_under_way_waits_for_its_turn(at, monkeypatch):
    engine, port, short = at
    peer = Peer(port)
    assert [peer.ask()[0] for _ in range(3)] == [200] * 3
    person, before = engine.person, short()
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(engine, "person", lambda *a: begun.set() or (go_on.wait(PATIENCE_S) and person(*a)))
    peer.send(request("/v1/persons/P-2077"))
    assert begun.wait(PATIENCE_S)
    peer.send(request())
    time.sleep(0.1)
    go_on.set()
    assert b'"person"' in peer.reply()[2]
    assert b'"h3"' in peer.reply()[2]
    assert short() == before


@pytest.mark.parametrize("ends", ["close", "keep-alive"])
def test_a_connection_ends_when_its_reader_says_so(at, ends):
    _, port, short = at
    for _ in range(3):
        peer = Peer(port)
        peer.ask(Connection=ends)
        if ends == "close":
            with pytest.raises(ConnectionError):
                peer._more()
        else:
            assert peer.ask(Connection=ends)[0] == 200
    assert (short() > 0) == (ends == "keep-alive")


def test_an_old_protocol_and_proxies_take_the_long_way(at):
    _, port, short = at
    for _ in range(3):
        peer = connect(port, f"GET {HEXES} HTTP/1.0", role="officer")
        assert peer.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert Peer(port).ask(X_Forwarded_Proto="https")[0] == 200
    assert short() == 0


class Clock:
    """An event loop whose time is set by hand."""

    def __init__(self):
        self.now, self.calls = 100.0, []

    def time(self):
        return self.now

    def call_later(self, seconds, call):
        self.calls.append((self.now + seconds, call))
        return self

    def run(self, seconds):
        self.now += seconds
        due, self.calls = [c for t, c in self.calls if t <= self.now], [c for c in self.calls if c[0] > self.now]
        for call in due:
            call()


def test_silence_closes_a_connection_and_short_answers_keep_it():
    protocol, closed = QuickProtocol.__new__(QuickProtocol), []
    protocol.loop, protocol.timeout_keep_alive, protocol.timeout_keep_alive_task = Clock(), 75, None
    protocol.transport = SimpleNamespace(is_closing=lambda: False, close=lambda: closed.append(protocol.loop.now))
    for _ in range(5):
        protocol._stay()
        assert len(protocol.loop.calls) == 1  # a clock is not set anew for each of them
        protocol.loop.run(50)
    assert closed == []
    protocol.loop.run(24)
    assert closed == []
    protocol.loop.run(1)
    assert closed == [375.0]
    assert protocol.loop.calls == []


def test_short_answers_are_counted_and_logged_like_others(at, served):
    engine, port, short = at
    peer = Peer(port)
    peer.ask("/healthz")  # the lines of earlier answers are written before this is read
    with logged() as written:
        for _ in range(5):
            peer.ask()
        assert short() == 3
        peer.ask("/healthz")  # the line of the last short answer is written before this is read
    lines = [line for line in written.getvalue().splitlines() if HEXES in line]
    assert len(lines) == 5
    shape = '"level":"info","logger":"truyvet.api","message":"GET /v1/risk/hexes 200 '
    assert all(shape in line and '"fields":{"route":"GET /v1/risk/hexes","status":200,"ms":' in line for line in lines)
    assert b'truyvet_http_requests_total{route="GET /v1/risk/hexes",status="200"} 5.0' in engine.metrics.text()
    assert b'truyvet_http_request_seconds_count{route="GET /v1/risk/hexes"} 5.0' in engine.metrics.text()


def test_what_is_known_by_heart_is_bounded():
    replies = Replies()
    for n in range(MOST_HEARD + 10):
        replies.learn(str(n).encode(), Asked(n, "officer", None, False))
    assert replies.heard(b"9") is None
    assert replies.heard(b"10") is not None
    assert replies.heard(str(MOST_HEARD + 9).encode()) is not None


def test_many_readers_at_once_get_whole_maps(at):
    engine, port, short = at
    many(engine, 40_000)  # more than a socket takes at once

    async def read():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        sizes = []
        for _ in range(6):
            writer.write(request())
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(next(line for line in head.split(b"\r\n") if line.startswith(b"content-length")).split()[1])
            await asyncio.sleep(0.01)
            sizes.append(len(await reader.readexactly(size)))
        writer.close()
        return sizes

    async def all_of_them():
        return await asyncio.gather(*(read() for _ in range(20)))

    sizes = {size for found in asyncio.run(all_of_them()) for size in found}
    assert len(sizes) == 1
    assert min(sizes) > 1_000_000
    assert short() > 50


# -- slow senders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_head_that_never_ends_ends_its_connection(at, monkeypatch, before):
    monkeypatch.setattr(QuickProtocol, "head_s", 0.3)
    peer = Peer(at[1])
    if before:
        peer.send(before)
        assert peer.reply()[0] == 200
    peer.send(b"GET /healthz HTTP/1.1\r\nX: ")
    peer.socket.settimeout(0.05)

    def gone():
        try:
            peer.send(b"x")  # a byte now and then does not help
            return not peer.socket.recv(1)
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    until(gone)


def test_each_head_has_its_own_time():
    class Timers(Clock):
        def call_later(self, seconds, call):
            self.calls.append((self.now + seconds, call))
            return SimpleNamespace(cancel=lambda: self.calls.clear())

    protocol, closed = QuickProtocol.__new__(QuickProtocol), []
    protocol.loop, protocol.cycle, protocol._head_timer = Timers(), None, None
    protocol.transport = SimpleNamespace(close=lambda: closed.append(protocol.loop.now))
    for _ in range(5):
        protocol._in_head = True
        protocol._watch_head()
        protocol.loop.run(15)
        protocol._watch_head()  # more bytes of the same head
        protocol._in_head = False
        protocol._watch_head()
        protocol.loop.run(100)
    assert closed == []
    protocol._in_head = True
    protocol._watch_head()
    protocol.loop.run(15)
    protocol._watch_head()
    protocol.loop.run(5)
    assert closed == [695.0]


def test_a_head_may_wait_for_the_answer_before_it(at, monkeypatch):
    monkeypatch.setattr(QuickProtocol, "head_s", 0.1)
    engine, port, _ = at
    made = engine.cases
    engine.cases = lambda *asked: time.sleep(0.5) or made(*asked)
    peer = Peer(port)
    peer.send(request("/v1/cases") + b"GET /healthz HTTP/1.1\r\n")
    assert peer.reply()[0] == 200


def test_a_connection_without_a_request_is_not_kept_for_ever(at, served, monkeypatch):
    monkeypatch.setattr(served[1].config, "timeout_keep_alive", 0.2)
    with pytest.raises(ConnectionError):
        Peer(at[1])._more()
