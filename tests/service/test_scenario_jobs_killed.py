"""A server killed in the middle of a scenario: its worker ends too, and the next start ends with the same bytes."""

import fcntl
import json

from engine.scenarios import store
from engine.service.scenario_job_files import LOCK
from tests.crash.server import Server, ask
from tests.service.stored import opened
from tests.service.test_scenario_jobs import LONG, TINY, until

TEXT = LONG.replace("20000", "400")
TABLES = ("totals", "daily", "weekly", "r", "differences", "replicates")


def request(server, method, path, body=None):
    headers = {"Content-Type": "application/yaml"}
    token = server.token("epidemiologist")
    status, _, reply = ask(server.port, method, path, token, body, headers, 60)
    return status, json.loads(reply)


def free(lock):
    """Whether nobody works in the job's folder."""
    with lock.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_killed_and_started_again_it_ends_with_the_same_bytes(tmp_path):
    engine = opened(tmp_path / "data")
    engine.ingest_paths([TINY])
    (tmp_path / "s.yml").write_text(TEXT)
    alone = engine.scenarios.run(tmp_path / "s.yml", tmp_path / "alone", reports=False)
    engine.close()
    with Server(tmp_path / "data") as server:
        server.start()
        status, job = request(server, "POST", "/v1/scenarios", TEXT.encode())
        assert status == 202
        where = f"/v1/scenarios/{job['id']}"
        until(lambda: request(server, "GET", where)[1]["progress"]["done"] > 0)
        server.kill()
        folder = tmp_path / "data" / "scenarios" / job["id"]
        until(lambda: free(folder / LOCK))
        assert list((folder / "result.unfinished").glob("*.records"))
        assert not (folder / "result").exists()

        server.start()
        until(lambda: request(server, "GET", where)[1]["state"] == "done", 100)
        body = request(server, "GET", where)[1]
        assert body["progress"]["done"] == body["progress"]["total"] == 800
        made = store.read_run(folder / "result")
        files = {name: made.manifest["files"][f"{name}.parquet"] for name in TABLES}
        assert files == {name: alone.manifest["files"][f"{name}.parquet"] for name in TABLES}
        assert body["result"]["rows"]
        assert request(server, "POST", "/v1/scenarios", TEXT.encode())[1]["id"] == job["id"]
        assert server.stop() == 0
