"""How good are the answers? Against the truth of a sample city: recall, AUC, reliability."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import UnreadableFileError
from engine.graph.eligibility import CHANNEL_NAMES
from engine.scenarios.study_scores import auc, wilson
from engine.service.engine import Engine

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
MIXES: dict[str, frozenset[str] | None] = {"all": None, **{name: frozenset({name}) for name in CHANNEL_NAMES}}
"""Channel mixes that are compared."""
TOGETHER = 256
"""Cases traced together; progress is told after each lot."""
BIN_EDGES = (0.0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Bins of predicted probability, about three a decade: most contacts are brief."""


@dataclass(frozen=True)
class Truth:
    """Who infected whom, from a sample city's truth folder."""

    infections: int
    outside: int
    """Infections that came from outside the city."""
    pairs: frozenset[tuple[str, str]]
    """(infector, infected) within the city."""


@dataclass(frozen=True)
class MixResult:
    """One channel mix: how many true pairs are among the F1, and at what cost."""

    mix: str
    found: int
    f1: int
    """F1 rows over all cases."""
    auc: float | None
    """Of ``probability`` against truth over those rows; None when one of the classes is empty."""


@dataclass(frozen=True)
class Bin:
    """One row of the reliability table: predictions in [low, high)."""

    low: float
    high: float
    n: int
    predicted: float
    realised: float
    realised_low: float
    realised_high: float
    """95 % Wilson interval of the realised share."""


@dataclass(frozen=True)
class Evaluation:
    """The whole comparison."""

    cases: int
    truth: Truth
    pairs: int
    """True pairs whose infector is a detected case: what F1 tracing could find."""
    hidden: int
    """True pairs with an undetected infector."""
    mixes: tuple[MixResult, ...]
    reliability: tuple[Bin, ...]
    positives: int


def read_truth(folder: Path) -> Truth:
    """The truth beside a sample city's events.

    Raises:
        UnreadableFileError: there is none, or it cannot be read.
    """
    path = folder / "truth" / "infections.parquet"
    try:
        table = pq.read_table(path, columns=["infected", "infector"])
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableFileError(f"{path}: {error}") from None
    rows = zip(table.column("infector").to_pylist(), table.column("infected").to_pylist(), strict=True)
    pairs = frozenset((a, b) for a, b in rows if a is not None)
    return Truth(table.num_rows, table.num_rows - len(pairs), pairs)


def evaluate(engine: Engine, truth: Truth, progress: Callable[[float], None] | None = None) -> Evaluation:
    """Compare the F1 of every case, under the default policy, with the truth.

    Cost: the evidence of the cases, once a channel mix, on as many cores as there are.
    """
    cases = [case.person for case in engine.cases()]
    known = frozenset(cases)
    findable = {pair for pair in truth.pairs if pair[0] in known}
    results, chances, infected = [], np.empty(0), np.empty(0, np.bool_)
    for done, (mix, channels) in enumerate(MIXES.items()):
        chance: list[float] = []
        true: list[bool] = []
        for first in range(0, len(cases), TOGETHER):
            some = cases[first : first + TOGETHER]
            for case, found in zip(some, engine.direct_contacts(some, channels=channels), strict=True):
                chance += found.values()
                true += [(case, person) in findable for person in found]
            if progress is not None:
                progress((done + (first + len(some)) / len(cases)) / len(MIXES))
        p, y = np.array(chance), np.array(true, np.bool_)
        results.append(MixResult(mix, int(y.sum()), len(y), auc(p, y)))
        if mix == "all":
            chances, infected = p, y
    return Evaluation(
        cases=len(cases),
        truth=truth,
        pairs=len(findable),
        hidden=len(truth.pairs) - len(findable),
        mixes=tuple(results),
        reliability=reliability(chances, infected),
        positives=int(infected.sum()),
    )


def reliability(predicted: Floats, realised: Flags) -> tuple[Bin, ...]:
    """Predicted against realised, by bins of the prediction; empty bins are left out."""
    rows = []
    index = np.clip(np.searchsorted(BIN_EDGES, predicted, side="right") - 1, 0, len(BIN_EDGES) - 2)
    for b in range(len(BIN_EDGES) - 1):
        here = index == b
        n = int(here.sum())
        if n:
            k = int(realised[here].sum())
            mean = float(predicted[here].mean())
            rows.append(Bin(BIN_EDGES[b], BIN_EDGES[b + 1], n, mean, k / n, *wilson(k, n)))
    return tuple(rows)
