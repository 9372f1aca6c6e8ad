"""Documents: what is kept whole beside the events, such as the areas that were loaded and the releases of the map."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """0001 -> 0002."""
    op.create_table(
        "documents",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_documents_kind_at", "documents", ["kind", "at"])
