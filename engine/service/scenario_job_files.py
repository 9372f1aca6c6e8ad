"""What is kept of jobs: one document each in the journal, and a folder each with scenario, worlds and results."""

import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from engine.disk import sync
from engine.errors import JournalError
from engine.journal.documents import Documents
from engine.scenarios.records import told

log = logging.getLogger("truyvet.scenarios")
KIND = "scenario-job"
SCENARIO, ORDER, WORLDS, RESULT, LOCK = "scenario.yml", "order.json", "worlds", "result", ".lock"
UNFINISHED = f"{RESULT}.unfinished"
Kind = Literal["simulation", "study"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Job:
    """A scenario that was submitted. Nothing personal is in it."""

    id: str
    hash: str
    """Of what the scenario asks for."""
    name: str
    kind: Kind
    actor: str
    """The role that submitted it."""
    state: State
    submitted_at: int
    number: int = 0
    """Higher than those of the jobs there were when it was submitted: a second is a long time."""
    started_at: int | None = None
    finished_at: int | None = None
    as_of: int | None = None
    """Sequence number of the last batch in the data it ran on; None before it has begun."""
    people: int | None = None
    runs: tuple[str, ...] = ()
    code: str | None = None
    """Why it failed: a code of ``engine.errors`` ..."""
    detail: str | None = None
    """... and what to do about it."""
    tries: int = 0
    """Times a server began it and was gone before its end, without being stopped."""
    done: int = 0
    """Replicates that are finished; of a study, thousandths. Not stored."""
    total: int = 0
    eta_s: float | None = None
    """Time it will still take, s; a guess. Not stored."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED


class JobFiles:
    """The jobs of one data folder. Without a journal the folder is all there is of them."""

    def __init__(self, folder: Path, documents: Documents | None) -> None:
        self.folder = folder
        self._documents = documents

    def of(self, job: str) -> Path:
        """The folder of a job."""
        return self.folder / job

    def all(self) -> list[Job]:
        """Every job stored whose folder is here, in the order in which they were submitted."""
        if self._documents is None:
            return []
        newest = {heading.name: heading for heading in self._documents.all(KIND)}
        found = []
        for name, heading in newest.items():
            try:
                if self.of(name).is_dir():
                    found.append(_read(self._documents.read(heading.id).payload))
            except (JournalError, ValueError, TypeError):
                log.warning("a stored scenario cannot be read", extra={"fields": {"job": name}})
        return sorted(found, key=lambda job: (job.submitted_at, job.number, job.id))

    def begin(self, job: Job, text: str, order: dict[str, Any]) -> None:
        """Keep a new job, its scenario and how it is to be run; durable when this returns.

        Raises:
            StorageFullError: no room; nothing of it stays.
            JournalError, RunFolderError: it could not be stored.
        """
        folder = self.of(job.id)
        try:
            with told(folder):
                folder.mkdir(parents=True)
                (folder / SCENARIO).write_text(text, "utf-8")
                (folder / ORDER).write_text(json.dumps(order), "utf-8")
                for path in (folder / SCENARIO, folder / ORDER, folder, self.folder):
                    sync(path)
            self.save(job)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def save(self, job: Job) -> None:
        """Store what is known of a job now.

        Raises:
            StorageFullError, JournalError: it could not be stored.
        """
        if self._documents is None:
            return
        old = [h.id for h in self._documents.all(KIND) if h.name == job.id]
        payload = {k: v for k, v in asdict(job).items() if k not in ("done", "eta_s")}
        self._documents.add(KIND, job.id, job.submitted_at, json.dumps(payload).encode())
        self._documents.remove(old)

    def remove(self, job: str) -> None:
        """Take a job away, with its results.

        Raises:
            JournalError: the document could not be removed.
        """
        if self._documents is not None:
            self._documents.remove([h.id for h in self._documents.all(KIND) if h.name == job])
        shutil.rmtree(self.of(job), ignore_errors=True)

    def forget(self, job: str, parts: Sequence[str]) -> None:
        """Take parts of a job's folder away: its worlds, what is unfinished."""
        for part in parts:
            shutil.rmtree(self.of(job) / part, ignore_errors=True)
            shutil.rmtree(self.of(job) / f"{part}.new", ignore_errors=True)

    def sweep(self, known: Sequence[str]) -> None:
        """Take away folders of jobs that are not known: left over when the power went between two steps."""
        if not self.folder.is_dir() or self._documents is None:
            return
        names = {heading.name for heading in self._documents.all(KIND)} | set(known)
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in names and (path / ORDER).exists():
                log.info("a job that was never accepted is taken away", extra={"fields": {"job": path.name}})
                shutil.rmtree(path, ignore_errors=True)


def _read(payload: bytes) -> Job:
    stored: dict[str, Any] = json.loads(payload)
    known = {field.name for field in fields(Job)}
    values: dict[str, Any] = {name: value for name, value in stored.items() if name in known}
    done = values.get("total", 0) if values.get("state") == "done" else 0
    return Job(**values | {"runs": tuple(stored.get("runs", ())), "done": done})
