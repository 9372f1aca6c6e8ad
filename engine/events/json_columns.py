"""The usual JSON bodies as columns while other threads run: the same table as by way of Python's objects, or none."""

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.events.schemas import column_names
from engine.kernels.flat_json import read_objects
from engine.kernels.json_cells import REALS, TEXTS, TRUTHS

LEAST_BYTES = 2_000
"""Shorter bodies are sooner read by way of Python's objects than the interpreter is had back."""
_MOST_BYTES = 2**31 - 1
_MEMBER = np.frombuffer(b'"events"', np.uint8)


def usual_table(data: bytes, kind: str | None, lines: bool) -> pa.Table | None:
    """``json_rows.table_of`` of the events in ``data``: a document, or with ``lines`` one object a line.

    None where there is any doubt: no kind, a short body, anything wrong or rare (a row that is no flat object, a
    member twice, values of several types in a column, other members beside "events", a byte order mark, -0); the
    caller then reads by way of Python's objects, which alone says what is wrong.

    Cost: about 0.1 ms a thousand rows of five columns, most of it without the interpreter.
    """
    if kind is None or not LEAST_BYTES <= len(data) <= _MOST_BYTES:
        return None
    names, packed, ends = _packed(kind)
    rows, kinds, begins, nulls, valid, truth, offsets, reals, text, *hard = read_objects(
        np.frombuffer(data, np.uint8), lines, _MEMBER, packed, ends
    )
    if rows < 0:
        return None
    _settle(reals, *hard)
    held = pa.py_buffer(text)
    columns = []
    for i, holds in enumerate(kinds.tolist()):
        gaps = pa.py_buffer(valid[i]) if nulls[i] else None
        if holds == TEXTS:
            begin, end = int(begins[i]), int(begins[i + 1])
            buffers = [gaps, pa.py_buffer(offsets[i]), held.slice(begin, end - begin)]
            columns.append(pa.Array.from_buffers(pa.string(), rows, buffers, int(nulls[i])))
        elif holds == REALS:
            columns.append(pa.Array.from_buffers(pa.float64(), rows, [gaps, pa.py_buffer(reals[i])], int(nulls[i])))
        elif holds == TRUTHS:
            columns.append(pa.Array.from_buffers(pa.bool_(), rows, [gaps, pa.py_buffer(truth[i])], int(nulls[i])))
        else:
            columns.append(pa.nulls(rows))
    return pa.table(columns, names=list(names))


@cache
def _packed(kind: str) -> tuple[tuple[str, ...], npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    names = column_names(kind)
    ends = np.cumsum([0, *(len(name.encode()) for name in names)], dtype=np.int32)
    return names, np.frombuffer("".join(names).encode() + bytes(8), np.uint8), ends


def _settle(
    reals: npt.NDArray[np.float64],
    places: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int32],
    text: npt.NDArray[np.uint8],
) -> None:
    """Put the numbers of many digits into their ``places`` of ``reals``, each the nearest double, all at once."""
    if len(places):
        written = pa.Array.from_buffers(pa.string(), len(places), [None, pa.py_buffer(ends), pa.py_buffer(text)])
        reals.reshape(-1)[places] = written.cast(pa.float64()).to_numpy()
