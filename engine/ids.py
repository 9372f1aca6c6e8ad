"""Opaque outside keys <-> dense int32 codes.

Codes depend on the order of arrival, so no answer may depend on a code: ties are broken by key.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.kernels.interning import EMPTY, SPARE, intern, intern_few, rehash
from engine.kernels.key_order import gather, order_of

Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
FEWEST, BYTES_A_KEY = 1_024, 16
"""Room that a new namespace begins with: slots, and bytes for each key they may hold."""
FEW = 20_000
"""Keys that are looked up (about 1 ms) without letting the interpreter go."""
SINGLE = 4
"""Keys that are read one by one."""
CHUNK = 1 << 16
"""Keys of a column that are looked up in one call: their offsets are made wide beforehand."""


@dataclass(frozen=True)
class _Table:
    """The arrays of a namespace. Grown ones take its place as a whole, so that readers need no lock."""

    slots: Ints
    """Two words each; see :mod:`engine.kernels.interning`."""
    held: Bytes
    starts: Ints

    @classmethod
    def of(cls, slots: int, held: Bytes, starts: Ints) -> "_Table":
        return cls(np.full(2 * slots, EMPTY, np.int64), held, starts)


class Keys:
    """One namespace of keys (people, or places). Codes are 0, 1, 2, ... and never reused. Thread-safe.

    Memory: the bytes of the keys, and 30 to 51 bytes a key.
    """

    def __init__(self) -> None:
        self._seed = np.uint64(secrets.randbits(64))  # nobody outside can choose keys that collide
        self._count = 0
        self._turn = Lock()
        room = FEWEST // 4 * 3
        self._table = _Table.of(FEWEST, np.empty(room * BYTES_A_KEY, np.uint8), np.zeros(room + 1, np.int64))

    def __len__(self) -> int:
        return self._count

    def add(self, key: str) -> int:
        """The code of ``key``, made if new."""
        code = self.find(key)
        return int(self._encoded(*_one(key))[0]) if code is None else code

    def find(self, key: str) -> int | None:
        """The code of ``key``, or None if it was never seen."""
        code = int(self._asked(*_one(key))[0])
        return None if code == EMPTY else code

    def found(self, keys: Sequence[str]) -> Codes:
        """The codes of those of ``keys`` that were ever seen, in the same order."""
        codes = self._asked(*_buffers(pa.array(keys, pa.large_string())))
        return np.asarray(codes[codes != EMPTY], np.int32)

    def key(self, code: int) -> str:
        """The key behind ``code``.

        Raises:
            IndexError: there is none.
        """
        if not 0 <= code < self._count:
            raise IndexError(f"no key has the code {code}")
        table = self._table
        return table.held[table.starts[code] : table.starts[code + 1]].tobytes().decode()

    def keys(self, codes: Iterable[int]) -> list[str]:
        """The keys behind ``codes``, in the same order.

        Raises:
            IndexError: there is no key with one of the codes.
        """
        wanted = np.fromiter(codes, np.int64)
        if len(wanted) <= SINGLE:
            return [self.key(c) for c in wanted.tolist()]
        if wanted.min() < 0 or wanted.max() >= self._count:
            raise IndexError(f"no key has the code {wanted.min() if wanted.min() < 0 else wanted.max()}")
        held, starts = self.bytes_table()
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(starts[wanted + 1] - starts[wanted])])
        data = np.empty(int(offsets[-1]), np.uint8)
        gather(held, starts, wanted, offsets, data)
        raw, ends = data.tobytes(), offsets.tolist()
        if raw.isascii():
            text = raw.decode("ascii")
            return [text[a:b] for a, b in pairwise(ends)]
        return [raw[a:b].decode() for a, b in pairwise(ends)]

    def bytes_table(self) -> tuple[Bytes, Ints]:
        """UTF-8 of every key one after the other, and where each begins (and the last ends), by code: for kernels."""
        table = self._table
        return table.held, table.starts

    def encode(self, column: pa.Array | pa.ChunkedArray) -> Codes:
        """Codes of a string column without nulls, shape (rows,); new keys are added. Cost: a hash look-up a row."""
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        if pa.types.is_dictionary(column.type):
            codes = self._encoded(*_buffers(column.dictionary))
            return np.asarray(codes[column.indices.to_numpy(zero_copy_only=False)], np.int32)
        return self._encoded(*_buffers(column))

    def _encoded(self, data: Bytes, offsets: npt.NDArray[np.integer]) -> Codes:
        out = np.empty(len(offsets) - 1, np.int32)
        with self._turn:
            kernel, before = intern if len(out) > FEW else intern_few, self._count
            for first in range(0, len(out), CHUNK):
                some, here, done = _wide(offsets[first : first + CHUNK + 1]), out[first : first + CHUNK], 0
                while True:
                    table = self._table
                    self._count, done = kernel(
                        data, some, done, True, table.slots, table.held, table.starts, self._count, self._seed, here
                    )
                    if done == len(here):
                        break
                    mostly_new = 2 * (self._count - before) > first + done
                    self._grow(len(out) - first - done if mostly_new else 1, int(some[done + 1] - some[done]))
        return out

    def _asked(self, data: Bytes, offsets: npt.NDArray[np.integer]) -> Codes:
        table, out = self._table, np.empty(len(offsets) - 1, np.int32)
        intern_few(data, _wide(offsets), 0, False, table.slots, table.held, table.starts, 0, self._seed, out)
        return out

    def _grow(self, keys: int, size: int) -> None:
        """Make room for a key of so many bytes, and for about half as many as there are.

        Where so many ``keys`` more are likely, up to four times as many; never for all keys asked for, of which most
        are known: a table in no cache would stand for a small one.
        """
        table, count = self._table, self._count
        used, slots = int(table.starts[count]), len(table.slots) // 2
        more = min(keys, 3 * count)
        held = _grown(table.held, used, used + max(size, more * used // max(count, 1)) + SPARE)
        starts = _grown(table.starts, count + 1, count + 1 + more)
        while 4 * (count + more) > 3 * slots:
            slots *= 2
        if 2 * slots > len(table.slots):
            table = _Table.of(slots, held, starts)
            rehash(held, starts, count, self._seed, table.slots)
        else:
            # Slots of its own: a reader of the old arrays must never be sent beyond their ends by a new key's slot.
            table = _Table(table.slots.copy(), held, starts)
        self._table = table

    def column(self) -> pa.Array:
        """Every key in the order of its code, as an Arrow string column."""
        count = self._count  # first: the table only grows
        table = self._table
        starts = table.starts[: count + 1]
        data = pa.py_buffer(table.held[: starts[-1]].tobytes())
        return pa.LargeStringArray.from_buffers(count, pa.py_buffer(starts.tobytes()), data).cast(pa.string())

    @classmethod
    def of(cls, column: pa.Array) -> "Keys":
        """The namespace whose :meth:`column` this is. Cost: one hash look-up a key."""
        keys = cls()
        keys.encode(column)
        return keys

    def ranks(self, codes: Codes) -> npt.NDArray[np.int64]:
        """Rank of each code among ``codes`` by key order (equal codes share no rank guarantee)."""
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < self._count:
            raise IndexError("no key has one of the codes")
        order = order_of(*self.bytes_table(), np.asarray(codes, np.int64))
        ranks = np.empty(len(codes), np.int64)
        ranks[order] = np.arange(len(codes))
        return ranks


def _grown(column: Any, used: int, wanted: int) -> Any:
    """The column, or one half as long again (at least ``wanted``) that begins with its first ``used`` rows."""
    if wanted <= len(column):
        return column
    longer = np.empty(max(wanted, len(column) * 3 // 2), column.dtype)
    longer[:used] = column[:used]
    return longer


def _one(key: str) -> tuple[Bytes, Ints]:
    data = key.encode()
    return np.frombuffer(data, np.uint8), np.array([0, len(data)], np.int64)


def _buffers(column: pa.Array) -> tuple[Bytes, npt.NDArray[np.integer]]:
    """Bytes and offsets of a string column without nulls."""
    _, starts, data = column.buffers()
    if len(column) == 0 or starts is None:
        return np.frombuffer(b"", np.uint8), np.zeros(1, np.int64)
    width = np.dtype(np.int64 if pa.types.is_large_string(column.type) else np.int32)
    offsets = np.frombuffer(starts, width, len(column) + 1, column.offset * width.itemsize)
    return _fixed(np.frombuffer(data or b"", np.uint8)), offsets


def _wide(offsets: npt.NDArray[np.integer]) -> Ints:
    """As int64."""
    wide: Ints = _fixed(offsets.astype(np.int64))
    return wide


def _fixed(column: Any) -> Any:
    """Read-only, whoever made it: numba compiles another kernel for any other kind."""
    column.setflags(write=False)
    return column
