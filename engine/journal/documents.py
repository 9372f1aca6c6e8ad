"""Documents: what is kept whole beside the events. Nothing personal goes in here: no purge looks into them."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Select, delete, select

from engine.errors import JournalError, NotFoundError
from engine.journal.database import Database
from engine.journal.storing import writable
from engine.journal.tables import documents

_HEAD = (documents.c.id, documents.c.kind, documents.c.name, documents.c.at, documents.c.sha256)


@dataclass(frozen=True)
class Heading:
    """A document without what is in it."""

    id: int
    kind: str
    name: str
    at: int
    """UTC s; what moment this is depends on the kind."""
    sha256: str


@dataclass(frozen=True)
class Document(Heading):
    """A document."""

    payload: bytes


class Documents:
    """The documents of one journal. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, name: str, at: int, payload: bytes) -> int:
        """Keep a document; durable when this returns. Its id, higher than every one before.

        Raises:
            StorageFullError, JournalError: it could not be stored.
        """
        row = {"kind": kind, "name": writable(name), "at": at, "payload": payload}
        with self._database.write("the document could not be stored") as connection:
            done = connection.execute(documents.insert().values(sha256=sha256(payload).hexdigest(), **row))
            key = done.inserted_primary_key
        return int(key[0]) if key is not None else 0

    def all(self, kind: str) -> list[Heading]:
        """The documents of a kind in the order of ``at``, then of their ids; what is in them is not read."""
        chosen = select(*_HEAD).where(documents.c.kind == kind).order_by(documents.c.at, documents.c.id)
        with self._database.read() as connection:
            return [Heading(**row._mapping) for row in connection.execute(chosen)]

    def newest(self, kind: str, upto: int | None = None) -> Document | None:
        """The last document of a kind, or the last whose ``at`` is no later than ``upto``.

        Raises:
            JournalError: it is damaged.
        """
        chosen = select(documents).where(documents.c.kind == kind)
        if upto is not None:
            chosen = chosen.where(documents.c.at <= upto)
        return self._one(chosen.order_by(documents.c.at.desc(), documents.c.id.desc()).limit(1))

    def read(self, ident: int) -> Document:
        """One document.

        Raises:
            NotFoundError: no document has this id (any more).
            JournalError: it is damaged.
        """
        found = self._one(select(documents).where(documents.c.id == ident))
        if found is None:
            raise NotFoundError(f"no document has the number {ident}")
        return found

    def remove(self, idents: Collection[int]) -> None:
        """Take documents away; ids that there are not do no harm."""
        with self._database.write("the documents could not be removed") as connection:
            connection.execute(delete(documents).where(documents.c.id.in_(list(idents))))

    def _one(self, chosen: Select[tuple[object, ...]]) -> Document | None:
        with self._database.read() as connection:
            row = connection.execute(chosen).one_or_none()
        if row is None:
            return None
        found = Document(**row._mapping)
        if sha256(found.payload).hexdigest() != found.sha256:
            raise JournalError(f"document {found.id} ({found.kind} {found.name}) is damaged: restore it from a backup")
        return found
