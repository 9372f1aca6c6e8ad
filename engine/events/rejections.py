"""Refused rows: what was wrong, found column by column, one reason a row."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
_SHOWN = 40


class Rejected(NamedTuple):
    """One refused row: its index in the batch (or file), a stable code, and what to do about it."""

    row: int
    code: str
    detail: str
    raw: str | None = None
    """What stood there, of a row that could not be parsed; None where the row is in a table."""


RAW = 4_000
"""Characters kept of a row that could not be parsed."""


def malformed(row: int, detail: str, raw: bytes) -> Rejected:
    """The refusal of a row that could not be parsed."""
    return Rejected(row, "malformed_row", detail, raw[:RAW].decode("utf-8", "replace"))


def shown(value: object) -> str:
    """``value`` as a refusal quotes it: short, whatever was sent."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def told(cell: pa.Scalar) -> object:
    """The value of a raw cell; where Python has none (no UTF-8, beyond its calendar, no such zone) what is nearest."""
    try:
        return cell.as_py()
    except (ValueError, OverflowError, LookupError):
        if isinstance(cell, pa.DictionaryScalar | pa.UnionScalar):
            return told(cell.value)
        if isinstance(cell, pa.StringScalar):
            return cell.as_buffer().to_pybytes().decode("utf-8", "replace")
        return cell.value if isinstance(cell, pa.TimestampScalar) else f"({cell.type})"


class Findings:
    """Collects what is wrong with the rows of one table. The first finding of a row stays; later ones are
    dropped. Details are worded for refused rows only, so that good rows cost nothing.
    """

    def __init__(self, rows: int) -> None:
        self.bad: Mask = np.zeros(rows, np.bool_)
        """True where a row has a finding, shape (rows,)."""
        self.excused: Mask | None = None
        """Rows that nothing is held against for now (retractions, while payload columns are checked)."""
        self._found: list[Rejected] = []
        self._rows: Rows | None = None

    def of_rows(self, rows: Rows) -> "Findings":
        """The same findings, seen from a part of the table: its row ``i`` is row ``rows[i]`` of this one."""
        part = Findings(0)
        part.bad, part.excused, part._found = self.bad, self.excused, self._found
        part._rows = rows if self._rows is None else self._rows[rows]
        return part

    def add(self, wrong: Mask, code: str, detail: Callable[[int], str]) -> None:
        """Hold ``code`` against the rows where ``wrong`` is true; ``detail(i)`` words it for row ``i``."""
        here = np.flatnonzero(wrong)
        if not len(here):
            return
        rows = here if self._rows is None else self._rows[here]
        free = ~self.bad[rows]
        if self.excused is not None:
            free &= ~self.excused[rows]
        self.bad[rows[free]] = True
        pairs = zip(rows[free].tolist(), here[free].tolist(), strict=True)
        self._found.extend(Rejected(row, code, detail(i)) for row, i in pairs)

    def ordered(self) -> list[Rejected]:
        """Every finding, by row."""
        return sorted(self._found)
