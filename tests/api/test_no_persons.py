"""Nobody's id gets into the log: requests of every kind that hold a marked id everywhere an id can stand."""

import http.client
import json
import os
import signal
import subprocess
import sys
from urllib.parse import quote

import pytest

from engine import errors
from engine.service.access import load_or_make_tokens
from tests.api.fake_engine import FakeEngine
from tests.logged import logged
from tests.waiting import PATIENCE_S, free_port, until

MARK = "P-MARKED-0007"
HEADERS = {
    "Idempotency-Key": MARK,
    "Last-Event-ID": MARK,
    "Accept-Language": MARK,
    "Accept": f"{MARK}/x, */*",
    "If-None-Match": MARK,
    "User-Agent": MARK,
    "Cookie": f"id={MARK}",
}
PLACES = ("", "/exposures", "/sources", "/contacts", "/chains", "/exposures/", f"/{MARK}")
QUERIES = ("", f"?{MARK}", f"?until={MARK}", f"?policy={MARK}", f"?case={MARK}", f"?cursor={MARK}", f"?as_of={MARK}")
BODIES = (
    json.dumps({"events": [{"person": MARK, "confirmed_at": "2021-07-11T08:00:00+07:00"}]}).encode(),
    json.dumps({"events": [{"person": MARK, "confirmed_at": MARK}]}).encode(),
    json.dumps({MARK: [MARK]}).encode(),
    MARK.encode(),
    b'{"events": [{"person": "' + MARK.encode(),
)


def requests():
    """(method, target, body, headers)"""
    for part in ("cases", "persons"):
        for place in PLACES:
            for query in QUERIES:
                yield "GET", f"/v1/{part}/{quote(MARK)}{place}{query}", None, {}
    for path in ("/v1/board", "/v1/clusters", "/v1/risk/hexes", f"/{MARK}", f"/v1/{MARK}", f"/docs/{MARK}"):
        for query in (
            *QUERIES,
            f"?area={MARK}",
            f"?since={MARK}",
            f"?bbox={MARK}",
            f"?level={MARK}",
            f"?format={MARK}",
        ):
            yield "GET", path + query, None, {}
    for method in ("PUT", "DELETE", MARK.replace("-", "")):
        yield method, f"/v1/cases/{MARK}", None, {}
    for kind in ("case", "bluetooth", MARK):
        for media in ("application/json", "application/x-ndjson", "application/vnd.apache.arrow.stream", MARK):
            for encoding in ("identity", "gzip", MARK):
                for body in BODIES:
                    yield "POST", f"/v1/events/{kind}", body, {"Content-Type": media, "Content-Encoding": encoding}


@pytest.fixture
def written():
    with logged() as stream:
        yield stream


class Broken(FakeEngine):
    """Fails inside with a text that names somebody."""

    def __init__(self, error):
        super().__init__()
        self.fail = error

    def person(self, person):
        raise self.fail

    contacts = chains = clusters = hexes = places = person


@pytest.mark.parametrize(
    "error",
    [
        None,
        KeyError(MARK),
        RuntimeError(f"about {MARK}"),
        errors.JournalError(f"near {MARK}"),
        errors.StorageFullError(f"near {MARK}"),
        errors.BusyError(MARK),
        errors.UnknownCaseError(MARK),
        errors.TruyvetError(MARK),
    ],
    ids=lambda error: type(error).__name__,
)
def test_requests_of_every_kind(app, call, written, error):
    app.state.engine = FakeEngine() if error is None else Broken(error)
    mark = MARK.replace("-", "").encode()
    for n, (method, target, body, headers) in enumerate(requests()):
        if error is None or n % 5 == 0:
            role = "feed" if method == "POST" else "officer"
            call.request(method, target, content=body, headers={**HEADERS, **headers}, role=role)
    text = written.getvalue()
    assert text.count("\n") > 50
    assert MARK not in text
    metrics = app.state.engine.metrics.text()
    assert MARK.encode() not in metrics
    assert mark not in metrics + text.encode()


def test_a_server_process_that_is_asked_badly(tmp_path):
    tokens, port = load_or_make_tokens(tmp_path), free_port()
    words = [sys.executable, "-m", "api", "--port", str(port), "--data", str(tmp_path), "--log", "json"]
    said, logged = tmp_path.with_suffix(".out"), tmp_path.with_suffix(".log")
    with said.open("wb") as out, logged.open("wb") as log:  # pipes that nobody reads are full after some hundred lines
        process = subprocess.Popen(words, stdout=out, stderr=log, cwd=os.getcwd())
    try:
        until(lambda: process.poll() is not None or _ready(port, tokens), 600)  # kernels compiled first take minutes
        seen = {ask(port, *request, tokens=tokens)[0] for request in list(requests())[::7]}
        assert {200, 400, 404} <= seen
        assert 500 not in seen
        # Not HTTP at all, and a body that stops.
        for sent in (f"{MARK}\r\n\r\n", f"POST /v1/events/case HTTP/1.1\r\nContent-Length: 99\r\n\r\n{MARK}"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
            connection.connect()
            connection.sock.sendall(sent.encode())
            connection.close()
        assert MARK.encode() not in ask(port, "GET", "/metrics", tokens)[1]
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    told = logged.read_text("utf-8")
    assert process.returncode == 0, told[-2_000:]
    assert MARK not in told + said.read_text("utf-8")
    assert all(json.loads(line)["at"] for line in told.splitlines())


def _ready(port, tokens):
    try:
        return ask(port, "GET", "/readyz", tokens)[0] == 200
    except OSError:
        return False


def ask(port, method, target, body=None, headers=None, tokens=None):
    if tokens is None:  # ask(port, method, target, tokens)
        body, tokens = None, body
    role = "feed" if method == "POST" else "officer"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    sent = {**HEADERS, **(headers or {}), "Authorization": f"Bearer {tokens[role]}"}
    connection.request(method, target, body=body, headers=sent)
    reply = connection.getresponse()
    found = reply.status, reply.read()
    connection.close()
    return found
