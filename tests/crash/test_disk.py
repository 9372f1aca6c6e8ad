"""A disk that is full, and one that cannot be written to."""

import os
import random
import resource
import subprocess

import pytest

from engine.service.access import load_or_make_tokens
from tests.crash.clients import Ledger
from tests.crash.folders import fill
from tests.crash.inside import Inside
from tests.crash.server import Server
from tests.crash.stored import Audit
from tests.crash.world import T0, World, batch_of

SIZE_MB, ROOM = 24, 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "truyvet-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk; run this test as root with the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def until_refused(server: Server, ledger: Ledger, most: int = 3_000):
    """Send batches until one is not acknowledged: (status, reply)."""
    rng = random.Random(4)
    for number in range(most):
        # Random positions: they do not pack.
        events = [
            {"person": f"D-{number}-{i}", "at": T0 + i, "lat": rng.uniform(10, 11), "lng": rng.uniform(106, 107)}
            for i in range(500)
        ]
        batch = batch_of(90, number, "location", events)
        ledger.sends(batch)
        status, reply = server.post(batch.kind, batch.json())
        if not ledger.answered(batch, status, reply):
            return status, reply
    raise AssertionError("the disk never filled up")


def goes_on(server: Server, ledger: Ledger) -> None:
    """Batches are acknowledged again, and after a kill everything acknowledged is there."""
    after = World(22).batch(5, 0)
    ledger.sends(after)
    assert ledger.answered(after, *server.post(after.kind, after.json())), ledger.statuses
    server.kill()
    verdict = Audit(server.data, None).check(ledger)
    assert verdict.good, verdict.told()
    with Inside(server.data) as again:
        assert again.get("/v1/cases")["cases"]


def test_a_full_disk_refuses_and_goes_on_when_there_is_room_again(small_disk):
    with Server(small_disk / "data") as server:
        server.log = small_disk.parent / "server.log"
        server.start()
        ledger = fill(server)
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        ballast.write_bytes(bytes(max(0, free - ROOM)))

        status, reply = until_refused(server, ledger)
        assert (status, reply["code"]) == (507, "storage_full"), reply
        assert len(reply["detail"]) > 20
        assert server.get("/v1/cases")["cases"], "questions are still answered"

        ballast.unlink()
        goes_on(server, ledger)


def test_a_disk_that_may_only_be_read_is_named_at_the_start(small_disk):
    with Inside(small_disk / "data") as inside:
        fill(inside)
    with Server(small_disk / "data") as server:
        server.log = small_disk.parent / "server.log"
        load_or_make_tokens(server.data)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(RuntimeError, match=r"the server ended with [12]"):
            server.start()
        told = server.log_end(600)
        assert "Traceback" not in told
        assert "read-only" in told.lower() or "written" in told.lower(), told
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        server.start()


def test_a_file_that_may_not_grow_refuses_and_goes_on_when_it_may(server):
    """Needs no rights: the kernel refuses to let the server's files grow, as a quota would."""
    server.start()
    ledger = fill(server)
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    largest = max(p.stat().st_size for p in server.data.glob("truyvet.db*"))
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest + ROOM // 8, before[1]))
    status, reply = until_refused(server, ledger)
    assert (status, reply["code"]) in [(507, "storage_full"), (503, "journal")], reply
    assert server.get("/v1/cases")["cases"], "questions are still answered"

    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)
    goes_on(server, ledger)
