"""The small tables beside the batches: who did what, which job runs where, which exports exist."""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select, update

from engine.journal.database import Database
from engine.journal.storing import writable
from engine.journal.tables import audit, exports, tasks


@dataclass(frozen=True)
class AuditRow:
    """Somebody did something."""

    id: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str


class Audit:
    """The trail of who did what; rows are added, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, actor: str, action: str, subject: str, detail: str, at: int) -> None:
        """Add a row; durable when this returns."""
        with self._database.write("the audit trail could not be written") as connection:
            texts = {"actor": actor, "action": action, "subject": subject, "detail": detail}
            connection.execute(audit.insert().values(at=at, **{k: writable(text) for k, text in texts.items()}))

    def list(self, after_id: int = 0, limit: int = 1_000) -> list[AuditRow]:
        """Rows in order, from after ``after_id``."""
        chosen = select(audit).where(audit.c.id > after_id).order_by(audit.c.id).limit(limit)
        with self._database.read() as connection:
            return [AuditRow(**row._mapping) for row in connection.execute(chosen)]


@dataclass(frozen=True)
class TaskRun:
    """The newest run of a job."""

    name: str
    started_at: int
    lease_until: int
    """0 when it is done."""
    finished_at: int | None
    """When a run was last done; None: never."""
    report: str
    """What that run said."""


class Tasks:
    """Jobs that one process at a time may do. A lease that runs out frees the job of a process that died."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = uuid4().hex

    def claim(self, name: str, now: int, lease_s: int) -> bool:
        """Take the job until ``now + lease_s`` (UTC s), or prolong it; False: another process has it."""
        taken = {"holder": self._holder, "started_at": now, "lease_until": now + lease_s}
        with self._database.write("the task could not be claimed") as connection:
            row = connection.execute(select(tasks).where(tasks.c.name == name)).one_or_none()
            if row is None:
                connection.execute(tasks.insert().values(name=name, report="", **taken))
                return True
            if row.lease_until > now and row.holder != self._holder:
                return False
            connection.execute(update(tasks).where(tasks.c.name == name).values(**taken))
            return True

    def done(self, name: str, now: int, report: str) -> None:
        """Give the job back with what it has to report; nothing when the lease went to another process meanwhile."""
        finished = {"lease_until": 0, "finished_at": now, "report": report}
        with self._database.write("the task could not be finished") as connection:
            connection.execute(
                update(tasks).where(tasks.c.name == name, tasks.c.holder == self._holder).values(**finished)
            )

    def last(self, name: str) -> TaskRun | None:
        """The newest run of a job; None: nobody ever claimed it."""
        chosen = select(
            tasks.c.name, tasks.c.started_at, tasks.c.lease_until, tasks.c.finished_at, tasks.c.report
        ).where(tasks.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(chosen).one_or_none()
        return None if row is None else TaskRun(**row._mapping)


@dataclass(frozen=True)
class ExportRow:
    """A folder that holds an export."""

    path: str
    as_of: int
    at: int


class Exports:
    """Where exports were written, so that a purge can renew them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, path: str, as_of: int, at: int) -> None:
        """Note an export to ``path`` at sequence ``as_of``, made at ``at`` (UTC s); replaces an older one there."""
        with self._database.write("the export could not be noted") as connection:
            connection.execute(exports.delete().where(exports.c.path == path))
            connection.execute(exports.insert().values(path=path, as_of=as_of, at=at))

    def list(self) -> list[ExportRow]:
        """Exports by path."""
        with self._database.read() as connection:
            return [ExportRow(**r._mapping) for r in connection.execute(select(exports).order_by(exports.c.path))]

    def remove(self, path: str) -> None:
        """Forget an export."""
        with self._database.write("the export could not be forgotten") as connection:
            connection.execute(exports.delete().where(exports.c.path == path))
