"""HTTP/1.1 on a bare socket: enough to post, to ask and to read, at the least cost to the machine under test."""

import asyncio
from dataclasses import dataclass


@dataclass
class Connection:
    """One kept-alive connection; one request at a time."""

    port: int
    token: str
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", media: str = "") -> tuple[int, bytes]:
        """(status, body) of a request; the connection is opened again when it is gone.

        Raises:
            OSError, EOFError: no whole reply came.
        """
        head = f"{method} {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {self.token}\r\n"
        if method == "POST":
            head += f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n"
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
            assert self.reader is not None
            self.writer.writelines((head.encode(), b"\r\n", body))
            await self.writer.drain()
            return await _reply(self.reader)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the socket."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def _reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        parts = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readline()
        return status, b"".join(parts)
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    return status, await reader.readexactly(int(length)) if length else b""
