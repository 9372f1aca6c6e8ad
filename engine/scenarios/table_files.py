"""Columns of CSV and Parquet files by name, and messages that say where in the file something is wrong."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from engine.clock import DAY, VIET_NAM_S
from engine.errors import BadInputError, UnreadableFileError

PARQUET = (".parquet", ".pq")
PACKED = (".gz", ".bz2", ".zst", ".lz4")
"""Endings by which Arrow unpacks."""
EPOCH = date(1970, 1, 1)
_DATES = tuple(day.toordinal() - EPOCH.toordinal() for day in (date.min, date.max))
_MOST_DAY = 1e12
"""Whole numbers above it are no days; they would not fit where days are subtracted."""
_DELIMITERS = (",", ";", "\t", "|")
_PEEK = 1 << 16
UNPACKED_BYTES, UNPACKED_TIMES = 1 << 28, 100
"""A packed file may come to so many bytes, or so many times its own size, whichever is more; contacts shrink to a tenth
or so, what shrinks more was made to fill the memory."""
PARQUET_ROWS, ROWS_A_BYTE = 10_000_000, 100
"""The same of Parquet: rows, or rows for each byte of the file."""


class TableFile:
    """One file of rows. Its name ends in ``.parquet`` or ``.pq``, else it is CSV (``,`` ``;`` tab or ``|``).

    Args:
        path: the file; ``.csv.gz`` and other endings that Arrow knows are unpacked.
        setting: what named it, for messages.

    Raises:
        UnreadableFileError: there is no such file, or it is not a table.
    """

    def __init__(self, path: Path, setting: str) -> None:
        self.path, self._setting = path, setting
        self._parquet = path.suffix.lower() in PARQUET
        if not path.is_file():
            raise UnreadableFileError(
                f"{setting}: there is no file {path}; its path is from the scenario file's folder"
            )
        try:
            self.names = self._names()
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise UnreadableFileError(f"{path} is no table: {str(error).splitlines()[0]}") from error

    def _names(self) -> list[str]:
        if self._parquet:
            about = pq.read_metadata(self.path)
            if about.num_rows > max(PARQUET_ROWS, ROWS_A_BYTE * self.path.stat().st_size):
                raise UnreadableFileError(
                    f"{self.path} says that it has {about.num_rows} rows; it is too small for them"
                )
            return list(about.schema.to_arrow_schema().names)
        with pa.input_stream(str(self.path)) as stream:
            head = stream.read(_PEEK)
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UnreadableFileError(f"{self.path} is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)")
        lines = re.split(r"\r\n|\r|\n", head.decode("utf-8-sig", errors="replace"))
        self._above, line = next(((n, text) for n, text in enumerate(lines) if text.strip()), (0, ""))
        if not line:
            raise UnreadableFileError(f"{self.path} is empty: its first line names the columns")
        self._delimiter = max(_DELIMITERS, key=line.count)
        return [name.strip() for name in next(csv.reader([line], delimiter=self._delimiter))]

    def read(self, texts: Sequence[str], others: Sequence[str] = ()) -> pa.Table:
        """Columns: ``texts`` as strings, ``others`` as whatever they are.

        Raises:
            BadInputError: no such column; the message names those there are.
            UnreadableFileError: torn.
        """
        wanted = list(dict.fromkeys([*texts, *others]))
        for name in wanted:
            if self.names.count(name) > 1:
                raise BadInputError(f"{self._setting}: {self.path} has two columns {name!r}; rename one of them")
            if name not in self.names:
                close = get_close_matches(name, self.names, 1)
                hint = f"; did you mean {close[0]}?" if close else ";"
                raise BadInputError(
                    f"{self._setting}: {self.path} has no column {name!r}{hint} its columns: {', '.join(self.names)}"
                )
        try:
            if self._parquet:
                return _as_texts(pq.read_table(self.path, columns=wanted), texts)
            return pacsv.read_csv(
                _Unpacked(self.path) if self.path.suffix in PACKED else self.path,
                read_options=pacsv.ReadOptions(column_names=self.names, skip_rows=self._above + 1),
                parse_options=pacsv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    include_columns=wanted, column_types=dict.fromkeys(texts, pa.string()), strings_can_be_null=True,
                    null_values=[""], quoted_strings_can_be_null=True,
                ),
            )  # fmt: skip
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFileError(f"{self.path} cannot be read: {str(error).splitlines()[0]}") from error

    def where(self, row: int) -> str:
        """The place of a row (from 0), as text: file and line, or file and row."""
        if self._parquet:
            return f"{self.path} row {row + 1}"
        with pa.input_stream(str(self.path)) as stream:
            text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
            lines = csv.reader(text, delimiter=self._delimiter)
            for n, _ in enumerate(line for line in lines if line):
                if n == row + 1:
                    return f"{self.path} line {lines.line_num}"
        return f"{self.path} row {row + 1}"

    def refuse(self, bad: npt.NDArray[np.bool_], rows: npt.NDArray[np.int64], why: str) -> None:
        """Stop at the first bad row; ``rows`` are the numbers of the rows in the file.

        Raises:
            BadInputError: one is bad; the message says how many more there are.
        """
        found = np.flatnonzero(bad)
        if len(found):
            more = f" (and {len(found) - 1} more such rows)" if len(found) > 1 else ""
            raise BadInputError(f"{self.where(int(rows[found[0]]))}: {why}{more}")


class _Unpacked:
    """A packed file as Arrow reads it, up to a size.

    Raises:
        UnreadableFileError: on reading more than that.
    """

    closed = False

    def __init__(self, path: Path) -> None:
        self._path, self._stream = path, pa.input_stream(str(path))
        self._left = self._most = max(UNPACKED_BYTES, UNPACKED_TIMES * path.stat().st_size)

    def read(self, size: int | None = None) -> bytes:
        """The next bytes."""
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableFileError(
                f"{self._path} unpacks to more than {self._most} bytes; unpack it, and look at it"
            )
        return data

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def _as_texts(table: pa.Table, names: Sequence[str]) -> pa.Table:
    for name in names:
        column = table.column(name)
        if pa.types.is_floating(column.type):  # whole numbers with a gap among them, as pandas writes them
            whole = pc.all(pc.equal(pc.floor(column), column), min_count=0).as_py()
            column = column.cast(pa.int64()) if whole else column
        table = table.set_column(table.schema.get_field_index(name), name, column.cast(pa.string()))
    return table


def numbers(
    file: TableFile, name: str, column: pa.ChunkedArray, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """A column of finite numbers.

    Raises:
        BadInputError: something else is in it; the message names the line.
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_null(column.type):
        values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    else:
        texts = [_text(value) for value in column.to_pylist()]
        bad = np.array([not _is_number(text) for text in texts], np.bool_)
        odd = next((text for text, b in zip(texts, bad, strict=True) if b), "")
        file.refuse(bad, rows, f"{name} is {odd!r}, not a number")
        values = np.array([float(text or "nan") for text in texts], np.float64)
    file.refuse(~np.isfinite(values), rows, f"{name} is missing or not finite")
    return values


def _text(value: object) -> str | None:
    if isinstance(value, bytes):  # a CSV column in which something is not UTF-8
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)


def _is_number(text: str | None) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return "_" not in (text or "")  # which only Python reads as a number


def days(
    file: TableFile, name: str, column: pa.ChunkedArray, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], date | None]:
    """Day of each row, from 0, and the date of day 0 when days are dates.

    Whole numbers are days as they are, the smallest is day 0. Moments with a zone are in the day they have in Viet Nam,
    those without in the day that they say.

    Raises:
        BadInputError: neither a date, a moment nor a whole number; the message names the line.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        values, dated = _from_texts(file, name, column, rows), True
    else:
        file.refuse(np.asarray(column.is_null().to_numpy()), rows, f"{name} is missing")
        values, dated = _from_values(file, name, column, rows)
    if dated:
        file.refuse((values < _DATES[0]) | (values > _DATES[1]), rows, f"{name} is not in the years 1 to 9999")
    low = int(values.min()) if len(values) else 0
    start = date.fromordinal(EPOCH.toordinal() + low) if dated and len(values) else None
    return values - low, start


def _from_values(
    file: TableFile, name: str, column: pa.ChunkedArray, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], bool]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        seconds = pc.floor_temporal(column, unit="second").cast(pa.timestamp("s", kind.tz)).cast(pa.int64()).to_numpy()
        return (np.asarray(seconds) + (VIET_NAM_S if kind.tz else 0)) // DAY, True
    if pa.types.is_date(kind):
        return np.asarray(column.cast(pa.date32()).cast(pa.int32()).to_numpy(), np.int64), True
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
        file.refuse(values != np.floor(values), rows, f"{name} is not a whole number")
        file.refuse(np.abs(values) > _MOST_DAY, rows, f"{name} is too large to count days")
        return values.astype(np.int64), False
    raise BadInputError(f"{file.path}: column {name!r} holds {kind}, not dates, moments or whole numbers")


def _from_texts(
    file: TableFile, name: str, column: pa.ChunkedArray, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    found = np.array([_day(text) for text in coded.dictionary.to_pylist()], np.float64)
    index = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values = np.where(index < 0, np.nan, found[index] if len(found) else np.nan)
    bad = np.flatnonzero(np.isnan(values))
    odd = column[int(bad[0])].as_py() if len(bad) else ""
    file.refuse(np.isnan(values), rows, f"{name} is {odd!r}; write dates like 2021-07-01, or whole numbers")
    return values.astype(np.int64)


def _day(text: str) -> float:
    """Days since 1970, NaN for what is no date."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return float("nan")
    if moment.tzinfo is None:
        return moment.toordinal() - EPOCH.toordinal()
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days + (since.seconds + VIET_NAM_S) // DAY
