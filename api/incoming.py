"""A body on its way in: bytes from the network, with patience and memory that end.

The event loop reads; a thread unpacks, parses and stores. Bodies up to ``Limits.held`` bytes on the wire are
read whole before a thread hears of them, so that a slow sender holds neither thread nor more than it sent. Longer
ones (but JSON documents, which make sense only whole) flow through a pipe: what is not yet taken is not read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from api.decoding import too_large
from api.limits import Budget, Limits, Share, busy
from api.pipe import Pipe
from api.problems import ProblemError

Answer = TypeVar("Answer")
Work = Callable[[Iterable[bytes], Share], Answer]
"""What a thread does with the chunks of a body."""
_LONG_COST = 24 * 2**20
"""Bytes counted for a body in a pipe: pipe, block and parsed rows."""


class Intake:
    """Bodies under way in this process: their budget, and the threads that take them in."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.budget = Budget(limits.under_way)
        self._writers = CapacityLimiter(limits.writers)
        self._long = CapacityLimiter(limits.long_bodies)

    async def run(self, request: Request, whole: bool, work: "Work[Answer]") -> Answer:
        """What ``work`` makes of the body of ``request``; ``whole``: never in a pipe.

        Raises:
            ProblemError: 408, 413, 429.
            ClientDisconnect: the sender went away before the end.
        """
        share = self.budget.share()
        chunks = _Chunks(request, self.limits)
        held: list[bytes] = []
        try:
            async for chunk in chunks:
                share.take(len(chunk))
                held.append(chunk)
                if not whole and chunks.size > self.limits.held:
                    return await self._piped(held, chunks, share, work)
            limiter = self._writers if chunks.size <= self.limits.held else self._long
            return await to_thread.run_sync(work, held, share, limiter=limiter)
        finally:
            share.release()

    async def _piped(self, held: list[bytes], chunks: "_Chunks", share: Share, work: "Work[Answer]") -> Answer:
        if self._long.available_tokens < 1:
            raise busy("busy_bodies")
        share.take(_LONG_COST)
        pipe = Pipe(held)
        held.clear()
        pump = asyncio.create_task(_pump(chunks, pipe))
        try:
            return await to_thread.run_sync(work, pipe, share, limiter=self._long, abandon_on_cancel=True)
        finally:
            pump.cancel()
            pipe.end(asyncio.CancelledError())


async def _pump(chunks: "_Chunks", pipe: Pipe) -> None:
    try:
        async for chunk in chunks:
            await pipe.put(chunk)
    except Exception as error:
        pipe.end(error)
    else:
        pipe.end()


class _Chunks:
    """The chunks of a body. Only the time that the sender keeps us waiting counts."""

    def __init__(self, request: Request, limits: Limits) -> None:
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limits.body:
            raise too_large(limits.body)
        self._chunks = request.stream()
        self._limits = limits
        self._left = limits.body_s
        self.size = 0
        """Bytes on the wire so far."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(min(self._limits.idle_s, self._left)):
                chunk = await anext(self._chunks)
        except TimeoutError:
            raise ProblemError("too_slow", headers={"Connection": "close"}, seconds=self._limits.body_s) from None
        self._left -= loop.time() - began
        self.size += len(chunk)
        if self.size > self._limits.body:
            raise too_large(self._limits.body)  # gzip can go on for ever without giving a byte
        return chunk
