"""The pictures of a simulation: curves, cost against benefit, final size. For the page and for notebooks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from engine.errors import BadParameterError
from engine.scenarios.report import charts, style
from engine.scenarios.report.charts import Point, Series
from engine.scenarios.report.folder import RunFolder, RunInfo, column, read_folder
from engine.scenarios.report.naming import setting_name
from engine.scenarios.report.numbers import digits_for, number
from engine.scenarios.report.parameters import value_text
from engine.scenarios.report.style import Picture
from engine.scenarios.report.texts import text
from engine.texts import Lang

MOST = 1 + len(style.COLOURS)
"""So many runs in one picture, at most: the baseline, and as many as there are colours."""
MOST_DOTS = 1_500
MOST_R_BANDS = 2
"""R of single replicates varies so much that the bands of more runs cover everything."""


def shown_runs(run: RunFolder) -> tuple[RunInfo, ...]:
    """The runs that are drawn together: all of them, or the first points of the sweep, the baseline first."""
    if len(run.runs) <= MOST:
        return run.runs
    first: list[RunInfo] = []
    for info in run.runs:
        if all(info.variant != other.variant for other in first):
            first.append(info)
    return tuple((first if len(first) > 1 else list(run.runs))[:MOST])


def shade(run: RunFolder, info: RunInfo) -> str:
    """The colour of a run, the same in every picture."""
    base = run.baseline
    others = [r.name for r in shown_runs(run) if base is None or r.name != base.name]
    if base is not None and info.name == base.name and others:
        return style.colour(0, baseline=True)
    return style.colour(others.index(info.name) if info.name in others else 0)


def label(run: RunFolder, info: RunInfo, lang: Lang) -> str:
    """The name of a run in a picture: without the point of the sweep where all that are drawn share it."""
    drawn = shown_runs(run)
    if len(drawn) > 1 and len(drawn) < len(run.runs) and all(r.values == drawn[0].values for r in drawn):
        return info.variant_title[0 if lang == "vi" else 1]
    return info.called(lang)


def _series(run: RunFolder, lang: Lang, table: str, **where: object) -> list[Series]:
    """Lines of the shown runs; ``incomplete`` days at the end are left out."""
    out = []
    base = run.baseline
    for info in shown_runs(run):
        rows = run.of(table, variant=info.name, **where)
        if rows is None:
            continue
        rows = rows.sort_by("day")
        middle, low, high = (column(rows, name) for name in ("median", "q05", "q95"))
        if "pooled" in rows.column_names:
            middle = column(rows, "pooled")
        if "complete" in rows.column_names:
            cut = ~np.asarray(rows["complete"].to_pylist(), bool)
            middle, low, high = (np.where(cut, np.nan, part) for part in (middle, low, high))
        if not np.isfinite(middle).any():
            continue
        first = base is not None and info.name == base.name
        out.append(Series(label(run, info, lang), column(rows, "day"), middle, low, high, shade(run, info), first))
    return out


def _facts(series: Sequence[Series], lang: Lang, peak: bool) -> str:
    parts = []
    for s in series:
        known = np.flatnonzero(np.isfinite(s.y))
        at = known[int(np.argmax(s.y[known]))] if peak else known[-1]
        value = number(float(s.y[at]), lang, digits_for(float(s.y[at])))
        key = "fact.peak" if peak else "fact.last"
        parts.append(text(key, lang, variant=s.name, value=value, day=number(float(s.x[at]), lang)))
    return "; ".join(parts) + "."


def some(run: RunFolder, lang: Lang, caption: str) -> str:
    """A caption that says which runs are drawn, when not all are."""
    shown = len(shown_runs(run))
    if shown == len(run.runs):
        return caption
    caption += " " + text("caption.some", lang, shown=shown, all=len(run.runs))
    at = held(run, lang)
    return f"{caption} {at}" if at else caption


def held(run: RunFolder, lang: Lang) -> str:
    """At which point of the sweep the drawn runs are, when their names do not say it; else empty."""
    first = shown_runs(run)[0]
    if label(run, first, lang) == first.called(lang):
        return ""
    parts = (f"{setting_name(p, run.scenario, lang)} = {value_text(v, lang)}" for p, v in first.values.items())
    return text("caption.held", lang, values="; ".join(parts))


def _by_day(run: RunFolder, lang: Lang, measure: str) -> Picture | None:
    series = _series(run, lang, "daily", measure=measure)
    if not series or all(not charts.greatest(s.y, s.high) for s in series):
        return None
    title = text(f"picture.{measure}", lang)
    figure = charts.lines(series, lang, text(f"measure.{measure}", lang), text("axis.day", lang))
    facts = _facts(series, lang, peak=measure != "cumulative_infections")
    caption = some(run, lang, text("caption.band", lang))
    return Picture(measure, title, caption, text("alt.lines", lang, title=title, facts=facts), figure)


def _r(run: RunFolder, lang: Lang, kind: str) -> Picture | None:
    series = _series(run, lang, "r", kind=kind)
    if not series:
        return None
    title = text(f"picture.r_{kind}", lang)
    one = text("r_one", lang)
    if len(series) > MOST_R_BANDS:
        series = [replace(s, low=None, high=None) for s in series]
    figure = charts.lines(series, lang, text("measure.r", lang), text("axis.day", lang), one=one)
    caption = some(run, lang, text(f"caption.r_{kind}", lang) + " " + text("caption.pooled", lang))
    alt = text("alt.lines", lang, title=title, facts=_facts(series, lang, peak=True))
    return Picture(f"r_{kind}", title, caption, alt, figure)


def _cost(run: RunFolder, lang: Lang) -> Picture | None:
    """Infections averted, against the baseline, over person-days in quarantine."""
    base, cloud = run.baseline, []
    if base is None:
        return None
    for info in shown_runs(run):
        cost, gain = run.total(info.name, "person_days_quarantine"), run.difference(info.name, "infections")
        if info.name == base.name:
            gain = gain or {"median": 0.0, "q05": 0.0, "q95": 0.0}
        if cost is None or gain is None:
            continue
        averted = (-gain["q95"], -gain["q05"])
        cloud.append(
            Point(label(run, info, lang), cost["median"], 0.0 - gain["median"], (cost["q05"], cost["q95"]), averted,
                  shade(run, info))
        )  # fmt: skip
    if len(cloud) < 2 or not any(p.x for p in cloud):
        return None
    title = text("picture.cost", lang)
    across, up = text("measure.person_days_quarantine", lang), text("measure.averted", lang)
    facts = "; ".join(
        text("fact.pair", lang, variant=p.name, y=f"{number(p.y, lang)} ({up})", x=f"{number(p.x, lang)} ({across})")
        for p in cloud
    )
    caption = some(run, lang, text("caption.cost", lang, baseline=label(run, base, lang)))
    alt = text("alt.other", lang, title=title, facts=facts + ".")
    return Picture("cost", title, caption, alt, charts.points(cloud, lang, across, up))


def _size(run: RunFolder, lang: Lang) -> Picture | None:
    """The attack rate of every replicate."""
    names, values, colours = [], [], []
    for info in shown_runs(run):
        rows = run.of("replicates", variant=info.name)
        if rows is None or "attack_rate" not in rows.column_names:
            continue
        sizes = 100 * column(rows, "attack_rate")
        names.append(label(run, info, lang))
        values.append(sizes[np.isfinite(sizes)][:MOST_DOTS])
        colours.append(shade(run, info))
    if not names or any(not v.size for v in values):
        return None
    title, across = text("picture.size", lang), text("measure.attack_rate", lang)
    facts = "; ".join(
        text("fact.value", lang, variant=name, value=number(float(np.median(v)), lang, 1) + " %")
        for name, v in zip(names, values, strict=True)
    )
    caption = some(run, lang, text("caption.size", lang))
    alt = text("alt.other", lang, title=title, facts=facts + ".")
    return Picture("size", title, caption, alt, charts.boxes(names, values, colours, lang, across))


PICTURES: dict[str, Callable[[RunFolder, Lang], Picture | None]] = {
    "infections": lambda run, lang: _by_day(run, lang, "infections"),
    "infectious": lambda run, lang: _by_day(run, lang, "infectious"),
    "cumulative_infections": lambda run, lang: _by_day(run, lang, "cumulative_infections"),
    "quarantined": lambda run, lang: _by_day(run, lang, "quarantined"),
    "size": _size,
    "cost": _cost,
    "r_day": lambda run, lang: _r(run, lang, "day"),
    "r_cohort": lambda run, lang: _r(run, lang, "cohort"),
}
"""Pictures by name, in the order of the page."""


def pictures(run: RunFolder, lang: Lang) -> list[Picture]:
    """All pictures for which the folder has numbers."""
    drawn = (draw(run, lang) for draw in PICTURES.values())
    return [picture for picture in drawn if picture is not None]


def draw_comparison(run: RunFolder | Path | str, picture: str = "infections", lang: Lang = "en") -> Figure:
    """One picture of a run folder as a matplotlib figure, for a notebook or for ``savefig``.

    Args:
        run: a run folder, or its path.
        picture: ``infections``, ``infectious``, ``cumulative_infections``, ``quarantined``, ``size``, ``cost``,
            ``r_day`` or ``r_cohort``.
        lang: language of the words in it.

    Raises:
        BadParameterError: no such picture, or the folder has no numbers for it.
    """
    if picture not in PICTURES:
        raise BadParameterError(f"there is no picture {picture!r}; there are {', '.join(PICTURES)}")
    drawn = PICTURES[picture](run if isinstance(run, RunFolder) else read_folder(Path(run)), lang)
    if drawn is None:
        raise BadParameterError(f"the run has no numbers for the picture {picture!r}")
    return drawn.figure
