"""The first tables: batches, refused rows, the audit trail, leased tasks, exports, and the journal's own facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing -> 0001. Declared here in full: ``tables`` may move on, this step may not."""
    op.create_table(
        "batches",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("first_day", BIG, nullable=False),
        sa.Column("last_day", BIG, nullable=False),
        sa.Column("rows", BIG, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("purged_at", BIG),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_batches_received_at", "batches", ["received_at"])
    op.create_index("ix_batches_seq_rows", "batches", ["seq", "rows"])
    op.create_table(
        "rejects",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("row", BIG, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rejects_received_at", "rejects", ["received_at"])
    op.create_table(
        "audit",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tasks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("lease_until", BIG, nullable=False),
        sa.Column("finished_at", BIG),
        sa.Column("report", sa.Text, nullable=False),
    )
    op.create_table(
        "exports",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("as_of", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Payloads are compressed already; without this the server tries again, and fails, for every batch.
        op.execute("ALTER TABLE batches ALTER COLUMN payload SET STORAGE EXTERNAL")
