"""Work on several cores: threads for kernels that let the interpreter go.

How many is `TRUYVET_THREADS`, else as many as this process may use. It changes how long an answer takes, never the
answer: work is split before it is handed out, and results come back in the order of the parts.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from queue import Full, Queue
from threading import Event, Lock, Thread
from typing import TypeVar

VARIABLE = "TRUYVET_THREADS"
Part = TypeVar("Part")
Found = TypeVar("Found")
POLL_S = 0.2
"""How soon a thread that works ahead sees that nobody waits for it any more."""


def in_child(work: Callable[[], object]) -> None:
    """Have ``work`` done in every child of a fork: what threads of its parent held, none of its own lets go."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=work)


class Turn:
    """A lock for a module, used with ``with``. In a child of a fork it is free, whoever had it in the parent."""

    def __init__(self) -> None:
        self._begin_anew()
        in_child(self._begin_anew)

    def _begin_anew(self) -> None:
        self._lock = Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_turn = Turn()
_pools: dict[int, ThreadPoolExecutor] = {}
"""By number of helping threads. A pool's threads start when they are first needed and stay."""
in_child(_pools.clear)


def threads() -> int:
    """How many threads work on one question, at least 1."""
    asked = os.environ.get(VARIABLE, "")
    if asked.isdigit():
        return max(1, int(asked))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(work: Callable[[Part], Found], parts: Iterable[Part]) -> list[Found]:
    """``work`` on every part; results in the order of the parts.

    Parts are taken one by one by whoever is free: give a few times more of them than there are cores where they
    differ in size. The thread that asks works too, so work may itself ask for work in parallel. With one part or one
    thread nothing is handed over. Worth it for kernels that release the interpreter's lock and run for 0.1 ms or more.

    Raises:
        Exception: what the first part, in order, that failed raised; parts not yet begun are then left out.
    """
    given = list(parts)
    helpers = min(threads(), len(given)) - 1
    if helpers < 1:
        return [work(part) for part in given]
    found: list[Found | None] = [None] * len(given)
    failed: dict[int, BaseException] = {}
    turn = count()

    def take() -> None:
        while not failed and (at := next(turn)) < len(given):
            try:
                found[at] = work(given[at])
            except BaseException as error:  # told by the thread that asked
                failed[at] = error

    waiting = _handed_over(take, helpers)
    take()
    for one in waiting:
        if not one.cancel():
            one.result()
    if failed:
        raise failed[min(failed)]
    return found  # type: ignore[return-value]  # None stands only where a part failed, and none did


def _handed_over(take: Callable[[], None], helpers: int) -> list["Future[None]"]:
    most = max(1, threads() - 1)
    with _turn:
        if most not in _pools:
            _pools[most] = ThreadPoolExecutor(most, thread_name_prefix="core")
        return [_pools[most].submit(take) for _ in range(helpers)]


def ahead(parts: Iterable[Part], most: int = 1, name: str = "ahead") -> Iterator[Part]:
    """The same parts in the same order, made by a thread while the caller is busy with those before.

    At most ``most`` wait, and one more is being made. Whoever leaves early waits until that one is made.

    Raises:
        Exception: what making a part raised, after the parts before it.
    """
    made: Queue[tuple[list[Part], BaseException | None]] = Queue(max(1, most))
    left = Event()

    def put(found: list[Part], error: BaseException | None = None) -> None:
        while not left.is_set():
            try:
                return made.put((found, error), timeout=POLL_S)
            except Full:
                continue

    def work() -> None:
        try:
            for part in parts:
                put([part])
                if left.is_set():
                    return
            put([])
        except BaseException as error:  # told by the thread that asked
            put([], error)

    maker = Thread(target=work, name=name, daemon=True)
    maker.start()
    try:
        while True:
            found, error = made.get()
            if error is not None:
                raise error
            if not found:
                return
            yield found[0]
    finally:
        left.set()
        maker.join()
