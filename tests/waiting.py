"""What tests wait for: other threads, other processes, ports of their own.

Nothing is asserted of how long something takes: machines are busy, kernels may have to be compiled first. A limit is
there so that what never comes to pass fails at all.
"""

import socket
import time
from collections.abc import Callable

PATIENCE_S = 300.0
"""What takes longer never happens."""
_held: list[socket.socket] = []


def until(found: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Return as soon as ``found`` says so."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def free_port() -> int:
    """A port of the loopback interface for a server that is started later, perhaps several times.

    It stays bound until this process ends, so that the system gives it to nobody else meanwhile; servers that reuse
    addresses, as all do, may listen on it all the same.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _held.append(holder)
    return int(holder.getsockname()[1])
