"""One raw column of any Arrow type -> the canonical type of its field, with a reason for every bad value.

Whole columns are converted at once; values are looked at one by one only where something is wrong. Values
that are wrong come back as nulls: their rows are refused, so nobody reads them.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.clock import EARLIEST, LATEST, to_rfc3339
from engine.errors import BadInputError
from engine.events import mixed
from engine.events.kernels import BAD, BLANK, GOOD, parse_moments
from engine.events.rejections import Findings, Mask, shown, told
from engine.events.schemas import ARROW_TYPE, MAX_KEY, TIME, Field

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_LIKE = "write it like 2021-07-11T09:30:00+07:00"
_TRUTH = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def convert(field: Field, column: pa.Array | None, findings: Findings, latest: int) -> pa.Array:
    """The canonical column of ``field``, shape (rows,), null where missing or wrong.

    ``column`` is None when the batch has no such column; ``latest`` is the last moment believed, UTC seconds.
    """
    rows = len(findings.bad) if column is None else len(column)
    if column is None:
        column = pa.nulls(rows)
    if pa.types.is_union(column.type) and rows:
        pieces = [
            (where, convert(field, values, findings.of_rows(where), latest)) for where, values in mixed.parts(column)
        ]
        return mixed.joined(pieces, rows)
    if pa.types.is_null(column.type):
        values, missing = pa.nulls(rows, ARROW_TYPE[field.type]), np.ones(rows, np.bool_)
    else:
        values, missing = _CONVERT[field.type](field, column, findings, latest)
    if field.required:
        findings.add(missing, "missing_field", lambda _: f"{field.name} is required")
    return values


def _valid(column: pa.Array) -> Mask:
    if column.null_count == 0:
        return np.ones(len(column), np.bool_)
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False))


def _wrong_type(field: Field, column: pa.Array, findings: Findings, wanted: str) -> tuple[pa.Array, Mask]:
    valid = _valid(column)
    findings.add(valid, "bad_type", lambda i: f"{field.name} must be {wanted}, not {shown(told(column[i]))}")
    return pa.nulls(len(column), ARROW_TYPE[field.type]), ~valid


# -- text ----------------------------------------------------------------------------------------------
def _readable(field: Field, column: pa.Array, findings: Findings) -> pa.Array:
    """``column`` with values that are not UTF-8 held against their rows and nulled."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        broken = np.fromiter((v is not None and not _is_utf8(v) for v in raw), np.bool_, len(raw))
        findings.add(broken, "bad_type", lambda _: f"{field.name} is not UTF-8 text")
        texts = [None if v is None or bad else v.decode() for v, bad in zip(raw, broken, strict=True)]
        return pa.array(texts, pa.string())
    return column


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _key(field: Field, column: pa.Array, findings: Findings, latest: int) -> tuple[pa.Array, Mask]:
    if not pa.types.is_string(column.type):
        return _wrong_type(field, column, findings, "a text")
    missing = ~_valid(column)
    column = _readable(field, column, findings)
    extremes = pc.min_max(pc.binary_length(column)).as_py()
    if extremes["min"] is None or (extremes["min"] > 0 and extremes["max"] <= MAX_KEY):
        return column, missing
    size = pc.fill_null(pc.utf8_length(column), 1).to_numpy(zero_copy_only=False)
    findings.add(size == 0, "bad_id", lambda _: f"{field.name} is empty; an id has 1 to {MAX_KEY} characters")
    findings.add(
        size > MAX_KEY,
        "bad_id",
        lambda i: f"{field.name} has {size[i]} characters; an id has 1 to {MAX_KEY}",
    )
    return column, missing


def _text(field: Field, column: pa.Array, findings: Findings, latest: int) -> tuple[pa.Array, Mask]:
    if not pa.types.is_string(column.type):
        return _wrong_type(field, column, findings, "a text")
    absent = ~_valid(column)
    column = _readable(field, column, findings)
    empty = pc.fill_null(pc.equal(column, ""), False)
    if pc.any(empty).as_py():
        column = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    if field.choices:
        known = pc.is_in(column, value_set=pa.array(field.choices)).to_numpy(zero_copy_only=False)
        wrong = _valid(column) & ~known
        allowed = ", ".join(field.choices)
        findings.add(
            wrong,
            "bad_choice",
            lambda i: f"{field.name} = {shown(column[i].as_py())} is not one of {allowed}",
        )
    return column, absent | empty.to_numpy(zero_copy_only=False)


# -- time ----------------------------------------------------------------------------------------------
def _time(field: Field, column: pa.Array, findings: Findings, latest: int) -> tuple[pa.Array, Mask]:
    kind = column.type
    if pa.types.is_timestamp(kind) and _has_zone(kind):
        seconds, valid = _seconds_of(column), _valid(column)
        missing = ~valid
    elif pa.types.is_string(kind):
        seconds, valid, missing = _parsed(field, column, findings)
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        valid = _valid(column)
        findings.add(valid, "bad_time", lambda _: f"{field.name} has no time zone; give the column one, such as UTC")
        return pa.nulls(len(column), TIME), ~valid
    else:
        return _wrong_type(field, column, findings, "an RFC 3339 text or a timestamp with time zone")
    findings.add(
        valid & ((seconds < EARLIEST) | (seconds > LATEST)),
        "bad_time",
        lambda _: f"{field.name} lies outside the years 1 to 9999",
    )
    if not field.future:
        late = valid & (seconds > latest)
        findings.add(late, "in_future", lambda i: f"{field.name} = {_shown(seconds[i])} is later than {_shown(latest)}")
    if pa.types.is_timestamp(kind) and kind == TIME:
        return column, missing
    return pa.array(seconds, mask=None if valid.all() else ~valid).cast(TIME), missing


def _has_zone(kind: pa.TimestampType) -> bool:
    try:
        return kind.tz is not None
    except UnicodeDecodeError:
        raise BadInputError("the Arrow data are damaged (the name of a time zone); write them again") from None


def _shown(t: int) -> str:
    return to_rfc3339(int(t))


def _seconds_of(column: pa.Array) -> npt.NDArray[np.int64]:
    ticks = column.cast(pa.int64())
    if ticks.null_count:
        ticks = ticks.fill_null(0)
    values = ticks.to_numpy(zero_copy_only=False)
    per_second = _PER_SECOND[column.type.unit]
    seconds: npt.NDArray[np.int64] = values if per_second == 1 else np.floor_divide(values, per_second)
    return seconds


def _parsed(field: Field, column: pa.Array, findings: Findings) -> tuple[npt.NDArray[np.int64], Mask, Mask]:
    rows = len(column)
    seconds, state = np.zeros(rows, np.int64), np.zeros(rows, np.uint8)
    if rows:
        _, offsets, data = column.buffers()
        starts = np.frombuffer(offsets, np.int32)[column.offset : column.offset + rows + 1]
        text = np.frombuffer(data if data is not None and data.size else b" ", np.uint8)
        starts.flags.writeable = text.flags.writeable = False
        parse_moments(text, starts, seconds, state)
    present = _valid(column)
    findings.add(
        present & (state == BAD),
        "bad_time",
        lambda i: f"{field.name} = {_quoted(column, i)} is not a moment with time zone; {_LIKE}",
    )
    good = present & (state == GOOD)
    return seconds, good, ~present | (state == BLANK)


def _quoted(column: pa.Array, row: int) -> str:
    """A text that may hold any bytes, as a refusal quotes it."""
    return shown(bytes(column[row].as_buffer()).decode(errors="replace"))


# -- numbers and truth values --------------------------------------------------------------------------
def _number(field: Field, column: pa.Array, findings: Findings, latest: int) -> tuple[pa.Array, Mask]:
    kind, wanted = column.type, "a whole number" if field.type == "int" else "a number"
    types = pa.types
    unreadable = np.zeros(len(column), np.bool_)
    missing = ~_valid(column)
    if types.is_string(kind):
        texts = column
        column, unreadable, missing = _numbers_of(texts)
        findings.add(unreadable, "bad_type", lambda i: f"{field.name} = {_quoted(texts, i)} is not {wanted}")
    elif types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        column = column if kind == pa.float64() else column.cast(pa.float64(), safe=False)
    else:
        return _wrong_type(field, column, findings, wanted)
    valid = ~missing & ~unreadable
    values = (column.fill_null(0) if column.null_count else column).to_numpy(zero_copy_only=False)
    sound = np.isfinite(values)
    if field.type == "int":
        sound &= values == np.floor(values)
    findings.add(valid & ~sound, "bad_type", lambda i: f"{field.name} = {values[i]:.15g} is not {wanted}")
    low = -np.inf if field.low is None else field.low
    high = np.inf if field.high is None else field.high
    outside = valid & sound & ((values < low) | (values > high))
    findings.add(
        outside,
        "out_of_bounds",
        lambda i: f"{field.name} = {values[i]:.15g} is outside {low:.15g}..{high:.15g}",
    )
    if field.type == "real":
        return column, missing
    whole = np.where(sound & ~outside, values, 0).astype(np.int32)
    return pa.array(whole, mask=None if valid.all() else ~valid), missing


def _numbers_of(texts: pa.Array) -> tuple[pa.Array, Mask, Mask]:
    """(reals, unreadable, missing) of a text column."""
    try:
        reals = texts.cast(pa.float64())
        # The cast also reads "nan" and "inf", which are words and no numbers.
        if pc.all(pc.is_finite(reals)).as_py() is not False:
            return reals, np.zeros(len(texts), np.bool_), ~_valid(texts)
    except pa.ArrowInvalid:
        pass
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        raw = texts.cast(pa.binary()).to_pylist()
        texts = pa.array([None if v is None else v.decode(errors="replace") for v in raw], pa.string())
    texts = pc.ascii_trim(texts, characters=" \t")
    missing = pc.fill_null(pc.equal(texts, ""), True)
    good = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), False)
    reals = pc.if_else(good, texts, pa.scalar(None, pa.string())).cast(pa.float64())
    gaps = missing.to_numpy(zero_copy_only=False)
    return reals, ~gaps & ~good.to_numpy(zero_copy_only=False), gaps


def _bool(field: Field, column: pa.Array, findings: Findings, latest: int) -> tuple[pa.Array, Mask]:
    kind = column.type
    if pa.types.is_boolean(kind):
        return column, ~_valid(column)
    if pa.types.is_string(kind):
        column = _readable(field, column, findings)
        texts = pc.ascii_lower(pc.ascii_trim(column, characters=" \t"))
        missing = pc.fill_null(pc.equal(texts, ""), True)
        places = pc.index_in(texts, value_set=pa.array(list(_TRUTH)))
        values = pa.array(list(_TRUTH.values())).take(places)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        reals = column.cast(pa.float64(), safe=False)
        missing = column.is_null()
        known = pc.or_(pc.equal(reals, 0.0), pc.equal(reals, 1.0))
        values = pc.if_else(known, pc.equal(reals, 1.0), pa.scalar(None, pa.bool_()))
    else:
        return _wrong_type(field, column, findings, "true or false")
    gaps = missing.to_numpy(zero_copy_only=False)
    wrong = ~gaps & ~_valid(values)
    findings.add(wrong, "bad_type", lambda i: f"{field.name} = {shown(column[i].as_py())} must be true or false")
    return values, gaps


_CONVERT: dict[str, Callable[[Field, pa.Array, Findings, int], tuple[pa.Array, Mask]]] = {
    "key": _key,
    "text": _text,
    "time": _time,
    "real": _number,
    "int": _number,
    "bool": _bool,
}
