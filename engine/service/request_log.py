"""One line of log a request, where requests are answered faster than lines are written one by one."""

import asyncio
import logging

from engine.service.logs import told_together

log = logging.getLogger("truyvet.api")


class RequestLog:
    """Lines of one round of the event loop, written together at its end. Used on that loop alone."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, dict[str, object]]] = []

    def tell(self, route: str, status: int, seconds: float) -> None:
        """A request to ``route`` (as declared, never a path) was answered."""
        ms = 1_000 * seconds
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
        self._waiting.append((f"{route} {status} {ms:.1f} ms", {"route": route, "status": status, "ms": round(ms, 1)}))

    def _write(self) -> None:
        lines, self._waiting = self._waiting, []
        told_together(log, lines)
