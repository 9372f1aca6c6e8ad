"""``Content-Encoding`` undone piece by piece, never further than the limit: a small body cannot swell."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator

import zstandard

from api.looks import HEAD, look_of
from api.problems import ProblemError

ENCODINGS = ("gzip", "zstd")
_GZIP = zlib.MAX_WBITS | 16
_PIECE = 2**18
_ZSTD_BITE = 512
"""Packed bytes given at once: four of them can become 128 KiB, so a bite becomes 16 MiB at most."""
_ZSTD_WINDOW = 2**23
"""What RFC 9659 lets a sender ask of a receiver."""


def encoding_of(header: str) -> str:
    """``identity``, ``gzip`` or ``zstd``.

    Raises:
        ProblemError: 415 for any other.
    """
    name = header.strip().lower() or "identity"
    name = {"x-gzip": "gzip"}.get(name, name)
    if name not in ("identity", *ENCODINGS):
        offered = ", ".join(ENCODINGS)
        raise ProblemError(
            "unsupported_encoding", headers={"Accept-Encoding": offered, "Connection": "close"}, offered=offered
        )
    return name


def too_large(limit: int) -> ProblemError:
    """The refusal of a body over ``limit`` bytes."""
    return ProblemError("body_too_large", limit=limit, headers={"Connection": "close"})


def decoded(chunks: Iterable[bytes], encoding: str, limit: int) -> Iterator[bytes]:
    """The body's own bytes, at most ``limit`` of them. Several gzip members or zstd frames in a row are one body.

    Raises:
        ProblemError: 413 beyond the limit; 400 where the data are damaged, cut short, or not packed so at all.
    """
    unpack = {"gzip": _gunzip, "zstd": _unzstd}.get(encoding)
    size = 0
    for piece in chunks if unpack is None else unpack(_packed_so(chunks, encoding)):
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        yield piece


def _packed_so(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The same chunks, once the first bytes are seen to be what the header says."""
    waiting: bytes | None = b""
    for chunk in chunks:
        if waiting is None:
            yield chunk
        elif len(waiting := waiting + chunk) >= 4:
            _check_packed(waiting, encoding)
            yield waiting
            waiting = None
    if waiting:
        _check_packed(waiting, encoding)
        yield waiting


def _check_packed(head: bytes, encoding: str) -> None:
    look = look_of(head[:HEAD])
    if look not in (encoding, "binary"):
        about = {"encoding": encoding, "look": look.upper().replace("_", " ")}
        raise ProblemError("bad_input", "not_packed", headers={"Connection": "close"}, **about)


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    member, begun = zlib.decompressobj(_GZIP), False
    for chunk in chunks:
        left = chunk
        while left:
            if member.eof:
                member, begun = zlib.decompressobj(_GZIP), False
            try:
                piece = member.decompress(left, _PIECE)
            except zlib.error:
                raise ProblemError("bad_input", "bad_gzip", headers={"Connection": "close"}) from None
            begun = True
            left = member.unconsumed_tail or member.unused_data
            if piece:
                yield piece
    while begun and not member.eof:
        piece = member.decompress(b"", _PIECE)
        if not piece:
            raise ProblemError("bad_input", "bad_gzip")
        yield piece


def _unzstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame, begun = unpacker.decompressobj(), False
    for chunk in chunks:
        for start in range(0, len(chunk), _ZSTD_BITE):
            left = chunk[start : start + _ZSTD_BITE]
            while left:
                if frame.eof:
                    frame = unpacker.decompressobj()
                try:
                    piece = frame.decompress(left)
                except zstandard.ZstdError:
                    raise ProblemError("bad_input", "bad_zstd", headers={"Connection": "close"}) from None
                begun = True
                left = frame.unused_data if frame.eof else b""
                if piece:
                    yield piece
    if begun and not frame.eof:
        raise ProblemError("bad_input", "bad_zstd")


class Body:
    """The bytes of a body as a file to read from; where ``digested``, as they pass."""

    def __init__(
        self, pieces: Iterator[bytes], took: Callable[[int], None] | None = None, digested: bool = False
    ) -> None:
        self._pieces = pieces
        self._took = took
        self._left: list[bytes] = []
        self._size = 0
        self._digest = hashlib.sha256() if digested else None
        self.closed = False
        self.error: BaseException | None = None
        """What ended the reading early, whatever a reader in between made of it."""

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes (fewer at the end), which stay to be read."""
        self._fill(size)
        head = b"".join(self._left)
        self._left = [head] if head else []
        return head[:size]

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, fewer only at the end; everything when negative."""
        self._fill(size)
        found = self._left[0] if len(self._left) == 1 else b"".join(self._left)
        if 0 <= size < len(found):
            found, rest = found[:size], found[size:]
            self._left = [rest]
        else:
            self._left = []
        self._size -= len(found)
        return found

    def digest(self) -> bytes:
        """SHA-256 of the whole body (``digested``); what was not read yet is read through."""
        if self._digest is None:
            raise ValueError("this body was not digested as it passed")
        self._left, self._size = [], 0
        for piece in self._pieces:
            self._digest.update(piece)
        return self._digest.digest()

    def _fill(self, size: int) -> None:
        try:
            while size < 0 or self._size < size:
                piece = next(self._pieces, b"")
                if not piece:
                    return
                if self._took is not None:
                    self._took(len(piece))
                if self._digest is not None:
                    self._digest.update(piece)
                self._left.append(piece)
                self._size += len(piece)
        except BaseException as error:
            self.error = error
            raise

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """No: bytes are there once."""
        return False

    def close(self) -> None:
        """Nothing to let go of."""
        self.closed = True
