"""Raw Arrow columns, however packed, as one plain array each."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import BadInputError


def flat(column: pa.ChunkedArray) -> pa.Array:
    """A raw column as one array: dictionaries and runs decoded, all kinds of text as ``string`` (UTF-8 unchecked).

    Raises:
        BadInputError: the buffers are not a valid Arrow column.
    """
    column = _unpacked(column)
    kind = column.type
    for chunk in column.chunks:
        _or_bad_input(chunk.validate)
    if _is_text(kind) or pa.types.is_union(kind):
        _check_buffers(column)
    if kind != pa.string() and _is_text(kind):
        # Through binary, because a cast to string would refuse the whole column for one bad byte.
        column = _or_bad_input(lambda: column.cast(pa.binary()).cast(pa.string(), safe=False))
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _unpacked(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """``column`` with runs and dictionaries (of text, numbers, moments) written out."""
    kind = column.type
    if pa.types.is_run_end_encoded(kind):
        column = _or_bad_input(lambda: (column.validate(full=True), pc.run_end_decode(column))[1])
    elif pa.types.is_dictionary(kind):
        _or_bad_input(lambda: column.validate(full=True))
        values = kind.value_type
        if pa.types.is_string_view(values) or pa.types.is_binary_view(values):
            # Arrow decodes dictionaries of all kinds of text but views.
            values = pa.binary()
            column = _or_bad_input(lambda: column.cast(pa.dictionary(kind.index_type, values)))
        column = _or_bad_input(lambda: column.cast(values))
    return column


def _or_bad_input(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadInputError(f"the Arrow data are damaged ({error}); write them again") from None


def _check_buffers(column: pa.ChunkedArray) -> None:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise BadInputError(f"the Arrow data are damaged ({error}); write them again") from None


def _is_text(kind: pa.DataType) -> bool:
    t = pa.types
    return bool(
        t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind)
        or t.is_binary(kind) or t.is_large_binary(kind) or t.is_binary_view(kind)
    )  # fmt: skip
