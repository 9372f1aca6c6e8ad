"""Refused rows with their reasons: to be listed, corrected and sent again."""

from collections.abc import Sequence

from sqlalchemy import Row, func, select, update

from engine.errors import BadInputError, NotFoundError
from engine.journal.database import Database
from engine.journal.entries import REJECT_STATES, Reject
from engine.journal.tables import rejects

AT_ONCE = 500
"""Ids in one statement: databases bound their number."""
MOST_ID = 2**63 - 1
"""No database counts further."""


class Rejects:
    """The refused rows of one journal. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self,
        kind: str | None = None,
        code: str | None = None,
        after_id: int = 0,
        limit: int = 1_000,
        state: str | None = "open",
    ) -> list[Reject]:
        """Refused rows in order of their ids, from after ``after_id``; None for a filter: any.

        Raises:
            BadInputError: no such state.
        """
        chosen = select(rejects).where(rejects.c.id > after_id).order_by(rejects.c.id).limit(limit)
        wanted = ((rejects.c.kind, kind), (rejects.c.code, code), (rejects.c.state, _known(state)))
        for column, value in wanted:
            if value is not None:
                chosen = chosen.where(column == value)
        with self._database.read() as connection:
            return [_reject(row) for row in connection.execute(chosen)]

    def count(self, state: str | None = "open") -> int:
        """How many there are."""
        chosen = select(func.count()).select_from(rejects)
        if _known(state) is not None:
            chosen = chosen.where(rejects.c.state == state)
        with self._database.read() as connection:
            return int(connection.scalar(chosen) or 0)

    def get(self, ident: int) -> Reject:
        """One refused row.

        Raises:
            NotFoundError: no such id (any more).
        """
        with self._database.read() as connection:
            chosen = select(rejects).where(rejects.c.id == ident)
            row = connection.execute(chosen).one_or_none() if 0 < ident <= MOST_ID else None
        if row is None:
            raise NotFoundError(f"no refused row has the number {ident}")
        return _reject(row)

    def mark(self, idents: Sequence[int], state: str) -> int:
        """Give rows another state; returns how many there were. Unknown ids are passed over.

        Raises:
            BadInputError: no such state.
        """
        _known(state)
        changed = 0
        with self._database.write("the refused rows could not be marked") as connection:
            for start in range(0, len(idents), AT_ONCE):
                some = list(idents[start : start + AT_ONCE])
                changed += connection.execute(
                    update(rejects).where(rejects.c.id.in_(some)).values(state=state)
                ).rowcount
        return changed


def _known(state: str | None) -> str | None:
    if state is not None and state not in REJECT_STATES:
        raise BadInputError(f"no such state of a refused row; there are: {', '.join(REJECT_STATES)}")
    return state


def _reject(row: Row[tuple[object, ...]]) -> Reject:
    return Reject(**row._mapping)
