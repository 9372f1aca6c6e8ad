"""Writes the files of the database anew, so that no byte of a row that was taken away is left in them."""

from engine.errors import JournalError
from engine.journal.database import Database

READ = "another process reads the database: the rows are gone, their bytes go with the next purge"


def vacuum(database: Database, doing: str) -> None:
    """Rebuild the tables that events were taken from.

    Writers wait for at most ``PATIENCE_S`` and are then refused; readers of SQLite do not wait, those of PostgreSQL do
    as writers. Needs free room on the disk of the database for what is left: SQLite twice, as it makes a copy there and
    writes that back through its log; PostgreSQL once. A PostgreSQL server keeps older bytes in its own write-ahead log
    until it recycles that, and in the archives and copies that its administrator makes.

    Raises:
        StorageFullError: no room for the new files.
        JournalError: others keep the database busy.
    """
    with database.alone(doing) as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("VACUUM FULL batches")
            connection.exec_driver_sql("VACUUM FULL rejects")
            return
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        if database.file is not None:
            # Else the copy lies in /var/tmp: on a disk that may be small, and is not for personal data.
            folder = str(database.file.parent.absolute()).replace("'", "''")
            connection.exec_driver_sql(f"PRAGMA temp_store_directory = '{folder}'")
        connection.exec_driver_sql("VACUUM")
        if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
            raise JournalError(f"{doing}: {READ}")
