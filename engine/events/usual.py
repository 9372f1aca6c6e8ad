"""Raw columns that need no closer look: of the very type that is kept, a good value in every row.

Most batches are nothing else. A glance at a column (its least and its greatest value, whether its texts are ASCII of
good length) says so for a tenth of what looking for faults costs, which is left to ``engine.events.columns``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.clock import EARLIEST, LATEST
from engine.events.kernels import GOOD, any_alike, parse_moments, plain_texts
from engine.events.schemas import MAX_KEY, TIME, Field

I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
_PLAIN = (pa.string(), TIME, pa.float64(), pa.int32(), pa.bool_())
_LONGEST = 2**31 - 1


def usual(field: Field, column: pa.ChunkedArray, latest: int) -> pa.Array | None:
    """The canonical column of ``field`` where all of ``column`` is good at a glance; None: look closer.

    ``latest`` is the last moment believed, UTC seconds. Nothing is read beyond the buffers, whatever they hold.
    Cost: about 1 ns a value, 7 ns a moment that is text.
    """
    look = _LOOK.get(field.type)
    if look is None or column.num_chunks != 1:
        return None
    values = _whole(column.chunk(0))
    return None if values is None else look(field, values, latest)


def _whole(values: pa.Array) -> pa.Array | None:
    """A plain array with rows and without nulls, whose buffers are as long as they must be; None: it is none."""
    if not len(values) or values.null_count or values.type not in _PLAIN:
        return None
    try:
        values.validate()
    except pa.ArrowInvalid:
        return None
    return values


def surely_different(a: pa.Array, b: pa.Array) -> bool:
    """Whether two text columns, checked before, differ in every row; False where either has a null."""
    if a.null_count or b.null_count or not len(a):
        return False
    return not any_alike(*_texts(a), *_texts(b))


def _texts(column: pa.Array) -> tuple[U8, I32]:
    """Bytes and offsets of a string column with rows."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32, len(column) + 1, 4 * column.offset)
    text = np.frombuffer(data if data is not None and data.size else b" ", np.uint8)
    starts.flags.writeable = text.flags.writeable = False  # one kind of array: numba compiles once
    return text, starts


def _numbers(column: pa.Array, kind: Any) -> npt.NDArray[Any]:
    return np.frombuffer(column.buffers()[1], kind, len(column), np.dtype(kind).itemsize * column.offset)


def _key(_: Field, column: pa.Array, __: int) -> pa.Array | None:
    return column if column.type == pa.string() and plain_texts(*_texts(column), 1, MAX_KEY) else None


def _time(field: Field, column: pa.Array, latest: int) -> pa.Array | None:
    if column.type == TIME:
        seconds = _numbers(column, np.int64)
    elif column.type == pa.string():
        text, starts = _texts(column)
        seconds, state = np.empty(len(column), np.int64), np.empty(len(column), np.uint8)
        if not plain_texts(text, starts, 0, _LONGEST):
            return None
        parse_moments(text, starts, seconds, state)
        if (state != GOOD).any():
            return None
        column = pa.Array.from_buffers(TIME, len(seconds), [None, pa.py_buffer(seconds)])
    else:
        return None
    good = seconds.min() >= EARLIEST and seconds.max() <= (LATEST if field.future else min(latest, LATEST))
    return column if good else None


def _real(field: Field, column: pa.Array, _: int) -> pa.Array | None:
    return column if column.type == pa.float64() and _within(field, _numbers(column, np.float64)) else None


def _int(field: Field, column: pa.Array, _: int) -> pa.Array | None:
    if column.type == pa.int32():
        return column if _within(field, _numbers(column, np.int32)) else None
    if column.type != pa.float64():
        return None
    values = _numbers(column, np.float64)
    if not _within(field, values):
        return None
    whole = values.astype(np.int32)
    return pa.array(whole) if (whole == values).all() else None


def _within(field: Field, values: npt.NDArray[Any]) -> bool:
    """Whether all of the values are numbers in the field's bounds."""
    # A NaN makes either extreme one, and a field without bounds is looked at closer.
    return field.low is not None and field.high is not None and values.min() >= field.low and values.max() <= field.high


def _bool(_: Field, column: pa.Array, __: int) -> pa.Array | None:
    return column if column.type == pa.bool_() else None


_LOOK: dict[str, Callable[[Field, pa.Array, int], pa.Array | None]] = {
    "key": _key,
    "time": _time,
    "real": _real,
    "int": _int,
    "bool": _bool,
}
