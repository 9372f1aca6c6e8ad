"""Columns whose values differ in type from row to row, as JSON allows, kept as Arrow unions."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_NOTHING = type(None)
_TYPES: dict[type, tuple[str, pa.DataType, Callable[[Any], Any]]] = {
    str: ("text", pa.string(), lambda v: v),
    bool: ("bool", pa.bool_(), lambda v: v),
    # Integers beyond 64 bits exist in JSON; as reals they are out of every bound, which is the right answer.
    int: ("real", pa.float64(), float),
    float: ("real", pa.float64(), lambda v: v),
}


def column_of(values: Sequence[object]) -> pa.Array:
    """JSON values as an Arrow array, shape (rows,): a plain one when the types agree, else a dense union.

    Lists and objects become a child of type list, which no column accepts. Cost: one pass over the types.
    """
    kinds = set(map(type, values)) - {_NOTHING}
    if not kinds:
        return pa.nulls(len(values))
    if kinds == {str}:
        return pa.array(values, pa.string())
    if kinds == {float}:
        return pa.array(values, pa.float64())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, float}:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())  # type: ignore[arg-type]  # what is no number raises, and is caught
    return _union(values)


def _union(values: Sequence[object]) -> pa.Array:
    names = ["text", "bool", "real", "other"]
    children: list[list[object]] = [[], [], [], []]
    codes = np.empty(len(values), np.int8)
    offsets = np.empty(len(values), np.int32)
    for i, value in enumerate(values):
        if value is None:
            code, kept = 0, None
        else:
            name, _, convert = _TYPES.get(type(value), ("other", None, lambda _: []))
            code, kept = names.index(name), convert(value)
        codes[i], offsets[i] = code, len(children[code])
        children[code].append(kept)
    types = [pa.string(), pa.bool_(), pa.float64(), pa.list_(pa.null())]
    arrays = [pa.array(child, type) for child, type in zip(children, types, strict=True)]
    return pa.UnionArray.from_dense(pa.array(codes), pa.array(offsets), arrays, names)


def parts(column: pa.UnionArray) -> Iterator[tuple[npt.NDArray[np.int64], pa.Array]]:
    """The rows of each type in a union, and their values: pairs (rows, values) of one length."""
    # From the buffers, because ``type_codes`` and ``offsets`` forget that an array is a slice.
    buffers, rest = column.buffers(), slice(column.offset, column.offset + len(column))
    codes = np.frombuffer(buffers[1], np.int8)[rest]
    for position, code in enumerate(column.type.type_codes):
        rows = np.flatnonzero(codes == code)
        if not len(rows):
            continue
        child = column.field(position)
        where = np.frombuffer(buffers[2], np.int32)[rest][rows] if column.type.mode == "dense" else rows
        yield rows, child.take(pa.array(where))


def joined(pieces: Sequence[tuple[npt.NDArray[np.int64], pa.Array]], rows: int) -> pa.Array:
    """The inverse of ``parts`` after each piece was converted to one and the same type."""
    place = np.empty(rows, np.int64)
    place[np.concatenate([where for where, _ in pieces])] = np.arange(rows)
    return pa.concat_arrays([values for _, values in pieces]).take(pa.array(place))
