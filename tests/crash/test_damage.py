"""Checkpoints and batches that are torn or have a flipped bit; commands killed in the middle of their work."""

import random
import re
import shutil
import sqlite3
import time

import pytest

from engine.errors import JournalError
from tests.crash.folders import WORLD, checkpoint_files, fill, flip_a_bit, kill_while_running, tear
from tests.crash.harness import UNTIL, answers, differing
from tests.crash.inside import Inside
from tests.crash.scale import LONG
from tests.crash.server import Server, truyvet
from tests.crash.stored import Audit

KILLS = 20 if LONG else 2
MUCH_LATER = "2099-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """(data folder with a checkpoint and one batch after it, ledger, answers)."""
    data = tmp_path_factory.mktemp("filled") / "data"
    with Inside(data) as inside:
        ledger = fill(inside)
        inside.engine.checkpoint()
        more = WORLD.batch(3, 0)
        ledger.sends(more)
        assert ledger.answered(more, *inside.post(more.kind, more.json()))
        told = answers(inside, WORLD.cases)
    assert checkpoint_files(data)
    return data, ledger, told


@pytest.fixture
def copy(filled, tmp_path):
    """A copy of the filled folder, to break."""
    return shutil.copytree(filled[0], tmp_path / "data")


def test_a_torn_checkpoint_is_named_in_the_log_and_passed_over(filled, copy):
    tear(checkpoint_files(copy)[0])
    with Server(copy) as server:
        server.start()
        assert differing(answers(server, WORLD.cases), filled[2]) == []
        assert re.search(r"checkpoint [\w.-]+ is ignored: \w+", server.log_text()), server.log_end()


def test_a_flipped_bit_anywhere_in_a_checkpoint_is_found(filled, copy, tmp_path, caplog):
    for i, path in enumerate(checkpoint_files(copy)):
        other = shutil.copytree(copy, tmp_path / f"other-{i}")
        flip_a_bit(other / path.relative_to(copy))
        caplog.clear()
        with Inside(other) as inside:
            told = inside.get(f"/v1/cases?until={UNTIL}&limit=100000")["cases"]
            assert told == filled[2][f"/v1/cases?until={UNTIL}&limit=100000"]["cases"]
        assert re.search(r"checkpoint [\w.-]+ is ignored: \w+", caplog.text), path


def test_a_flipped_bit_of_a_batch_is_told_by_its_number_and_nothing_starts(copy):
    _damage_batch(copy, 7, _flipped)
    with Server(copy) as server:
        with pytest.raises(RuntimeError, match="the server ended with 2"):
            server.start()
        assert re.search(r"\b7\b.*damaged|damaged.*\b7\b|\b7\b.*sha256", server.log_end()), server.log_end()
        assert "Traceback" not in server.log_text()


def test_a_torn_batch_is_told_by_its_number(copy):
    _damage_batch(copy, 9, lambda payload: payload[: len(payload) // 2])
    with pytest.raises(JournalError, match=r"\b9\b"):
        Inside(copy)


def _damage_batch(data, seq, change):
    shutil.rmtree(data / "checkpoints")
    with sqlite3.connect(data / "truyvet.db") as connection:
        (payload,) = connection.execute("SELECT payload FROM batches WHERE seq = ?", (seq,)).fetchone()
        connection.execute("UPDATE batches SET payload = ? WHERE seq = ?", (change(payload), seq))
    connection.close()


def _flipped(payload):
    raw = bytearray(payload)
    raw[len(raw) // 2] ^= 1
    return bytes(raw)


def test_kills_while_a_checkpoint_is_written(filled, copy):
    ended, span = 0, _duration("checkpoint", "--data", copy)
    rng = random.Random(5)
    for _ in range(KILLS):
        ended += kill_while_running(rng, (0.6 * span, span), "checkpoint", "--data", copy)
    with Inside(copy) as inside:
        assert differing(answers(inside, WORLD.cases), filled[2]) == []
    assert ended or not LONG, "no kill met the command at work"


def test_kills_while_a_purge_is_at_work(filled, copy, tmp_path):
    calm = shutil.copytree(filled[0], tmp_path / "calm")
    span = _duration("purge", "--now", MUCH_LATER, "--data", calm)
    rng = random.Random(6)
    for _ in range(KILLS):
        kill_while_running(rng, (0.6 * span, span), "purge", "--now", MUCH_LATER, "--data", copy)
    _duration("purge", "--now", MUCH_LATER, "--data", copy)
    with Inside(copy) as left, Inside(calm) as right:
        assert differing(answers(left, WORLD.cases), answers(right, WORLD.cases)) == []
    faults = Audit(copy, None).check(filled[1]).faults
    assert faults == []


def test_kills_while_the_schema_is_made(tmp_path):
    rng = random.Random(7)
    with Server(tmp_path / "data") as server:
        for _ in range(KILLS):
            server.start(wait=False)
            time.sleep(rng.uniform(0.5, 1.6))
            server.kill()
        server.start()
        ledger = fill(server)
        server.kill()
        verdict = Audit(server.data, None).check(ledger)
        assert verdict.good, verdict.told()


def _duration(*words):
    """Seconds that a command takes when it is left alone; it must succeed."""
    began = time.monotonic()
    done = truyvet(*words)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began
