"""A real server process: it answers over a socket, and ends well when told to."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from api.__main__ import main as command
from tests.api.conftest import TOKENS
from tests.waiting import PATIENCE_S, free_port, until

SCRIPT = """
import sys
import threading
import time
from api.server import run_server
from engine.errors import JournalError
from tests.api.conftest import TOKENS
from tests.api.fake_engine import FakeEngine
engine = FakeEngine()
port, how = int(sys.argv[1]), sys.argv[2]

class Feeding:
    def stop(self):
        print("sources stopped, engine open:", not engine.closed)

def load():
    sys.stdin.readline()
    engine.share, engine.ready = 1.0, how == "slow"
    engine.failure = JournalError("batch 17 is damaged") if how == "broken" else None

def linger(*args, **other):
    print("asked", flush=True)
    time.sleep(1)
    return type(engine).person(engine, *args)

if how != "ready":
    engine.ready, engine.share = False, 0.25
    threading.Thread(target=load).start()
engine.person = linger
run_server(engine, TOKENS, "127.0.0.1", port, feeding=Feeding())
print("closed", engine.closed, engine.failure)
"""


def ask(port, path, body=None):
    headers = {"Authorization": f"Bearer {TOKENS['feed']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def how():
    return "ready"


@pytest.fixture
def server(how):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(port), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=os.getcwd(),
    )
    try:
        until(lambda: listens(port))
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
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out.decode()
    assert b"sources stopped, engine open: True" in out
    assert b"closed True" in out


def go_on(process):
    """Let it load."""
    process.stdin.write(b"\n")
    process.stdin.flush()


def officer(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKENS['officer']}"})
    return connection.getresponse()


def test_the_end_answers_what_is_under_way_and_does_not_wait_for_streams(server):
    process, port = server
    streams = [officer(port, "/v1/stream") for _ in range(3)]
    answers = []
    asking = threading.Thread(target=lambda: answers.append(officer(port, "/v1/persons/x").status))
    asking.start()
    while b"asked\n" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    asking.join(PATIENCE_S)
    assert (process.wait(PATIENCE_S), answers) == (0, [200]), process.stdout.read().decode()
    assert all(stream.read() == b"retry: 2000\n\n" for stream in streams)


@pytest.mark.parametrize("how", ["slow"])
def test_it_answers_while_it_loads(server):
    process, port = server
    assert ask(port, "/healthz") == 200
    early = officer(port, "/readyz")
    assert (early.status, json.loads(early.read())["share"]) == (503, 0.25)
    assert ask(port, "/v1/events/case", b'{"events":[]}') == 503
    go_on(process)
    until(lambda: ask(port, "/readyz") == 200)
    assert ask(port, "/v1/events/case", b'{"events":[]}') == 200
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("how", ["broken"])
def test_it_ends_when_the_engine_fails(server):
    process, port = server
    assert ask(port, "/healthz") == 200
    go_on(process)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert b"closed True batch 17 is damaged" in out


def test_a_damaged_journal_ends_the_command_with_2(tmp_path):
    (tmp_path / "truyvet.db").write_bytes(b"this is no database" * 100)
    words = [sys.executable, "-m", "api", "--port", str(free_port()), "--data", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, cwd=os.getcwd(), check=False)
    assert done.returncode == 2
    assert b"Journal error: " in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--retention-days", "5"], "14 to 60 days"),
        (["--publish-cases", "4"], "only be raised"),
        (["--watch", "/dev/null/x"], "cannot be watched"),
    ],
)
def test_options_that_cannot_be_end_the_command_with_2(tmp_path, words, says, monkeypatch, capsys):
    monkeypatch.setattr("engine.service.logs.configure", lambda form: None)
    assert command(["--data", str(tmp_path), *words]) == 2
    assert says in capsys.readouterr().err
