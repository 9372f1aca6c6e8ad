"""The work of jobs: worlds written down, a process started and listened to, what became of it stored."""

import logging
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING

from engine.clock import Clock
from engine.errors import CancelledError, TruyvetError
from engine.journal.journal import Journal
from engine.scenarios.files import parse, runs_of
from engine.scenarios.model import Scenario
from engine.service.metrics import Metrics
from engine.service.scenario_admission import MOST_AGENT_DAYS, too_much
from engine.service.scenario_job_files import SCENARIO, UNFINISHED, WORLDS, Job, JobFiles, State
from engine.service.scenario_process import WorkerProcess
from engine.service.scenario_world_file import write_world
from engine.service.scenarios import Scenarios, world_key
from engine.service.settings import Settings

if TYPE_CHECKING:
    from engine.service.engine import Engine

log = logging.getLogger("truyvet.scenarios")
FOLDER = "scenarios"
Start = Callable[[Path, str | None], WorkerProcess]


class ScenarioWork:
    """What jobs share: their states, their files, the one process."""

    def __init__(self, engine: "Engine", journal: Journal | None, settings: Settings, clock: Clock,
                 metrics: Metrics, start: Start = WorkerProcess) -> None:  # fmt: skip
        self._engine, self._journal, self._settings = engine, journal, settings
        self._clock, self._metrics, self._start = clock, metrics, start
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._files: JobFiles | None = None
        self._jobs: dict[str, Job] = {}
        self._turn = threading.Condition()
        self._process: WorkerProcess | None = None
        self._wanted: dict[str, str] = {}
        """Job -> what to do with it besides going on: cancel, remove, again."""
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._owner: IO[str] | None = None
        self._began = (0.0, 0)

    def _opened(self) -> JobFiles:
        if self._files is None:
            if self._settings.data is None:
                self._temporary = tempfile.TemporaryDirectory(prefix="truyvet-scenarios-")
                self._files = JobFiles(Path(self._temporary.name), None)
            else:
                folder = self._settings.data / FOLDER
                folder.mkdir(parents=True, exist_ok=True)
                self._files = JobFiles(folder, None if self._journal is None else self._journal.documents)
        return self._files

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._stopping or self._next() is not None)
                job = self._next()
                if self._stopping or job is None:
                    return
                began = job.started_at or self._clock()
                job = self._put(replace(job, state="running", started_at=began, tries=job.tries + 1))
                self._count()
            try:
                self._one(job)
            except TruyvetError as error:
                self._failed(job.id, error.code, str(error))
            except Exception:
                log.exception("a scenario failed", extra={"fields": {"job": job.id}})
                self._failed(job.id, "internal", "it failed in a way nobody foresaw; the server's log has more")

    def _next(self) -> Job | None:
        waiting = [job for job in self._jobs.values() if job.state == "queued"]
        return min(waiting, key=lambda job: job.submitted_at, default=None)  # the first of those of one second

    def _one(self, job: Job) -> None:
        folder = self._opened().of(job.id)
        scenario = parse((folder / SCENARIO).read_text("utf-8"), "scenario")
        if job.kind == "simulation":
            job = self._prepared(job, scenario)
        with self._turn:
            if self._stopping or job.id in self._wanted:
                process = None
            else:
                self._began = (monotonic(), -1)
                process = self._process = self._start(folder, self._settings.database)
        try:
            last = None if process is None else process.listen(lambda done, total: self._progress(job.id, done, total))
        finally:
            with self._turn:
                self._process = None
                wanted, stopping = self._wanted.get(job.id), self._stopping
        if last is not None and last["state"] == "done" and wanted != "again":
            self._ended(job.id, "done")
        elif last is not None and last["state"] != "done":
            self._failed(job.id, str(last["code"]), str(last["detail"]))
        elif wanted is None and stopping:
            with self._turn:
                self._put(replace(self._jobs[job.id], tries=0))
        else:
            self._failed(job.id, "internal", "its process ended too early; the server's log has more")

    def _failed(self, ident: str, code: str, detail: str) -> None:
        """It came to no result: because that was wanted, or because of what ``code`` says."""
        with self._turn:
            wanted = self._wanted.pop(ident, None)
        if wanted == "cancel":
            self._ended(ident, "cancelled")
        elif wanted == "again":
            self._opened().forget(ident, (WORLDS, UNFINISHED))
            self._again(ident)
        else:
            self._ended(ident, "failed", code, detail)

    def _prepared(self, job: Job, scenario: Scenario) -> Job:
        """The worlds of its runs, on disk; those that are there from before a restart are taken."""
        files, worlds = self._opened(), Scenarios(self._engine)
        as_of, people = job.as_of, job.people or 0
        simulations = [plan.simulation for plan in runs_of(scenario) if plan.simulation is not None]
        for key, simulation in {world_key(s): s for s in simulations}.items():
            where = files.of(job.id) / WORLDS / key
            if where.is_dir() or self._stopping or job.id in self._wanted:
                continue
            now = self._engine.as_of
            try:
                world = worlds.world(simulation, workers=workers(), progress=lambda *_: self._go_on(job.id))
            except CancelledError:
                continue
            if (cost := sum(s.days for s in simulations) * scenario.replicates * world.people) > MOST_AGENT_DAYS:
                raise too_much("people x days x replicates x runs", cost, MOST_AGENT_DAYS)
            where.parent.mkdir(parents=True, exist_ok=True)
            files.forget(job.id, (f"{WORLDS}/{key}",))
            write_world(where, world)
            as_of, people = now, max(people, world.people)
        with self._turn:
            return self._put(replace(self._jobs[job.id], as_of=as_of, people=people))

    def _go_on(self, ident: str) -> None:
        """Asked after every day of a world that is made.

        Raises:
            CancelledError: the server stops, or the job is to end or begin again.
        """
        if self._stopping or ident in self._wanted:
            raise CancelledError("its world is not wanted any more")

    def _progress(self, ident: str, done: int, total: int) -> None:
        with self._turn:
            job = self._jobs[ident]
            began, first = self._began
            if first < 0:
                self._began = (monotonic(), done)
                first = done
            spent, made = monotonic() - began, done - first
            eta = spent / made * (total - done) if made > 0 else None
            self._jobs[ident] = replace(job, done=done, total=total, eta_s=eta)

    def _ended(self, ident: str, state: State, code: str | None = None, detail: str | None = None) -> None:
        parts = (WORLDS,) if state == "failed" else (WORLDS, UNFINISHED)
        with self._turn:
            job = self._jobs[ident]
            self._wanted.pop(ident, None)
            done = job.total if state == "done" else job.done
            now = self._clock()
            self._opened().forget(ident, parts)
            self._put(replace(job, state=state, finished_at=now, code=code, detail=detail, done=done, eta_s=None))
            self._count()
        log.info("scenario %s", state, extra={"fields": {"job": ident, "code": code}})

    def _again(self, ident: str) -> None:
        with self._turn:
            self._put(replace(self._jobs[ident], state="queued", as_of=None, people=None, done=0, eta_s=None, tries=0))
            self._count()

    def _put(self, job: Job) -> Job:
        """Take a job's new state; when it cannot be stored now, the next one is, or the job is run again."""
        self._jobs[job.id] = job
        with suppress(TruyvetError):
            self._opened().save(job)
        self._turn.notify_all()
        return job

    def _count(self) -> None:
        self._metrics.scenarios(Counter(job.state for job in self._jobs.values()))


def workers() -> int:
    """Threads of a job: one processor is left to those who ask."""
    return max(1, (os.cpu_count() or 1) - 1)
