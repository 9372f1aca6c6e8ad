"""Jobs: the same answer as without a server, cancelled, killed, resumed; nothing personal on the disk."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.clock import DAY
from engine.errors import BadInputError, BusyError, NotFoundError, NotReadyError, ScenarioError, StorageFullError
from engine.scenarios.files import parse
from engine.service import scenario_jobs, scenario_work
from engine.service.scenario_job_files import KIND, WORLDS
from engine.service.scenario_process import WorkerProcess
from engine.service.scenario_world_file import read_world, write_world
from engine.service.scenarios import world_key
from tests.service.stored import opened
from tests.waiting import PATIENCE_S, until
from tests.worlds import NOW

TINY = Path(__file__).parents[2] / "data" / "samples" / "tiny"
TEXT = """
name: jobs
replicates: 32
simulation:
  days: 30
  population: {observed: {}}
  initial: {infected: 2}
variants:
  - name: nothing
  - name: isolation
    set: {measures.isolation: {delay: {fixed: 1}}}
"""
LONG = TEXT.replace("days: 30", "days: 400").replace("replicates: 32", "replicates: 20000")
PEOPLE = ("QX7-secret", "QX8-secret")


class FakeProcess:
    """A worker that does what the test says: waits to be ended, or ends with ``last``."""

    def __init__(self, last=None, progress=()):
        self.last, self.told, self.over, self.ends, self.heard = last, list(progress), threading.Event(), 0, None

    def listen(self, progress):
        for done, total in self.told:
            progress(done, total)
        if self.last is None:
            self.over.wait(PATIENCE_S)
        return self.last

    def end(self):
        self.ends += 1
        self.over.set()


class Factory:
    """Starts fakes, and remembers the folders."""

    def __init__(self):
        self.folders, self.made, self.worlds, self.last = [], [], [], {"state": "done"}

    def __call__(self, folder, database):
        process = FakeProcess(self.last, [(3, 64)])
        self.folders.append(folder)
        self.worlds.append([p.name for p in (folder / WORLDS).glob("*")] if (folder / WORLDS).exists() else [])
        self.made.append(process)
        return process


@pytest.fixture
def engine(tmp_path):
    engine = opened(tmp_path / "data")
    engine.ingest_paths([TINY])
    sighting = {"person": PEOPLE[0], "peer": PEOPLE[1], "at": "2021-07-05T08:00:00Z", "attenuation_db": 40}
    engine.ingest_json("bluetooth", json.dumps({"events": [sighting]}).encode())
    yield engine
    engine.close()


@pytest.fixture
def fakes(engine):
    engine.scenario_jobs._start = made = Factory()
    return made


def finished(engine, job):
    until(lambda: engine.scenario_jobs.get(job.id).ended)
    return engine.scenario_jobs.get(job.id)


def state(engine, job, wanted):
    until(lambda: engine.scenario_jobs.get(job.id).state == wanted)


def test_a_job_gives_what_a_notebook_gives(engine, tmp_path):
    (tmp_path / "s.yml").write_text(TEXT)
    alone = engine.scenarios.run(tmp_path / "s.yml")
    engine.scenario_jobs.start()
    job = finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist"))
    assert (job.state, job.done, job.total, job.people, job.as_of) == ("done", 64, 64, 14, engine.as_of)
    for name in ("totals", "daily", "weekly", "r", "differences"):
        assert engine.scenario_jobs.table(job.id, name).to_pandas().equals(alone.pandas(name))
    assert b"<html" in engine.scenario_jobs.report(job.id, "vi")
    folder = engine.scenario_jobs.folder(job).parent
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == ["result"]
    stored = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert [name for name in PEOPLE if name.encode() in stored] == []
    actors = [(row.actor, row.action, row.subject) for row in engine.journal.audit_rows()]
    assert ("epidemiologist", "scenario", job.hash) in actors
    assert b'truyvet_scenario_jobs{state="done"} 1.0' in engine.metrics.text()
    with pytest.raises(NotFoundError, match="totals"):
        engine.scenario_jobs.table(job.id, "people")


def test_a_world_comes_back_from_the_disk_as_it_was_and_names_nobody(engine, tmp_path):
    from engine.scenarios.fingerprint import fingerprint

    simulation = parse(TEXT, "x").simulation
    world = engine.scenarios.world(simulation)
    write_world(tmp_path / "w" / "one", world)
    again = read_world(tmp_path / "w" / "one")
    assert fingerprint(again) == fingerprint(world)
    assert not again.contacts.other.flags.writeable
    stored = b"".join(p.read_bytes() for p in (tmp_path / "w").rglob("*") if p.is_file())
    assert [name for name in PEOPLE if name.encode() in stored] == []


def test_the_same_scenario_is_the_same_job_unless_forced_or_failed(engine, fakes):
    jobs = engine.scenario_jobs
    jobs.start()
    first = finished(engine, jobs.submit(TEXT, "epidemiologist"))
    assert jobs.submit(TEXT + "# a remark\n", "epidemiologist").id == first.id
    fakes.last = {"state": "failed", "code": "bad_input", "detail": "no"}
    second = finished(engine, jobs.submit(TEXT, "epidemiologist", force=True))
    assert (second.id != first.id, second.state, second.detail) == (True, "failed", "no")
    assert [job.id for job in jobs.all()] in ([second.id, first.id], sorted([second.id, first.id]))
    jobs.cancel(first.id, "epidemiologist")
    assert jobs.submit(TEXT, "epidemiologist").id not in (first.id, second.id)


def test_worlds_are_written_before_the_process_starts_and_gone_after_it(engine, fakes):
    engine.scenario_jobs.start()
    job = finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist"))
    assert fakes.worlds == [[world_key(parse(TEXT, "x").simulation)]]
    assert not (fakes.folders[0] / WORLDS).exists()
    assert (job.done, job.total) == (64, 64)


def test_one_at_a_time_a_bounded_queue_and_cancelling(engine, fakes, monkeypatch):
    monkeypatch.setattr(scenario_jobs, "MOST_QUEUED", 2)
    fakes.last, jobs = None, engine.scenario_jobs
    jobs.start()
    running = jobs.submit(TEXT, "epidemiologist")
    state(engine, running, "running")
    waiting = [jobs.submit(TEXT, "epidemiologist", force=True) for _ in range(2)]
    until(lambda: fakes.made)
    assert len(fakes.made) == 1
    with pytest.raises(BusyError):
        jobs.submit(TEXT, "epidemiologist", force=True)
    assert jobs.cancel(waiting[0].id, "epidemiologist").state == "cancelled"
    assert jobs.cancel(running.id, "epidemiologist").state == "cancelled"
    assert fakes.made[0].ends == 1
    state(engine, waiting[1], "running")
    jobs.cancel(running.id, "epidemiologist")
    with pytest.raises(NotFoundError):
        jobs.get(running.id)
    assert not (fakes.folders[0]).exists()
    with pytest.raises(NotFoundError):
        jobs.cancel("none", "epidemiologist")


def test_jobs_of_one_second_keep_their_order_also_after_a_restart(engine, fakes, monkeypatch):
    random = iter(f"{n:08x}" for n in range(8, 0, -1))  # by their names they come the other way round
    monkeypatch.setattr(scenario_jobs.secrets, "token_hex", lambda _: next(random))
    fakes.last, jobs = None, engine.scenario_jobs
    jobs.start()
    sent = [jobs.submit(TEXT, "epidemiologist", force=True).id for _ in range(8)]
    assert [job.id for job in jobs.all()] == sent[::-1]
    state(engine, jobs.get(sent[0]), "running")
    jobs.cancel(sent[0], "epidemiologist")
    state(engine, jobs.get(sent[1]), "running")
    jobs.stop()
    assert [(job.id, job.total) for job in jobs._files.all()] == [(ident, 64) for ident in sent]


def test_progress_of_ended_jobs_is_known_after_a_restart(engine, fakes):
    engine.scenario_jobs.start()
    job = finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist"))
    engine.scenario_jobs.stop()
    (kept,) = engine.scenario_jobs._files.all()
    assert (job.done, job.total) == (kept.done, kept.total) == (64, 64)


def test_progress_and_how_long_it_will_take(engine, fakes):
    fakes.last, jobs = None, engine.scenario_jobs
    jobs.start()
    job = jobs.submit(TEXT, "epidemiologist")
    until(lambda: jobs.get(job.id).done == 3)
    assert jobs.get(job.id).eta_s is None
    jobs._progress(job.id, 23, 64)
    assert jobs.get(job.id).eta_s > 0


def test_a_job_goes_on_in_its_world_after_a_restart(engine, fakes, tmp_path):
    fakes.last = None
    engine.scenario_jobs.start()
    job = engine.scenario_jobs.submit(TEXT, "epidemiologist")
    until(lambda: fakes.made)
    until(lambda: engine.scenario_jobs.get(job.id).as_of is not None)
    engine.close()
    assert fakes.made[0].ends == 1
    again = opened(tmp_path / "data")
    again.scenario_jobs._start = made = Factory()
    again.ingest_json("case", b'{"events": [{"person": "new", "confirmed_at": "2021-07-09T00:00:00Z"}]}')
    try:
        again.scenario_jobs.start()
        found = finished(again, job)
        assert (found.state, found.as_of) == ("done", 7)
        assert made.worlds == fakes.worlds
        assert again.scenario_jobs.submit(TEXT, "epidemiologist").id == job.id
    finally:
        again.close()


def test_a_purge_takes_worlds_away_and_unfinished_jobs_begin_again(engine, fakes):
    fakes.last, jobs = None, engine.scenario_jobs
    jobs.start()
    job = jobs.submit(TEXT, "epidemiologist")
    until(lambda: fakes.made)
    (fakes.folders[0] / "result.unfinished").mkdir()
    assert jobs.get(job.id).people == 14
    assert engine.purge(NOW + 30 * DAY).rows
    until(lambda: len(fakes.made) == 2)
    assert fakes.made[0].ends == 1
    assert not (fakes.folders[0] / "result.unfinished").exists()
    assert fakes.worlds[1] == fakes.worlds[0]
    assert (jobs.get(job.id).state, jobs.get(job.id).people) == ("running", 12)


def test_a_purge_by_a_command_takes_worlds_of_a_stopped_server_away_but_not_of_a_running_one(engine, fakes, tmp_path):
    fakes.last = None
    engine.scenario_jobs.start()
    engine.scenario_jobs.submit(TEXT, "epidemiologist")
    until(lambda: fakes.made)
    other = opened(tmp_path / "data")
    other.scenario_jobs.forget_worlds()
    assert (fakes.folders[0] / WORLDS).exists()
    engine.close()
    assert (fakes.folders[0] / WORLDS).exists()
    assert other.purge(NOW + 30 * DAY).rows
    assert not (fakes.folders[0] / WORLDS).exists()
    other.close()


def test_a_process_that_dies_by_itself_fails_the_job(engine, fakes, monkeypatch):
    fakes.last = None
    monkeypatch.setattr(FakeProcess, "listen", lambda self, progress: None)
    engine.scenario_jobs.start()
    job = finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist"))
    assert (job.state, job.code) == ("failed", "internal")


def test_a_full_disk_is_told(engine, fakes, monkeypatch):
    def full(*_):
        raise StorageFullError("no room is left")

    monkeypatch.setattr(scenario_work, "write_world", full)
    engine.scenario_jobs.start()
    job = finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist"))
    assert (job.state, job.code) == ("failed", "storage_full")
    monkeypatch.setattr(type(engine.journal.documents), "add", full)
    with pytest.raises(StorageFullError):
        engine.scenario_jobs.submit(TEXT, "epidemiologist", force=True)
    assert len(list((fakes.folders or [engine.scenario_jobs.folder(job).parent])[0].parent.glob("*-*"))) == 1


TABLE = TEXT.replace("{observed: {}}", "{table: {file: /etc/passwd}}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TABLE, "/etc/passwd"),
        (TEXT.replace("{infected: 2}", "{people: [son]}"), "initial.people"),
        (TEXT + "chains: true\n", "chains"),
        (TEXT + "estimate: [incubation]\n", "estimate"),
        (TEXT.replace("replicates: 32", "replicates: 100000").replace("days: 30", "days: 2000"), "50,000,000"),
        ("name: s\nstudy: {truth: /etc}\n", "/etc"),
        ("name: s\nstudy: {cases: [son]}\n", "study.cases"),
        ("name: s\nstudy: {seeds: 100, base: {adoption: 0.5}}\nsweep: {min_minutes: [1, 2, 3]}\n", "300"),
    ],
)
def test_what_a_server_does_not_do_is_refused(engine, fakes, text, told):
    engine.scenario_jobs.start()
    with pytest.raises(BadInputError, match=told.replace(".", r"\.")):
        engine.scenario_jobs.submit(text, "epidemiologist")
    assert engine.scenario_jobs.all() == []


def test_a_wrong_scenario_and_one_too_large_for_its_people(engine, fakes, monkeypatch):
    engine.scenario_jobs.start()
    with pytest.raises(ScenarioError, match="line 3"):
        engine.scenario_jobs.submit(TEXT.replace("replicates", "replicas"), "epidemiologist")
    monkeypatch.setattr(scenario_work, "MOST_AGENT_DAYS", 1_000)
    job = finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist"))
    assert (job.state, job.code) == ("failed", "bad_input")
    assert "people" in job.detail


def test_one_server_of_a_data_folder_runs_the_jobs(engine, fakes, tmp_path):
    engine.scenario_jobs.start()
    other = opened(tmp_path / "data")
    try:
        other.scenario_jobs.start()
        with pytest.raises(NotReadyError):
            other.scenario_jobs.submit(TEXT, "epidemiologist")
    finally:
        other.close()


def test_a_job_without_an_accepted_document_is_swept_away(engine, fakes, tmp_path):
    lost = tmp_path / "data" / "scenarios" / "abc-1"
    lost.mkdir(parents=True)
    (lost / "order.json").write_text("{}")
    engine.scenario_jobs.start()
    assert not lost.exists()


def test_a_job_that_cannot_be_read_stops_no_start(engine, fakes, tmp_path):
    (tmp_path / "data" / "scenarios" / "odd").mkdir(parents=True)
    engine.journal.documents.add(KIND, "odd", 1, b"{")
    engine.scenario_jobs.start()
    assert engine.scenario_jobs.all() == []


def test_an_engine_in_memory_runs_simulations_and_leaves_nothing():
    from engine.service.engine import Engine, Settings

    engine = Engine.open(Settings())
    engine.ingest_paths([TINY])
    engine.scenario_jobs._start = made = Factory()
    engine.scenario_jobs.start()
    with pytest.raises(BadInputError, match="--data"):
        engine.scenario_jobs.submit("name: s\nstudy: {}\n", "epidemiologist")
    assert finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist")).state == "done"
    engine.close()
    assert not made.folders[0].exists()


def test_documents_hold_nothing_personal(engine, fakes):
    engine.scenario_jobs.start()
    finished(engine, engine.scenario_jobs.submit(TEXT, "epidemiologist"))
    documents = engine.journal.documents
    payloads = [documents.read(h.id).payload for h in documents.all(KIND)]
    assert len(payloads) == 1
    assert not any(name.encode() in payloads[0] for name in PEOPLE)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_real_process_is_ended_by_its_own_handle(engine):
    started = []

    def start(folder, database):
        started.append(WorkerProcess(folder, database))
        return started[-1]

    engine.scenario_jobs._start = start
    engine.scenario_jobs.start()
    job = engine.scenario_jobs.submit(LONG, "epidemiologist")
    until(lambda: engine.scenario_jobs.get(job.id).done > 0)  # kernels may have to be compiled first
    assert os.getpriority(os.PRIO_PROCESS, started[0].pid) >= 10
    assert engine.scenario_jobs.cancel(job.id, "epidemiologist").state == "cancelled"
    assert not alive(started[0].pid)
    folder = engine.scenario_jobs.folder(job)
    assert not folder.exists()
    assert not folder.with_name("result.unfinished").exists()


def test_a_job_that_takes_every_server_down_is_given_up(engine, fakes, tmp_path):
    fakes.last = None
    engine.scenario_jobs.start()
    job = engine.scenario_jobs.submit(TEXT, "epidemiologist")
    until(lambda: fakes.made)
    files = engine.scenario_jobs._opened()
    assert files.all()[0].tries == 1
    engine.close()
    again = opened(tmp_path / "data")
    assert again.scenario_jobs._opened().all()[0].tries == 0, "a server that is stopped is no failure"
    # What the last of several servers that were killed leaves behind.
    again.scenario_jobs._opened().save(replace(engine.scenario_jobs.get(job.id), state="running", tries=3))
    again.scenario_jobs._start = made = Factory()
    again.scenario_jobs.start()
    found = again.scenario_jobs.get(job.id)
    assert (found.state, found.code) == ("failed", "bad_scenario")
    assert "3 times" in found.detail
    assert again.scenario_jobs._opened().all()[0].state == "failed"
    again.scenario_jobs.submit(TEXT, "epidemiologist")
    until(lambda: made.made)
    again.close()


def test_cancelled_while_its_world_fails_it_is_cancelled(engine, fakes, monkeypatch):
    began, go_on = threading.Event(), threading.Event()

    def fails(*_, **__):
        began.set()
        go_on.wait(PATIENCE_S)
        raise BadInputError("nothing was observed")

    monkeypatch.setattr(scenario_work.Scenarios, "world", fails)
    jobs = engine.scenario_jobs
    jobs.start()
    job = jobs.submit(TEXT, "epidemiologist")
    began.wait(PATIENCE_S)
    assert jobs.cancel(job.id, "epidemiologist").state == "running"
    go_on.set()
    assert finished(engine, job).state == "cancelled"
    assert jobs._wanted == {}


@pytest.mark.parametrize("end", ["cancelled", "stopped"])
def test_nobody_waits_for_a_world_that_is_not_wanted_any_more(engine, fakes, monkeypatch, end):
    days = []

    def endless(self, simulation, workers, progress):
        while True:
            days.append(0)
            time.sleep(0.01)
            progress("world", 0.5)

    monkeypatch.setattr(scenario_work.Scenarios, "world", endless)
    jobs = engine.scenario_jobs
    jobs.start()
    job = jobs.submit(TEXT, "epidemiologist")
    until(lambda: days)
    if end == "cancelled":
        jobs.cancel(job.id, "epidemiologist")
        assert finished(engine, job).state == "cancelled"
    else:
        jobs.stop()
        assert jobs._opened().all()[0].state == "running", "it goes on at the next start"
    assert fakes.made == []


def test_a_process_that_cannot_be_listened_to_is_ended(tmp_path):
    def fails(done, total):
        raise KeyError(done)

    process = WorkerProcess(tmp_path, None)
    process._process.kill()
    process._process.wait()
    quiet = subprocess.Popen(
        [sys.executable, "-uc", "print(5); print('x'); print('{\"done\": 1, \"total\": 2}'); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process._close()
    process._process = quiet
    with pytest.raises(KeyError):
        process.listen(fails)
    assert quiet.poll() is not None
    assert quiet.stdout.closed
