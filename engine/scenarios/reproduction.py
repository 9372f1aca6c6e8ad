"""Reproduction numbers of the replicates: by day of transmission, and by cohort of those infected on a day."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.scenarios.ensemble import Ensemble
from engine.scenarios.generation import ripe_after
from engine.scenarios.outcome import DAILY
from engine.scenarios.quantiles import NAMES, known_quantiles

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int32]

LEAST_PRESSURE = 1.0
"""By day: replicates in which less than one person's worth of earlier infections is due have no R of the day."""
BLOCK_BYTES = 1 << 26
"""Numbers of all replicates looked at in one go, in bytes."""


def by_day(infections: Counts, local: Counts, weights: Floats) -> tuple[Floats, Floats]:
    """Local infections of each day, and what they are divided by, each of shape (replicates, days).

    R of day t = local(t) / sum over s of g(s) infections(t - s): infections of the day that did not come from outside,
    over all earlier infections weighted by the generation interval g (Fraser 2007; no smoothing over days).
    """
    pressure = np.zeros(infections.shape)
    for s, weight in enumerate(weights[: infections.shape[1] - 1], start=1):
        pressure[:, s:] += weight * infections[:, :-s]
    return local.astype(np.float64), pressure


def reproduction_table(variant: str, ensemble: Ensemble, weights: Floats) -> pa.Table:
    """R by day of the run: a row a day and kind.

    Inputs: ``weights`` as of ``generation.generation_interval``.

    Returns:
        ``kind`` ``day``: see :func:`by_day`, from day 1, over replicates whose divisor is at least ``LEAST_PRESSURE``
        (the divisor is known before the day is drawn: leaving others out does not bend the mean). ``kind`` ``cohort``:
        mean number of people infected, up to the end of the run, by those infected on the day, over replicates in
        which there are such; ``complete`` is false where the end of the run cuts more than 1 % of their time.
        ``n``: those replicates; ``pooled``: the ratio of the sums over all replicates. Null where there is none.
    """
    rows: dict[str, list[pa.Array]] = {}
    last = ensemble.days - ripe_after(weights)
    for first, until in day_blocks(ensemble):
        days = np.arange(first, until)
        size = ensemble.records.read("cohort_size", first, until, ensemble.count)
        offspring = ensemble.records.read("cohort_offspring", first, until, ensemble.count)
        _add(rows, variant, "cohort", days, offspring.astype(np.float64), size.astype(np.float64), 1.0, days < last)
        low = max(first - len(weights), 0)
        infections = ensemble.records.column("infections", low, until, ensemble.count)
        local = infections - ensemble.records.column("outside_infections", low, until, ensemble.count)
        above, below = by_day(infections, local, weights)
        keep = slice(max(first, 1) - low, None)
        days = days[days > 0]
        if len(days):
            _add(rows, variant, "day", days, above[:, keep], below[:, keep], LEAST_PRESSURE, np.ones(len(days), bool))
    table = pa.table({name: pa.concat_arrays(parts) for name, parts in rows.items()})
    return table.sort_by([("kind", "ascending"), ("day", "ascending")])


def day_blocks(ensemble: Ensemble) -> Iterator[tuple[int, int]]:
    """Spans of days whose numbers, of all replicates, fit in ``BLOCK_BYTES``."""
    step = max(BLOCK_BYTES // max(ensemble.count * len(DAILY) * 4, 1), 1)
    for first in range(0, ensemble.days, step):
        yield first, min(first + step, ensemble.days)


def _add(rows: dict[str, list[pa.Array]], variant: str, kind: str, days: npt.NDArray[np.int64], above: Floats,
         below: Floats, least: float, complete: npt.NDArray[np.bool_]) -> None:  # fmt: skip
    ratio = np.where(below >= least * (1 - 1e-12), above / np.where(below > 0, below, 1.0), np.nan)
    found, mean, number = known_quantiles(ratio)
    total = below.sum(axis=0)
    pooled = np.where(total > 0, above.sum(axis=0) / np.where(total > 0, total, 1.0), np.nan)
    columns: dict[str, object] = {"variant": [variant] * len(days), "kind": [kind] * len(days), "day": days}
    columns |= {name: found[i] for i, name in enumerate(NAMES)} | {"mean": mean, "pooled": pooled}
    columns |= {"n": number, "complete": complete}
    for name, values in columns.items():
        rows.setdefault(name, []).append(pa.array(values, from_pandas=True))
