"""What ``estimate:`` of a scenario can take from the data."""

from collections.abc import Mapping

import numpy as np

from engine.scenarios.estimates.cases import CaseList, reference
from engine.scenarios.estimates.delays import estimate_delay, estimate_incubation
from engine.scenarios.estimates.options import Options
from engine.scenarios.estimates.tables import Row, Setting, distribution_of, rows_of_fit
from engine.scenarios.study_scores import wilson


def settings_of(cases: CaseList, options: Options) -> tuple[Mapping[str, Setting], list[Row]]:
    """What ``estimate:`` of a scenario can take from the data."""
    rows: list[Row] = []
    got = estimate_incubation(
        cases.date("exposed_from"), cases.date("exposed_to"), cases.date("onset"), cases.resolution("onset"),
        options.seed,
    )  # fmt: skip
    path = "course.incubation"
    if got is None:
        incubation = Setting(path, None, 0, "estimate.reason.no_exposure")
    else:
        incubation = Setting(path, distribution_of(got.fits[0]), got.n)
        rows.append(Row("incubation", "", None, None, "mean", got.mean, got.mean_low, got.mean_high, got.n))
        for fit in got.fits:
            rows += rows_of_fit("incubation", "", fit)
    path = "measures.isolation.delay"
    days, resolution = cases.delay("onset", "isolated")
    good = np.isfinite(days) & (days >= 0)
    isolation = Setting(path, None, int(good.sum()), "estimate.reason.few_isolated")
    if good.any():
        delay = estimate_delay(days, resolution, resamples=2)
        if delay.fits:
            isolation = Setting(path, distribution_of(delay.fits[0]), delay.n)
    asymptomatic, more = _asymptomatic(cases)
    settings = {"incubation": incubation, "isolation_delay": isolation, "asymptomatic_share": asymptomatic}
    return settings, rows + more


SETTLED_D = 7.0
"""A case confirmed less than this before the end may yet fall ill."""


def _asymptomatic(cases: CaseList) -> tuple[Setting, list[Row]]:
    """Share without onset among cases infected, or else confirmed, long enough ago (Wilson interval)."""
    at = reference(cases)
    for name in ("confirmed", "infected"):
        at = np.where(np.isfinite(cases.date(name)), cases.date(name), at)
    with np.errstate(invalid="ignore"):
        settled = at <= cases.last - SETTLED_D
    onset = np.isfinite(cases.date("onset"))
    path = "course.asymptomatic_share"
    n = int(settled.sum())
    if n < 20 or not onset.any():
        return Setting(path, None, n, "estimate.reason.few_settled"), []
    if onset[settled].all():
        return Setting(path, None, n, "estimate.reason.all_onset"), []
    share = float((settled & ~onset).sum() / n)
    row = Row("asymptomatic", "", None, None, "share", share, *wilson(int((settled & ~onset).sum()), n), n)
    return Setting(path, round(share, 4), n), [row]
