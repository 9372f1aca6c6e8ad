"""Runs beside their baseline, replicate by replicate: both draw the same random numbers, so most noise cancels."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from engine.scenarios.quantiles import NAMES, NORMAL_95, quantiles, se_mean
from engine.scenarios.summary import Values, sd, table_of

NEITHER = ("traced", "tests", "positives", "false_positives", "outside_infections", "true_person_days_quarantine")
"""Measures of which less is neither good nor bad."""
HIGHER = ("peak_day",)
"""Measures of which more is better: a later peak."""
_REALS = (*NAMES, "mean", "sd", "se_mean", "mean_low", "mean_high", "relative", "better", "equal")
DIFFERENCES = pa.schema(
    [("variant", pa.string()), ("baseline", pa.string()), ("measure", pa.string()), ("n", pa.int64())]
    + [(name, pa.float64()) for name in _REALS]
)
"""Columns of ``differences``."""


class Planned(Protocol):
    """What is asked of a plan: its name, its variant, and its point of the sweep."""

    @property
    def name(self) -> str:
        """Unique among the runs."""

    @property
    def variant(self) -> str:
        """The variant it is a point of."""

    @property
    def values(self) -> dict[str, object]:
        """Paths and values of the sweep."""


def baseline_of(plan: Planned, plans: Sequence[Planned], baseline: str) -> str | None:
    """Name of the run that ``plan`` is compared with; None: with none.

    Another variant is compared with the baseline variant at the same point of the sweep; the baseline variant's own
    points with its first one.
    """
    points = [other for other in plans if other.variant == baseline]
    if plan.variant != baseline:
        points = [other for other in points if other.values == plan.values]
    return points[0].name if points and points[0].name != plan.name else None


def difference_rows(name: str, values: Values, baseline: str, base: Values) -> list[dict[str, object]]:
    """Variant minus baseline, a row a measure that both have, over the replicates that both have.

    - ``median``, ``q05`` .. ``q95``: of the paired differences, which is not the difference of the medians;
    - ``mean``, ``sd``, ``se_mean`` and the 95 % interval ``mean_low`` to ``mean_high`` of the mean difference (normal);
    - ``relative``: mean difference over the baseline's mean; null when that is 0;
    - ``better``: share of replicates in which the variant is strictly better: lower (``HIGHER``: higher), null for
      ``NEITHER``; ``equal``: share in which both are the same.
    """
    rows = []
    for measure in values:
        if measure not in base:
            continue
        n = min(len(values[measure]), len(base[measure]))
        there = base[measure][:n]
        gap = values[measure][:n] - there
        mean, error = float(gap.mean()), se_mean(gap)
        row: dict[str, object] = {"variant": name, "baseline": baseline, "measure": measure, "n": n}
        row |= dict(zip(NAMES, quantiles(gap).tolist(), strict=True))
        row |= {"mean": mean, "sd": sd(gap), "se_mean": error}
        row |= {"mean_low": mean - NORMAL_95 * error, "mean_high": mean + NORMAL_95 * error}
        row["relative"] = mean / float(there.mean()) if there.mean() else None
        gains = gap > 0 if measure in HIGHER else gap < 0
        known = bool(np.isfinite(gap).all())
        row["better"] = float(gains.mean()) if known and measure not in NEITHER else None
        row["equal"] = float((gap == 0).mean()) if known else None
        rows.append(row)
    return rows


def differences_table(runs: dict[str, Values], plans: Sequence[Planned], baseline: str) -> pa.Table:
    """Every run beside its baseline, as columns ``DIFFERENCES``; empty when there is one run.

    Inputs: ``runs`` the measures of each replicate by name of the run; ``baseline`` a variant.
    """
    rows: list[dict[str, object]] = []
    for plan in plans:
        base = baseline_of(plan, plans, baseline)
        if base is not None:
            rows += difference_rows(plan.name, runs[plan.name], base, runs[base])
    return table_of(rows, DIFFERENCES)
