"""Numbers by week: week k is days 7k to 7k + 6 of the run."""

import numpy as np
import numpy.typing as npt

from engine.scenarios.outcome import DAILY

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SUMS = ("infections", "outside_infections", "onsets", "traced", "tests", "positives", "false_positives", "deaths")
"""Events: the sum of the week's days."""
SHARES = {
    "quarantined_share": "quarantined",
    "false_quarantined_share": "false_quarantined",
    "isolated_share": "isolated",
    "infectious_share": "infectious",
}
"""States: the mean, over the week's days that the run has, of the share of people."""
CUMULATIVE = "cumulative_onsets_share"
LAST_WEEK = 9
"""Of ``onsets_week9``."""


def weeks_of(days: int) -> int:
    """Weeks of a run, the last one may be cut."""
    return -(-days // 7)


MEASURES = (*SUMS, *SHARES, CUMULATIVE)
"""Measures by week."""


def weekly_values(name: str, daily: npt.NDArray[np.int32], late: npt.NDArray[np.int32], people: int) -> Floats:
    """A measure by week, shape (replicates, weeks).

    Inputs: ``name`` of ``MEASURES``; ``daily`` (replicates, days, len(DAILY)); ``late`` (replicates, 60): onsets after
    the last day.

    Returns:
        For events of ``SUMS`` their number (onsets of a cut last week with the late ones of that week); for states of
        ``SHARES`` the mean daily share; for ``cumulative_onsets_share`` the people infected within the run whose onset
        falls in weeks 0 to k (floor(onset / 7) <= k), late onsets counted, over all people.
    """
    days = daily.shape[1]
    weeks = weeks_of(days)
    column = _column(daily, {**SHARES, CUMULATIVE: "onsets"}.get(name, name))
    whole = _with_late(column, late, weeks * 7) if name in ("onsets", CUMULATIVE) else _padded(column, weeks * 7)
    sums = whole.reshape(len(daily), weeks, 7).sum(axis=2)
    if name in SHARES:
        return np.asarray(sums / np.minimum(days - 7 * np.arange(weeks), 7) / people, np.float64)
    if name == CUMULATIVE:
        return np.asarray(np.cumsum(sums, axis=1) / people, np.float64)
    return np.asarray(sums, np.float64)


def onsets_by_week9(daily: npt.NDArray[np.int32], late: npt.NDArray[np.int32], people: int) -> Floats:
    """Cumulative onsets with floor(onset / 7) <= 9 over people, late ones counted, shape (replicates,).

    NaN for runs so short that day 69 lies after the late onsets that are known.
    """
    until = 7 * (LAST_WEEK + 1)
    onsets = _column(daily, "onsets")
    if onsets.shape[1] + late.shape[1] < until:
        return np.full(len(daily), np.nan)
    return np.asarray(_with_late(onsets, late, until).sum(axis=1) / people, np.float64)


def _column(daily: npt.NDArray[np.int32], name: str) -> Ints:
    return daily[:, :, DAILY.index(name)].astype(np.int64)


def _padded(values: Ints, days: int) -> Ints:
    return np.pad(values, ((0, 0), (0, days - values.shape[1])))


def _with_late(onsets: Ints, late: npt.NDArray[np.int32], days: int) -> Ints:
    """The first ``days`` days of onsets, late ones joined on."""
    return np.concatenate([onsets, late.astype(np.int64)], axis=1)[:, :days]
