"""The tables of the database, declared once; ``migrations`` bring a database to them, a test compares both."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere. SQLite knows one integer type, and only under this name a primary key is the row itself."""

metadata = MetaData()

batches = Table(
    "batches",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("received_at", BIG, nullable=False),
    Column("first_day", BIG, nullable=False),
    Column("last_day", BIG, nullable=False),
    Column("rows", BIG, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("purged_at", BIG),  # the cutoff of the purge that last took rows away
    # Last: SQLite reads what stands before a large value without reading the value.
    Column("payload", LargeBinary, nullable=False),
    Index("ix_batches_received_at", "received_at"),
    Index("ix_batches_seq_rows", "seq", "rows"),
)
rejects = Table(
    "rejects",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("row", BIG, nullable=False),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("received_at", BIG, nullable=False),
    Column("state", Text, nullable=False),
    Index("ix_rejects_received_at", "received_at"),
    sqlite_autoincrement=True,  # an id is never used again: people wrote it down
)
audit = Table(
    "audit",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("at", BIG, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
tasks = Table(
    "tasks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("started_at", BIG, nullable=False),
    Column("lease_until", BIG, nullable=False),
    Column("finished_at", BIG),
    Column("report", Text, nullable=False),
)
exports = Table(
    "exports",
    metadata,
    Column("path", Text, primary_key=True),
    Column("as_of", BIG, nullable=False),
    Column("at", BIG, nullable=False),
)
documents = Table(
    "documents",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", BIG, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("ix_documents_kind_at", "kind", "at"),
    sqlite_autoincrement=True,
)
meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
