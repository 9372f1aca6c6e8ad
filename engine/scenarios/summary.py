"""What a run comes to: medians and intervals over its replicates, as tables.

All quantiles are over replicates; ``q05`` to ``q95`` is the interval in which 90 % of single epidemics end.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.scenarios.ensemble import Ensemble, attack_rates
from engine.scenarios.outcome import DAILY
from engine.scenarios.quantiles import NAMES, NORMAL_95, median_interval, quantiles, se_mean
from engine.scenarios.reproduction import day_blocks, reproduction_table
from engine.scenarios.weekly import MEASURES, onsets_by_week9, weekly_values

Floats = npt.NDArray[np.float64]
Values = Mapping[str, Floats]
"""Measures of a run, a number a replicate."""
CUMULATIVE_DAILY = {"cumulative_infections": "infections", "cumulative_onsets": "onsets"}
"""Sums from day 0 to the end of the day."""
SUMS = ("infections", "outside_infections", "traced", "tests", "positives", "false_positives", "deaths")
TOTALS = pa.schema(
    [("variant", pa.string()), ("measure", pa.string()), ("n", pa.int64())]
    + [(name, pa.float64()) for name in (*NAMES, "mean", "sd", "se_mean", "se_median", "median_low", "median_high")]
)
"""Columns of ``totals``."""
PERSON_DAYS = {
    "person_days_quarantine": "quarantined",
    "false_person_days_quarantine": "false_quarantined",
    "person_days_isolation": "isolated",
}


def replicate_values(ensemble: Ensemble) -> dict[str, Floats]:
    """Measures of each replicate, each of shape (replicates,).

    - ``attack_rate``: people infected by the end, those of the start and from outside counted, over all people.
    - ``onsets_week9``: onsets with floor(onset / 7) <= 9 over all people, those after the last day counted; NaN when
      the run ends before day 9.
    - ``infections``, ``outside_infections``, ``traced``, ``tests``, ``positives``, ``false_positives``, ``deaths``:
      sums over the days.
    - ``peak_infectious``: the most people infectious at the end of a day; ``peak_day``: the first such day.
    - ``person_days_quarantine``: sum over days of people quarantined at their end; ``false_...`` of those never
      infected so far; ``true_...`` the difference. ``person_days_isolation`` the same of the isolated.
    - ``quarantined_week_k``: mean over days 7k to 7k + 6 of the share of people in quarantine.

    Cost: one pass through the records, bounded memory beside what is returned.
    """
    parts: dict[str, list[Floats]] = {}
    for _, block in ensemble.records.blocks(ensemble.count):
        for name, values in _block_values(block["daily"], block["late_onsets"], ensemble.people).items():
            parts.setdefault(name, []).append(values)
    out = {"attack_rate": attack_rates(ensemble.records, ensemble.people, ensemble.count)}
    return out | {name: np.concatenate(values) for name, values in parts.items()}


def _block_values(daily: npt.NDArray[np.int32], late: npt.NDArray[np.int32], people: int) -> dict[str, Floats]:
    out = {"onsets_week9": onsets_by_week9(daily, late, people)}
    sums = daily.sum(axis=1, dtype=np.int64).astype(np.float64)
    out |= {name: sums[:, DAILY.index(name)] for name in SUMS}
    infectious = daily[:, :, DAILY.index("infectious")]
    out["peak_infectious"] = infectious.max(axis=1).astype(np.float64)
    out["peak_day"] = infectious.argmax(axis=1).astype(np.float64)
    out |= {name: sums[:, DAILY.index(state)] for name, state in PERSON_DAYS.items()}
    out["true_person_days_quarantine"] = out["person_days_quarantine"] - out["false_person_days_quarantine"]
    weeks = weekly_values("quarantined_share", daily, late, people)
    return out | {f"quarantined_week_{week}": weeks[:, week] for week in range(weeks.shape[1])}


def totals_table(variant: str, values: Values) -> pa.Table:
    """A row a measure: quantiles, mean, standard deviation, and how sure mean and median are.

    ``se_mean`` is sd / sqrt(n); ``median_low`` to ``median_high`` the 95 % interval of the median from order statistics
    (binomial), ``se_median`` a 3.92th of its length. Null where there are too few replicates.
    """
    rows = []
    for measure, numbers in values.items():
        low, high = median_interval(numbers)
        row: dict[str, object] = {"variant": variant, "measure": measure}
        row |= dict(zip(NAMES, quantiles(numbers).tolist(), strict=True))
        row |= {"mean": float(numbers.mean()), "sd": sd(numbers), "n": len(numbers), "se_mean": se_mean(numbers)}
        row |= {"se_median": (high - low) / (2 * NORMAL_95), "median_low": low, "median_high": high}
        rows.append(row)
    return table_of(rows, TOTALS)


def replicates_table(variant: str, values: Values) -> pa.Table:
    """A row a replicate, a column a measure."""
    count = len(next(iter(values.values())))
    columns = {"variant": pa.array([variant] * count), "replicate": pa.array(np.arange(count, dtype=np.int32))}
    return pa.table(columns | {name: pa.array(numbers, from_pandas=True) for name, numbers in values.items()})


def daily_table(variant: str, ensemble: Ensemble) -> pa.Table:
    """A row a day and measure: ``outcome.DAILY`` and the sums ``CUMULATIVE_DAILY``; memory bounded."""
    parts: dict[str, list[pa.Table]] = {}
    so_far = {name: np.zeros((ensemble.count, 1), np.int64) for name in CUMULATIVE_DAILY}
    for first, until in day_blocks(ensemble):
        daily = ensemble.records.read("daily", first, until, ensemble.count)
        days = np.arange(first, until)
        for i, name in enumerate(DAILY):
            parts.setdefault(name, []).append(_over(variant, "day", days, name, daily[:, :, i]))
        for name, column in CUMULATIVE_DAILY.items():
            sums = so_far[name] + np.cumsum(daily[:, :, DAILY.index(column)], axis=1, dtype=np.int64)
            so_far[name] = sums[:, -1:]
            parts.setdefault(name, []).append(_over(variant, "day", days, name, sums))
    return pa.concat_tables([part for measure in parts.values() for part in measure])


def weekly_table(variant: str, ensemble: Ensemble) -> pa.Table:
    """A row a week and measure of ``weekly.MEASURES``."""
    parts = []
    for measure in MEASURES:
        values = np.concatenate(
            [
                weekly_values(measure, block["daily"], block["late_onsets"], ensemble.people)
                for _, block in ensemble.records.blocks(ensemble.count)
            ]
        )
        parts.append(_over(variant, "week", np.arange(values.shape[1]), measure, values))
    return pa.concat_tables(parts)


def summarise(variant: str, ensemble: Ensemble, weights: Floats) -> tuple[dict[str, pa.Table], dict[str, Floats]]:
    """The tables ``totals``, ``daily``, ``weekly``, ``r``, ``replicates`` of a run, and its :func:`replicate_values`.

    Inputs: ``weights`` the generation interval (``generation.generation_interval``).
    """
    values = replicate_values(ensemble)
    tables = {
        "totals": totals_table(variant, values),
        "daily": daily_table(variant, ensemble),
        "weekly": weekly_table(variant, ensemble),
        "r": reproduction_table(variant, ensemble, weights),
        "replicates": replicates_table(variant, values),
    }
    return tables, values


def sd(values: Floats) -> float:
    """Standard deviation (n - 1); NaN of one value."""
    return float(values.std(ddof=1)) if len(values) > 1 else math.nan


def table_of(rows: Sequence[Mapping[str, object]], schema: pa.Schema | None = None) -> pa.Table:
    """Rows as a table; NaN becomes null."""
    clean = [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows]
    return pa.Table.from_pylist(clean, schema=schema)


def _over(
    variant: str, step: str, steps: npt.NDArray[np.int64], measure: str, values: npt.NDArray[np.generic]
) -> pa.Table:
    """Quantiles and mean over replicates of (replicates, steps)."""
    found = quantiles(values)
    columns: dict[str, object] = {"variant": [variant] * len(steps), step: steps, "measure": [measure] * len(steps)}
    columns |= {name: found[i] for i, name in enumerate(NAMES)}
    return pa.table(columns | {"mean": np.asarray(values).mean(axis=0, dtype=np.float64)})
