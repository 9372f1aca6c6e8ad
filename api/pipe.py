"""From the event loop to a thread: the bytes of a long body, a bounded number of them at a time."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Iterator

HIGH_WATER = 2**20
"""Bytes in the pipe above which no more are read from the network."""


class Pipe:
    """Chunks put in by a coroutine, iterated over by one thread."""

    def __init__(self, first: Iterable[bytes] = ()) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._chunks: deque[bytes] = deque(first)
        self._size = sum(map(len, self._chunks))
        self._ended = False
        self._error: BaseException | None = None
        self._some = threading.Condition()

    async def put(self, chunk: bytes) -> None:
        """Hand on a chunk; waits while the pipe is full."""
        while self._size > HIGH_WATER and not self._ended:
            self._room.clear()
            if self._size > HIGH_WATER:
                await self._room.wait()
        with self._some:
            self._chunks.append(chunk)
            self._size += len(chunk)
            self._some.notify()

    def end(self, error: BaseException | None = None) -> None:
        """No more chunks: the body is whole, or ``error`` cut it short (raised in the thread). First call counts."""
        with self._some:
            if not self._ended:
                self._ended, self._error = True, error
            self._some.notify()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._some:
                self._some.wait_for(lambda: self._chunks or self._ended)
                if self._error is not None:
                    raise self._error
                if not self._chunks:
                    return
                chunk = self._chunks.popleft()
                self._size -= len(chunk)
            self._loop.call_soon_threadsafe(self._room.set)
            yield chunk
