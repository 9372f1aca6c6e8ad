"""The kinds of charts: lines with bands, points with bars, boxes of replicates, heat maps. Data in, a figure out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text as MplText
from matplotlib.ticker import MaxNLocator

from engine.scenarios.report import style
from engine.scenarios.report.numbers import digits_for, number
from engine.scenarios.report.placing import along, placed
from engine.texts import Lang

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """A named line or cloud; ``low`` and ``high`` are the ends of its interval, of the same length as ``y``."""

    name: str
    x: Reals
    y: Reals
    low: Reals | None
    high: Reals | None
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Point:
    """One variant in a plane, with intervals both ways (low, high)."""

    name: str
    x: float
    y: float
    x_range: tuple[float, float] | None
    y_range: tuple[float, float] | None
    colour: str


def lines(
    series: Sequence[Series],
    lang: Lang,
    up: str,
    across: str,
    one: str | None = None,
    dots: bool = False,
    keyed: bool = False,
) -> Figure:
    """Lines with bands and their names at the ends (or in a key); ``one`` names a line at 1, ``dots`` mark values."""
    with style.styled():
        figure, ax = style.axes(lang, right=0.67)
        for s in series:
            if s.low is not None and s.high is not None:
                ax.fill_between(s.x, s.low, s.high, color=s.colour, alpha=0.16 if len(series) < 5 else 0.11, lw=0)
            ax.plot(s.x, s.y, color=s.colour, lw=1.8, ls="--" if s.dashed else "-", marker="o" if dots else "", ms=4)
        ax.margins(x=0.01 if not dots else 0.04)
        top = max((greatest(s.y, s.high) for s in series), default=1.0)
        ax.set_ylim(0 if _positive(series) else None, top * 1.04 if top > 0 else None)
        if one is not None:
            ax.axhline(1, color=style.INK, lw=0.9, ls=":")
            ax.text(1.01, 1, one, transform=ax.get_yaxis_transform(), fontsize=9, va="center", color=style.FAINT)
        ax.yaxis.set_major_locator(MaxNLocator(5))
        style.top_label(ax, up)
        style.whole_days(ax, across)
        if dots:
            ax.xaxis.set_major_locator(MaxNLocator(6))
        _name_lines(ax, [s for s in series if np.isfinite(s.y).any()], keyed)
    return figure


def _name_lines(ax: Axes, series: Sequence[Series], keyed: bool) -> None:
    """Names at the ends of the lines; where these run together, a key beside them, the highest line first."""
    last = [float(s.y[np.isfinite(s.y)][-1]) for s in series]
    low, high = ax.get_ylim()
    if keyed or (len(series) > 1 and max(last) - min(last) < 0.3 * (high - low)):
        order = sorted(series, key=lambda s: -greatest(s.y))
        style.key(ax, [(s.name, s.colour, s.dashed) for s in order])
    else:
        style.label_ends(ax, [(y, s.name, s.colour) for y, s in zip(last, series, strict=True)])


def greatest(*columns: Reals | None) -> float:
    """The greatest number that is known in any of the columns; 0 where none is."""
    known = [part[np.isfinite(part)] for part in columns if part is not None]
    return float(np.concatenate([*known, np.empty(0)]).max(initial=-math.inf)) if any(k.size for k in known) else 0.0


def _positive(series: Sequence[Series]) -> bool:
    return all(
        float(part[np.isfinite(part)].min()) >= 0
        for s in series
        for part in (s.y, s.low)
        if part is not None and np.isfinite(part).any()
    )


def points(
    cloud: Sequence[Point], lang: Lang, across: str, up: str, joined: Sequence[tuple[float, float]] = ()
) -> Figure:
    """Named points with bars both ways; ``joined`` are points of a line behind them."""
    with style.styled():
        figure, ax = style.axes(lang, height=3.4, left=0.16, right=0.95)
        ax.grid(True, axis="both")
        if joined:
            ax.plot([x for x, _ in joined], [y for _, y in joined], color=style.FAINT, lw=1, ls="--", zorder=1)
        for p in cloud:
            ax.errorbar(
                p.x, p.y,
                xerr=_arms(p.x, p.x_range), yerr=_arms(p.y, p.y_range),
                fmt="o", ms=6, color=p.colour, ecolor=p.colour, elinewidth=1.1, zorder=5,
            )  # fmt: skip
        ax.margins(0.12)
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.yaxis.set_major_locator(MaxNLocator(5))
        style.top_label(ax, up)
        ax.set_xlabel(across, fontsize=9.5, color=style.FAINT, labelpad=3)
        _name_points(ax, cloud, joined)
    return figure


def _arms(middle: float, ends: tuple[float, float] | None) -> list[list[float]] | None:
    if ends is None or not all(math.isfinite(e) for e in ends):
        return None
    return [[max(0.0, middle - ends[0])], [max(0.0, ends[1] - middle)]]


def _name_points(ax: Axes, cloud: Sequence[Point], joined: Sequence[tuple[float, float]]) -> None:
    """Names near their points, where they cover neither bars nor one another."""
    figure = ax.figure.figure
    names = [
        ax.annotate(
            style.folded(p.name, 20), xy=(p.x, p.y), xycoords="data", xytext=(0, 0), textcoords="axes fraction",
            fontsize=9, color=style.dark(p.colour), ha="left", va="bottom", linespacing=1.05,
            bbox={"facecolor": style.GROUND, "alpha": 0.75, "lw": 0, "pad": 0.6},
            arrowprops={"arrowstyle": "-", "color": p.colour, "lw": 0.7, "shrinkA": 0, "shrinkB": 3}, zorder=4,
        )
        for p in cloud
    ]  # fmt: skip
    ax.autoscale_view()  # else done no sooner than the figure is drawn
    room = ax.get_window_extent()
    wide, tall = room.width / figure.dpi, room.height / figure.dpi

    def inches(x: float, y: float) -> tuple[float, float]:
        at = ax.transData.transform((x, y))
        return float(at[0] - room.x0) / figure.dpi, float(at[1] - room.y0) / figure.dpi

    bars = [np.empty((0, 2))]
    for p in cloud:
        bars += [along(*inches(end, p.y), *inches(p.x, p.y)) for end in p.x_range or () if math.isfinite(end)]
        bars += [along(*inches(p.x, end), *inches(p.x, p.y)) for end in p.y_range or () if math.isfinite(end)]
    lines = [np.empty((0, 2)), *(along(*inches(*one), *inches(*two)) for one, two in pairwise(joined))]
    extents = [MplText.get_window_extent(name) for name in names]  # without the line to the point
    sizes = [(box.width / figure.dpi, box.height / figure.dpi) for box in extents]
    where = placed([inches(p.x, p.y) for p in cloud], sizes, np.concatenate(bars), np.concatenate(lines), (wide, tall))
    for name, box, p in zip(names, where, cloud, strict=True):
        right = inches(p.x, p.y)[0] > (box[0] + box[2]) / 2
        name.set_horizontalalignment("right" if right else "left")
        name.set_verticalalignment("center")
        name.set_position(((box[2] if right else box[0]) / wide, (box[1] + box[3]) / 2 / tall))


def boxes(names: Sequence[str], values: Sequence[Reals], colours: Sequence[str], lang: Lang, across: str) -> Figure:
    """One row a name: a dot for each replicate, a box over the middle half, whiskers from 5 to 95 %."""
    with style.styled():
        figure, ax = style.axes(lang, height=1.0 + 0.52 * len(names), left=0.30, right=0.96)
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        for row, (one, shade) in enumerate(zip(values, colours, strict=True)):
            q05, q25, q50, q75, q95 = np.quantile(one, [0.05, 0.25, 0.5, 0.75, 0.95])
            lift = (np.arange(one.size) * 0.6180339887) % 1 - 0.5
            ax.plot(one, row + 0.6 * lift, ".", ms=3.4, alpha=0.5, color=shade, mew=0, rasterized=True, zorder=1)
            ax.hlines(row, q05, q95, color=shade, lw=1.3, zorder=2)
            ax.barh(row, q75 - q25, 0.42, left=q25, color="white", alpha=0.82, ec=shade, lw=1.3, zorder=3)
            ax.vlines(q50, row - 0.24, row + 0.24, color=shade, lw=3, zorder=4)
        ax.set_yticks(range(len(names)), [style.folded(n, 18) for n in names], fontsize=9)
        ax.set_ylim(len(names) - 0.45, -0.55)
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.set_xlabel(across, fontsize=9.5, color=style.FAINT, labelpad=3)
    return figure


def bars(cloud: Sequence[Point], lang: Lang, across: str) -> Figure:
    """One row a name: a dot with its interval."""
    with style.styled():
        figure, ax = style.axes(lang, height=0.95 + 0.42 * len(cloud), left=0.32, right=0.94)
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        for row, p in enumerate(cloud):
            ax.errorbar(p.x, row, xerr=_arms(p.x, p.x_range), fmt="o", ms=6, color=p.colour, elinewidth=1.4)
        ax.set_yticks(range(len(cloud)), [style.folded(p.name, 19) for p in cloud], fontsize=9)
        ax.set_ylim(len(cloud) - 0.5, -0.5)
        ax.set_xlim(left=0)
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.set_xlabel(across, fontsize=9.5, color=style.FAINT, labelpad=3)
    return figure


def heat(
    values: Reals, across: Sequence[str], down: Sequence[str], names: tuple[str, str], top: float, lang: Lang
) -> Figure:
    """A number in every field, shape (down, across); ``names`` of the axes, across first; ``top`` is darkest."""
    with style.styled():
        figure, ax = style.axes(lang, height=1.1 + 0.42 * len(down), left=0.18, right=0.97)
        ax.grid(False)
        ax.imshow(values, cmap="BuPu", aspect="auto", vmin=0, vmax=top or 1)
        digits = digits_for(top)
        for (i, j), value in np.ndenumerate(values):
            pale = not math.isfinite(value) or value < 0.55 * top
            ax.text(j, i, number(float(value), lang, digits), ha="center", va="center", fontsize=9,
                    color=style.INK if pale else "white")  # fmt: skip
        ax.set_xticks(range(len(across)), across, fontsize=9)
        ax.set_yticks(range(len(down)), down, fontsize=9)
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.set_xlabel(names[0], fontsize=9.5, color=style.FAINT, labelpad=3)
        style.top_label(ax, names[1])
    return figure
