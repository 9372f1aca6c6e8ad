"""One part of a checkpoint in one file: named arrays and a small JSON document, ready to be memory-mapped.

======================  ===========================================================================================
bytes                   what
======================  ===========================================================================================
0..7                    ``truyvet.``
8..11, 12..15           version of the format; length of the directory (both little-endian)
16..                    the directory, JSON: ``meta``, and of every array its name, type, length and ``[offset, bytes]``
                        of its buffers, counted from the first multiple of 64 after the directory
then                    the buffers, each at a multiple of 64, zeros between
======================  ===========================================================================================

A file is named after the SHA-256 of its content, so equal content is one file, however many checkpoints name it.
Of the digests measured (SHA-256 1.8 GB/s a thread, BLAKE2b 0.8, CRC-32 4.1) it is the fastest that may name content.
"""

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MAGIC = b"truyvet."
VERSION = 1
ALIGN = 64
HEADER = struct.Struct("<8sII")
SUFFIX = ".seg"
READ_BYTES = 1 << 20

Array: TypeAlias = "npt.NDArray[Any] | pa.Array | pa.Table"
Buffer = bytes | memoryview
STRINGS: dict[str, tuple[Any, Any]] = {
    "string": (pa.string(), np.int32),
    "large_string": (pa.large_string(), np.int64),
    "binary": (pa.binary(), np.int32),
    "large_binary": (pa.large_binary(), np.int64),
}
"""Arrow types that a part may hold, and the type of their offsets."""
TABLE = "table"


class DamagedError(Exception):
    """This file is not what was written. The message is the reason, for the log."""


@dataclass(frozen=True)
class Part:
    """Named arrays and a JSON document; ``name`` is unique within its checkpoint.

    Arrays are one-dimensional numpy arrays of any type without objects, Arrow strings without nulls, or whole
    Arrow tables (kept as an IPC stream, so copied once when written).
    A part whose ``name`` and ``token`` are those of the last write of this process is not even looked at:
    give one only for content that never changes.
    """

    name: str
    arrays: Mapping[str, Array]
    meta: Mapping[str, Any]
    token: object | None = None


@dataclass(frozen=True)
class Piece:
    """A part file, by the SHA-256 of its content and its size."""

    digest: str
    bytes: int

    def path(self, folder: Path) -> Path:
        """Where it lies."""
        return folder / f"{self.digest}{SUFFIX}"


@dataclass(frozen=True)
class OpenedPart:
    """A part as read back: read-only arrays over the mapped file, in the order written."""

    arrays: Mapping[str, Array]
    meta: Mapping[str, Any]
    piece: Piece


def laid_out(part: Part) -> list[Buffer]:
    """The content of a part's file as a list of buffers to be written one after the other; copies no array.

    Raises:
        ValueError: an array cannot be kept: of objects, with nulls, or of more than one dimension.
    """
    entries: list[dict[str, Any]] = []
    blocks: list[Buffer] = []
    offset = 0
    for name, array in part.arrays.items():
        kind, buffers = _taken_apart(name, array)
        places = []
        for buffer in buffers:
            size = buffer.nbytes
            places.append([offset, size])
            blocks += [buffer, b"\0" * (-size % ALIGN)]
            offset += size + -size % ALIGN
        entries.append({"name": name, "type": kind, "length": len(array), "buffers": places})
    directory = json.dumps({"meta": dict(part.meta), "arrays": entries}).encode()
    head = HEADER.pack(MAGIC, VERSION, len(directory)) + directory
    return [head + b"\0" * (-len(head) % ALIGN), *blocks]


def _taken_apart(name: str, array: Array) -> tuple[Any, list[memoryview]]:
    """(type as JSON, buffers)."""
    if isinstance(array, np.ndarray):
        if array.ndim != 1 or array.dtype.hasobject or not array.dtype.itemsize:
            raise ValueError(f"array {name} of a checkpoint must be one-dimensional and without objects")
        return np.lib.format.dtype_to_descr(array.dtype), [_bytes_of(array)]
    if isinstance(array, pa.Table):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, array.schema) as writer:
            writer.write_table(array)
        return {"arrow": TABLE}, [memoryview(sink.getvalue())]
    kind = str(array.type)
    if kind not in STRINGS or array.null_count:
        raise ValueError(
            f"array {name} of a checkpoint must be numpy, an Arrow table or Arrow strings without nulls, not {kind}"
        )
    if not len(array):
        return {"arrow": kind}, [memoryview(b""), memoryview(b"")]
    _, offsets, data = array.buffers()
    width = STRINGS[kind][1]
    bounds = np.frombuffer(offsets, width)[array.offset : array.offset + len(array) + 1]
    text = memoryview(data if data is not None else b"")[int(bounds[0]) : int(bounds[-1])]
    # A slice of a longer array: its offsets count from the start of that one.
    bounds = bounds if bounds[0] == 0 else bounds - bounds[0]
    return {"arrow": kind}, [_bytes_of(bounds), text]


def _bytes_of(array: npt.NDArray[Any]) -> memoryview:
    """The bytes of an array, copied only where they are not in one piece."""
    whole: Any = np.ascontiguousarray(array)
    return memoryview(whole.view(np.uint8)) if len(whole) else memoryview(b"")


def piece_of(buffers: list[Buffer]) -> Piece:
    """Digest and size of a file's content."""
    digest, size = hashlib.sha256(), 0
    for buffer in buffers:
        digest.update(buffer)
        size += memoryview(buffer).nbytes
    return Piece(digest.hexdigest(), size)


def opened(folder: Path, piece: Piece) -> OpenedPart:
    """Check a part's file to the last byte, then map it. Reads it through once; releases the GIL while it does.

    Raises:
        DamagedError: it is not the content that its name says, or a newer release wrote it.
        OSError: it cannot be read, or is not there.
    """
    path = piece.path(folder)
    verify(path, piece)
    # Unlike mmap.mmap, this keeps no file open for as long as the arrays live.
    with pa.memory_map(str(path)) as source:
        mapped = source.read_buffer(piece.bytes)
    try:
        return _put_together(mapped, piece)
    except (ValueError, KeyError, TypeError, struct.error, pa.ArrowException) as error:
        raise DamagedError(f"{path.name} has no valid directory: {type(error).__name__}") from None


def verify(path: Path, piece: Piece) -> None:
    """Raise DamagedError unless the file holds exactly the content of ``piece``."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size != piece.bytes:
            raise DamagedError(f"{path.name} has {size} bytes instead of {piece.bytes}")
        buffer = memoryview(bytearray(min(READ_BYTES, max(size, 1))))
        while got := file.readinto(buffer):
            digest.update(buffer[:got])
    if digest.hexdigest() != piece.digest:
        raise DamagedError(f"{path.name} does not hold what was written (checksum)")


def _put_together(mapped: pa.Buffer, piece: Piece) -> OpenedPart:
    magic, version, length = HEADER.unpack_from(mapped)
    if magic != MAGIC:
        raise DamagedError(f"{piece.digest}{SUFFIX} is not a part of a checkpoint")
    if version > VERSION:
        raise DamagedError(
            f"{piece.digest}{SUFFIX} has format {version}, of a newer release (this one reads {VERSION})"
        )
    end = HEADER.size + length
    directory = json.loads(bytes(mapped.slice(HEADER.size, length)))
    start = end + -end % ALIGN
    arrays = {}
    for entry in directory["arrays"]:
        if any(offset < 0 or size < 0 or start + offset + size > mapped.size for offset, size in entry["buffers"]):
            raise ValueError("an array beyond the end of the file")
        buffers = [mapped.slice(start + offset, size) for offset, size in entry["buffers"]]
        arrays[entry["name"]] = _array(entry["type"], entry["length"], buffers)
    return OpenedPart(arrays, directory["meta"], piece)


def _array(kind: Any, length: int, buffers: list[pa.Buffer]) -> Array:
    if kind == {"arrow": TABLE}:
        table = pa.ipc.open_stream(buffers[0]).read_all()
        if len(table) != length:
            raise ValueError("a table of another length")
        return table
    if isinstance(kind, dict):
        arrow, width = STRINGS[kind["arrow"]]
        if not length:
            return pa.array([], arrow)
        if buffers[0].size != (length + 1) * np.dtype(width).itemsize:
            raise ValueError("offsets that do not fit the length")
        return pa.Array.from_buffers(arrow, length, [None, *buffers], null_count=0)
    dtype = np.lib.format.descr_to_dtype(_tuples(kind))
    if buffers[0].size != length * dtype.itemsize:
        raise ValueError("a buffer that does not fit the length")
    if not buffers[0].size:
        empty: npt.NDArray[Any] = np.zeros(length, dtype)
        empty.flags.writeable = False
        return empty
    return np.ndarray(length, dtype, buffer=memoryview(buffers[0]))


def _tuples(descr: Any) -> Any:
    """The description of a type as numpy gave it: JSON has made lists of its tuples."""
    if not isinstance(descr, list):
        return descr
    return [tuple(_tuples(v) if i == 1 else tuple(v) if isinstance(v, list) else v for i, v in enumerate(field))
            for field in descr]  # fmt: skip
