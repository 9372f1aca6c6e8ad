"""Brings a database to the tables of this release, in one transaction: a kill leaves the old ones or the new ones."""

from functools import cache
from pathlib import Path
from threading import Lock
from uuid import uuid4

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, select

from engine.errors import JournalError
from engine.journal.database import Database
from engine.journal.tables import meta, metadata

VERSION_TABLE = "schema_version"
_ONE_AT_A_TIME = Lock()
"""Alembic's operations go through one global."""


@cache
def scripts() -> ScriptDirectory:
    """The migrations that this release knows."""
    return ScriptDirectory(str(Path(__file__).with_name("migrations")))


def context(connection: Connection) -> MigrationContext:
    """Alembic's view of the database; with it, migrating and comparing look at the same things."""

    def steps(revision: object, _: MigrationContext) -> object:
        return scripts()._upgrade_revs("head", revision)  # type: ignore[arg-type]  # Alembic hands it on untyped

    return MigrationContext.configure(
        connection,
        opts={
            "fn": steps,
            "version_table": VERSION_TABLE,
            "target_metadata": metadata,
            "transactional_ddl": True,
            "compare_type": True,
        },
    )


def prepare(database: Database) -> str:
    """Make the tables, or bring older ones up to date; returns the journal's identity.

    Raises:
        JournalError: the database was written by a newer release, lacks tables, or cannot be used.
    """
    with database.read() as connection:
        ready = context(connection).get_current_revision() == scripts().get_current_head()
    if not ready:
        with database.write("the database could not be brought up to date and is as it was") as connection:
            upgrade(connection)
    with database.read() as connection:
        missing = set(metadata.tables) - set(inspect(connection).get_table_names())
        if missing:
            names = ", ".join(sorted(missing))
            raise JournalError(f"{database.name} lacks the tables {names}: restore it from a backup")
        ident: str | None = connection.scalar(select(meta.c.value).where(meta.c.key == "ident"))
    if ident is None:
        raise JournalError(f"{database.name} does not say which journal it is: restore it from a backup")
    return ident


def upgrade(connection: Connection) -> None:
    """Make or renew the tables, in the caller's transaction; a new journal gets its identity.

    Raises:
        JournalError: the database was written by a newer release.
    """
    with _ONE_AT_A_TIME:
        migration = context(connection)
        try:
            # Asked again under the writer lock: another process may just have done it.
            with Operations.context(migration):
                migration.run_migrations()
        except CommandError:
            raise JournalError("the database was written by a newer truyvet: install that release") from None
    if connection.scalar(select(meta.c.value).where(meta.c.key == "ident")) is None:
        connection.execute(meta.insert().values(key="ident", value=uuid4().hex))
