"""The journal's few facts about itself: texts by name in the table ``meta``."""

from sqlalchemy import Connection, select

from engine.journal.tables import meta


def fact(connection: Connection, key: str) -> str | None:
    """What is known under ``key``; None: nothing."""
    value: str | None = connection.scalar(select(meta.c.value).where(meta.c.key == key))
    return value


def remember(connection: Connection, key: str, value: str | None) -> None:
    """Know ``value`` under ``key`` from now on (None: nothing), in a transaction that holds the writer lock."""
    connection.execute(meta.delete().where(meta.c.key == key))
    if value is not None:
        connection.execute(meta.insert().values(key=key, value=value))
