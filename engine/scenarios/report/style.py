"""How the pictures of a report look, and how a figure becomes a text that a page can hold.

Colours are those of Okabe and Ito (told apart with every colour blindness); the baseline is dark grey and dashed.
Names stand at the lines themselves. Figures are small, so that their letters stay readable on a phone.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from engine import drawing
from engine.scenarios.report.numbers import plain
from engine.texts import Lang

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#56b4e9", "#e69f00", "#661100", "#88a000")
BASELINE = "#3b3f46"
INK, FAINT, LINE, GROUND = "#22252b", "#5a606b", "#d9dbe0", "#ffffff"
WIDTH_IN, HEIGHT_IN = 4.8, 3.1
_RC: dict[Any, Any] = {
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "figure.facecolor": GROUND,
    "axes.facecolor": GROUND,
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Picture:
    """A figure with what has to stand beside it."""

    key: str
    title: str
    caption: str
    alt: str
    """What the picture shows, for those who cannot see it."""
    figure: Figure


@contextmanager
def styled() -> Iterator[None]:
    """The report's style, for one thread at a time; matplotlib's own settings come back afterwards."""
    with drawing.styled(_RC):
        yield


def axes(lang: Lang, height: float = HEIGHT_IN, left: float = 0.15, right: float = 0.72) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes; ``left`` and ``right`` as shares of the width. Inside ``styled`` only."""
    figure = Figure(figsize=(WIDTH_IN, height))
    FigureCanvasAgg(figure)
    bottom = 0.47 / height
    ax = figure.add_axes((left, bottom, right - left, 1 - bottom - 0.28 / height))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(ticks(lang))
        axis.set_tick_params(length=0, pad=4)
    return figure, ax


def ticks(lang: Lang) -> FuncFormatter:
    """Numbers at the axes, by language."""

    def show(value: float, _: int) -> str:
        return plain(round(value, 9), lang)

    return FuncFormatter(show)


def top_label(ax: Axes, text: str) -> None:
    """What the upright axis measures, written level above it."""
    ax.text(0, 1.03, text, transform=ax.transAxes, fontsize=9.5, color=FAINT, ha="left", va="bottom")


def whole_days(ax: Axes, text: str) -> None:
    """An axis of days: whole numbers only."""
    few = 4 if ax.get_xlim()[1] >= 1000 else 6
    ax.xaxis.set_major_locator(MaxNLocator(few, integer=True))
    ax.set_xlabel(text, fontsize=9.5, color=FAINT, labelpad=3)


def colour(index: int, baseline: bool = False) -> str:
    """Colour of the variant with this number; the baseline's is grey."""
    return BASELINE if baseline else COLOURS[index % len(COLOURS)]


def dark(hex_colour: str, share: float = 0.72) -> str:
    """The same colour, dark enough for letters on white."""
    parts = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{int(part * share):02x}" for part in parts)


def folded(text: str, width: int = 18, lines: int = 4) -> str:
    """A name on several short lines; what does not fit ends in dots. Dollar signs are no mathematics here."""
    parts = wrap(text, width) or [""]
    if len(parts) > lines:
        parts = [*parts[: lines - 1], parts[lines - 1][: width - 1] + "…"]
    return "\n".join(parts).replace("$", r"\$")


def spread(places: list[float], heights: list[float]) -> list[float]:
    """Middles of labels so that none covers another, near where they want to be, all within 0..1."""
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    out = list(places)
    for _ in range(200):
        moved = False
        for below, above in pairwise(order):
            gap = (heights[below] + heights[above]) / 2 - (out[above] - out[below])
            if gap > 1e-6:
                out[below] -= gap / 2
                out[above] += gap / 2
                moved = True
        for i in order:
            low, high = heights[i] / 2 - 0.04, 1.06 - heights[i] / 2
            out[i] = min(max(out[i], low), max(low, high))
        if not moved:
            break
    return out


def height_in(ax: Axes) -> float:
    """Height of the axes in inches."""
    return float(ax.get_window_extent().height / ax.figure.dpi)


def make_room(ax: Axes, inches: float) -> None:
    """Make the figure taller until so many inches fit beside the axes, from their top to the foot of the figure."""
    figure = ax.figure.figure
    whole, parts = figure.get_figheight(), figure.subplotpars
    lack = inches - parts.top * whole
    if lack > 0:
        share = whole / (whole + lack)
        figure.set_figheight(whole + lack)
        figure.subplots_adjust(bottom=parts.bottom * share, top=1 - (1 - parts.top) * share)


def label_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Names at the right ends of lines: ``(y in data units, name, colour)``, moved apart where they would touch."""
    names = [folded(name) for _, name, _ in ends]
    # Not over the numbers of the days, as a key may: all beside the axes, and some air.
    foot = ax.figure.figure.subplotpars.bottom * ax.figure.figure.get_figheight()
    written = sum((1 + name.count("\n")) * 0.155 for name in names)
    make_room(ax, foot + 1.1 * written / max(1.1 - 0.02 * len(names), 0.4))
    tall = height_in(ax)
    low, high = ax.get_ylim()
    wanted = [(y - low) / ((high - low) or 1) for y, _, _ in ends]
    heights = [(1 + name.count("\n")) * 0.155 / tall + 0.02 for name in names]
    for at, want, name, (_, _, shade) in zip(spread(wanted, heights), wanted, names, ends, strict=True):
        ax.annotate(
            name, xy=(1.0, want), xytext=(1.045, at), xycoords="axes fraction", textcoords="axes fraction",
            fontsize=9, color=dark(shade), va="center", ha="left", linespacing=1.05, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": shade, "lw": 0.7, "shrinkA": 1, "shrinkB": 1},
        )  # fmt: skip


def key(ax: Axes, names: list[tuple[str, str, bool]]) -> None:
    """Names beside the axes from the top down, each after a piece of its line: ``(name, colour, dashed)``."""
    folds = [folded(name, 17) for name, _, _ in names]
    steps = [(1 + shown.count("\n")) * 0.15 + 0.075 for shown in folds]
    make_room(ax, sum(steps))
    tall, at = height_in(ax), 1.0
    for shown, step, (_, shade, dashed) in zip(folds, steps, names, strict=True):
        ax.plot(
            [1.04, 1.10], [at - 0.075 / tall] * 2, transform=ax.transAxes, clip_on=False,
            color=shade, lw=2.2, ls=(0, (1.6, 0.8)) if dashed else "-",
        )  # fmt: skip
        ax.text(1.125, at, shown, transform=ax.transAxes, fontsize=9, color=dark(shade), va="top", linespacing=1.05)
        at -= step / tall


def svg_uri(figure: Figure) -> str:
    """The figure as a ``data:`` address, letters as outlines: nothing is loaded from anywhere, the same every time."""
    out = BytesIO()
    with styled():
        figure.savefig(out, format="svg", dpi=160, metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()
