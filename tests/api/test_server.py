"""A real server process: it answers over a socket, and ends well when told to."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.api.conftest import TOKENS

SCRIPT = """
import sys
from api.server import run_server
from tests.api.conftest import TOKENS
from tests.api.fake_engine import FakeEngine
engine = FakeEngine()
run_server(engine, TOKENS, "127.0.0.1", int(sys.argv[1]))
print("closed", engine.closed)
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(port, path, body=None):
    headers = {"Authorization": f"Bearer {TOKENS['feed']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def server():
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=os.getcwd(),
    )
    try:
        for _ in range(200):
            try:
                ask(port, "/readyz")
                break
            except OSError:
                time.sleep(0.05)
        yield process, port
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_with_success_on_a_signal(server, number):
    process, port = server
    assert ask(port, "/readyz") == 200
    assert ask(port, "/v1/events/case", b'{"events":[]}') == 200
    assert ask(port, "/v1/cases") == 403
    process.send_signal(number)
    out, _ = process.communicate(timeout=15)
    assert process.returncode == 0, out.decode()
    assert b"closed True" in out
