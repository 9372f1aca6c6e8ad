"""Replicates of one run over threads: the same answer for any number of them, early stop, resume, bounded memory."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.errors import BadParameterError, CancelledError
from engine.scenarios.chains import Chains
from engine.scenarios.model import Precision, Simulation
from engine.scenarios.outcome import DAILY, Outcome
from engine.scenarios.quantiles import half_width
from engine.scenarios.records import Records, temporary
from engine.scenarios.world import World

BATCH = 16
"""Replicates between two decisions. Fixed: where a run stops must not depend on threads, or on having been resumed."""
_LOOK_S = 0.2
"""Between two looks at whether somebody cancelled."""

Replicate = Callable[[int], Outcome]
"""The replicate of a number; called from several threads at once."""
Simulator = Callable[[World, Simulation, bool], Replicate]
"""What makes the replicates of a run from its world and settings; True: with chains."""


@dataclass(frozen=True)
class Wish:
    """How many replicates, and how they are made."""

    replicates: int
    precision: Precision | None = None
    """Stop early, at the end of a batch, when the 95 % half-width of the mean attack rate is this narrow."""
    chains: bool = False
    workers: int = 2
    progress: Callable[[int, int], None] | None = None
    """Told (replicates done, replicates at most) after every batch, by the calling thread."""
    cancelled: Callable[[], bool] | None = None
    """Asked about five times a second."""


@dataclass(frozen=True)
class Ensemble:
    """The replicates of one run. Close ``records`` when done."""

    people: int
    days: int
    count: int
    """Replicates that count: a file that is resumed may hold more."""
    records: Records
    chains: Chains | None = None
    stopped_early: bool = False
    half_width: float = float("inf")
    """Of the 95 % interval of the mean attack rate."""
    resumed: int = field(default=0, compare=False)
    """Replicates that were there before."""

    def attack_rates(self) -> npt.NDArray[np.float64]:
        """See :func:`attack_rates`."""
        return attack_rates(self.records, self.people, self.count)


def attack_rates(records: Records, people: int, count: int | None = None) -> npt.NDArray[np.float64]:
    """People infected by the end, those of the start and from outside counted, over all people; shape (replicates,)."""
    parts = [
        block["daily"][:, :, DAILY.index("infections")].sum(axis=1, dtype=np.int64)
        for _, block in records.blocks(count)
    ]
    return np.concatenate(parts) / people if parts else np.empty(0)


def run_replicates(one: Replicate, people: int, days: int, wish: Wish, records: Records | None = None,
                   chains: Chains | None = None) -> Ensemble:  # fmt: skip
    """Replicates 0, 1, ... until there are enough.

    Inputs: ``one`` makes a replicate and lets go of the interpreter while it works; ``records`` (and ``chains``, when
    they are wished) of an earlier, unfinished run of the same settings, or none. What is there is not made again.

    Returns:
        The first ``wish.replicates``, or those up to the first end of a batch at which the precision is reached: a
        function of the replicates alone, whatever the threads, and however often the run was interrupted.

    Raises:
        CancelledError: on request; whole batches are kept in ``records``.
        StorageFullError: no room for the records; the batches before are kept.

    Cost: the replicates over the threads; memory of about a batch and ``wish.workers`` replicates.
    """
    if wish.workers < 1:
        raise BadParameterError(f"workers is {wish.workers}: give at least 1")
    records = temporary(days) if records is None else records
    if wish.chains and chains is None:
        chains = Chains.temporary()
    if chains is not None:
        records.count = min(records.count, chains.whole(records.count))
        chains.cut(records.count)
    resumed = records.count
    decisions = _Decisions(people, wish)
    for _, block in records.blocks(min(resumed, wish.replicates)):
        decisions.add(block["daily"])
    if wish.progress is not None:
        wish.progress(decisions.count, wish.replicates)
    if not decisions.done:
        _make(one, records, chains, decisions, wish)
    count = decisions.count
    return Ensemble(
        people, days, count, records, chains, count < wish.replicates, decisions.width(), min(resumed, count)
    )


class _Decisions:
    """Whether it is enough, asked at every end of a batch in order."""

    def __init__(self, people: int, wish: Wish) -> None:
        self.people, self.wish = people, wish
        self.rates = np.empty(wish.replicates)
        self.seen = 0
        self.count = 0
        """Replicates up to the last end of a batch that was looked at."""
        self.done = False

    def add(self, daily: npt.NDArray[np.int32]) -> None:
        """The next replicates' numbers, shape (replicates, days, columns)."""
        infected = daily[:, :, DAILY.index("infections")].sum(axis=1, dtype=np.int64)
        self.rates[self.seen : self.seen + len(infected)] = infected / self.people
        self.seen += len(infected)
        while not self.done and self.end() <= self.seen:
            self.count = self.end()
            self.done = self.count == self.wish.replicates or self._precise()

    def end(self) -> int:
        """The next end of a batch."""
        return min((self.count // BATCH + 1) * BATCH, self.wish.replicates)

    def width(self) -> float:
        """Half the 95 % interval of the mean attack rate so far."""
        return half_width(self.rates[: self.count])

    def _precise(self) -> bool:
        precision = self.wish.precision
        return precision is not None and self.count >= precision.at_least and self.width() <= precision.half_width


def _make(one: Replicate, records: Records, chains: Chains | None, decisions: _Decisions, wish: Wish) -> None:
    """Batches until it is enough. Threads work ahead into the next batch; what is not wanted then is dropped."""
    ahead: deque[Future[Outcome]] = deque()
    batch: list[Outcome] = []
    pool = ThreadPoolExecutor(wish.workers, thread_name_prefix="replicate")
    try:
        while not decisions.done:
            # What the pool works on and what waits behind the slowest are at most a batch and some.
            while len(ahead) < BATCH + wish.workers and records.count + len(batch) + len(ahead) < wish.replicates:
                ahead.append(pool.submit(one, records.count + len(batch) + len(ahead)))
            batch.append(_result(ahead.popleft(), wish))
            if records.count + len(batch) < decisions.end():
                continue
            if chains is not None:
                chains.append(records.count, batch)
            records.append(batch)
            decisions.add(np.stack([outcome.daily for outcome in batch]))
            batch = []
            if wish.progress is not None:
                wish.progress(records.count, wish.replicates)
    finally:
        pool.shutdown(cancel_futures=True)


def _result(future: Future[Outcome], wish: Wish) -> Outcome:
    while True:
        if wish.cancelled is not None and wish.cancelled():
            raise CancelledError("cancelled; run it again to go on from the last whole batch")
        if wait([future], _LOOK_S).done:
            return future.result()
