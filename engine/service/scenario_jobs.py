"""Scenarios as jobs of a server: one at a time, in a process of its own at low priority, going on after a restart.

The server only writes down the world a simulation runs in (arrays of codes, no keys of persons); the process does the
rest. A policy study needs the evidence itself: its process opens the stored data like any command does.
"""

import fcntl
import secrets
import threading
from dataclasses import replace
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import BusyError, NotFoundError, NotReadyError
from engine.scenarios.files import parse, runs_of, scenario_hash
from engine.scenarios.model import Scenario
from engine.service.scenario_admission import COMMAND, admit
from engine.service.scenario_job_files import LOCK, RESULT, UNFINISHED, WORLDS, Job, Kind
from engine.service.scenario_work import FOLDER, ScenarioWork, log, workers

MOST_QUEUED = 16
"""Jobs that may wait, beside the one that runs."""
MOST_TRIES = 3
"""Servers that may go down, one after the other, while they run one job."""


class ScenarioJobs(ScenarioWork):
    """The jobs of one engine. Thread-safe."""

    # -- life -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the jobs there are and go on with them, in a thread of its own, until :meth:`stop`.

        Another server of the same data folder may be at it: then this one takes no jobs.
        """
        files = self._opened()
        self._owner = _lock(files.folder / LOCK)
        if self._owner is None:
            log.warning("another server runs the scenarios of this data folder")
            return
        with self._turn:
            for job in files.all():
                if job.ended or job.tries < MOST_TRIES:
                    self._jobs[job.id] = job if job.ended else replace(job, state="queued")
                else:
                    self._given_up(job)
            files.sweep(list(self._jobs))
            self._count()
        self._thread = threading.Thread(target=self._run, name="truyvet-scenarios", daemon=True)
        self._thread.start()

    def _given_up(self, job: Job) -> None:
        """A job that may have taken every server down that began it is begun no more."""
        detail = (
            f"the server went down {job.tries} times while it ran this: it may need more memory than there is; "
            f"ask for less, {COMMAND}, or submit it again"
        )
        done = replace(job, state="failed", finished_at=self._clock(), code="bad_scenario", detail=detail)
        self._opened().forget(job.id, (WORLDS, UNFINISHED))
        self._put(done)
        log.error("a scenario is given up", extra={"fields": {"job": job.id}})

    def stop(self) -> None:
        """End the process of the job that runs; it goes on at the next start."""
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
            process = self._process
        if process is not None:
            process.end()
        if self._thread is not None:
            self._thread.join()
        if self._owner is not None:
            self._owner.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def forget_worlds(self) -> None:
        """After a purge: no world made of what was taken away lives on. Unfinished jobs begin again.

        A command that purges takes away those of a server that is stopped; one that runs follows the purge by itself.
        """
        if self._owner is None:
            self._forget_all()
            return
        with self._turn:
            waiting = [job.id for job in self._jobs.values() if not job.ended]
            for job in waiting:
                if job not in self._wanted:
                    self._wanted[job] = "again"
            process, running = self._process, [j.id for j in self._jobs.values() if j.state == "running"]
            for job in waiting:
                if job not in running and self._files is not None:
                    self._files.forget(job, (WORLDS, UNFINISHED))
                    self._wanted.pop(job, None)
        if process is not None:
            process.end()

    def _forget_all(self) -> None:
        folder = None if self._settings.data is None else self._settings.data / FOLDER
        if folder is None or not folder.is_dir():
            return
        owner = _lock(folder / LOCK)
        if owner is not None:
            with owner:
                for path in folder.iterdir():
                    if path.is_dir():
                        self._opened().forget(path.name, (WORLDS, UNFINISHED))

    # -- asking -----------------------------------------------------------------------------------------------

    def submit(self, text: str, actor: str, force: bool = False) -> Job:
        """Take a scenario in; the job of the same scenario, when there is one that has not failed, unless ``force``.

        Raises:
            ScenarioError: it has mistakes, one line each.
            BadInputError: it asks for what a server does not do, or for too much.
            BusyError: too many wait.
            StorageFullError, JournalError: it could not be stored.
        """
        scenario = parse(text, "scenario")
        plans = runs_of(scenario)
        admit(scenario, plans, stored=self._settings.data is not None)
        digest = scenario_hash(scenario, plans)
        with self._turn:
            if self._owner is None or self._stopping:
                raise NotReadyError("scenarios are run by another server of this data folder, or not yet")
            files = self._opened()
            same = [j for j in self._jobs.values() if j.hash == digest and j.state not in ("failed", "cancelled")]
            if same and not force:
                return same[-1]
            if sum(job.state == "queued" for job in self._jobs.values()) >= MOST_QUEUED:
                raise BusyError(f"{MOST_QUEUED} scenarios wait already")
            now = self._clock()
            kind: Kind = "study" if scenario.simulation is None else "simulation"
            job = Job(f"{digest[:12]}-{secrets.token_hex(4)}", digest, scenario.name, kind, actor, "queued", now,
                      number=1 + max((job.number for job in self._jobs.values()), default=0),
                      runs=tuple(plan.name for plan in plans), total=_total(scenario, len(plans)))  # fmt: skip
            data = None if self._settings.data is None else str(self._settings.data.absolute())
            files.begin(job, text, {"workers": workers(), "data": data, "about": {"job": job.id}})
            self._jobs[job.id] = job
            if self._journal is not None:
                self._journal.audit(actor, "scenario", digest, f"job {job.id}", now)
            self._count()
            self._turn.notify_all()
        log.info("scenario", extra={"fields": {"job": job.id, "hash": digest}})
        return job

    def all(self) -> list[Job]:
        """Every job, the newest first; those of one second, too."""
        with self._turn:
            return sorted(self._jobs.values(), key=lambda job: job.submitted_at)[::-1]

    def get(self, ident: str) -> Job:
        """One job.

        Raises:
            NotFoundError: there is none.
        """
        with self._turn:
            found = self._jobs.get(ident)
        if found is None:
            raise NotFoundError("there is no such scenario; GET /v1/scenarios lists them")
        return found

    def folder(self, job: Job) -> Path:
        """The folder with the results of a job that is done."""
        return self._opened().of(job.id) / RESULT

    def table(self, ident: str, part: str) -> pa.Table:
        """One table of the results.

        Raises:
            NotFoundError: no such job, it is not done, or it has no such table; the message names those it has.
        """
        folder = self._done(ident)
        there = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
        if part not in there:
            raise NotFoundError(f"there is no part {part!r}; there are {', '.join(there)}")
        try:
            return pq.read_table(there[part])
        except FileNotFoundError:  # taken away just now
            raise NotFoundError("there is no such scenario; GET /v1/scenarios lists them") from None

    def report(self, ident: str, lang: str) -> bytes:
        """The report as HTML, ``vi`` or ``en``. Raises as :meth:`table`."""
        try:
            return (self._done(ident) / f"report.{'vi' if lang == 'vi' else 'en'}.html").read_bytes()
        except FileNotFoundError:
            raise NotFoundError("there is no report of this scenario") from None

    def _done(self, ident: str) -> Path:
        job = self.get(ident)
        if job.state != "done":
            raise NotFoundError(f"the scenario is {job.state}: it has no results")
        return self.folder(job)

    def cancel(self, ident: str, actor: str) -> Job:
        """Stop a job that waits or runs; take one away that has ended, with its results.

        Raises:
            NotFoundError: there is none.
        """
        job = self.get(ident)
        with self._turn:
            job = self._jobs.get(ident, job)
            files, process = self._opened(), None
            if job.ended:
                files.remove(ident)
                self._jobs.pop(ident, None)
            elif job.state == "queued":
                job = self._put(replace(job, state="cancelled", finished_at=self._clock()))
                files.forget(ident, (WORLDS, UNFINISHED))
            else:
                self._wanted[ident] = "cancel"
                process = self._process
            self._count()
            if self._journal is not None:
                what = (
                    "remove scenario"
                    if job.ended and process is None and ident not in self._jobs
                    else "cancel scenario"
                )
                self._journal.audit(actor, what, job.hash, f"job {ident}", self._clock())
        if process is not None:
            process.end()
            with self._turn:
                self._turn.wait_for(lambda: self._jobs.get(ident, job).state != "running", timeout=10)
        return replace(self._jobs.get(ident, job))


def _lock(path: Path) -> IO[str] | None:
    """The file, held until it is closed; None: another process holds it."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _total(scenario: Scenario, runs: int) -> int:
    return 1_000 if scenario.simulation is None else scenario.replicates * runs
