"""One line of log a request, where requests are answered faster than lines are written one by one."""

import asyncio
import logging

from engine.service.logs import told_together

GONE = 499
"""Status of a request whose sender went away before there was an answer."""
log = logging.getLogger("truyvet.api")


class RequestLog:
    """Lines of one round of the event loop, written together at its end. Used on that loop alone."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, dict[str, object]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        """The one that will write them."""

    def tell(self, route: str, status: int, seconds: float) -> None:
        """A request to ``route`` (as declared, never a path) was answered; ``GONE``: nobody was there any more."""
        ms = 1_000 * seconds
        loop = asyncio.get_running_loop()
        if not self._waiting or loop is not self._loop:
            self._loop = loop
            loop.call_soon(self._write)
        said = "gone" if status == GONE else status
        self._waiting.append((f"{route} {said} {ms:.1f} ms", {"route": route, "status": status, "ms": round(ms, 1)}))

    def _write(self) -> None:
        lines, self._waiting = self._waiting, []
        told_together(log, lines)
