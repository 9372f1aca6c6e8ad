"""A picture of R_t: median and 95 % band over bars of the daily cases, a panel an area. PNG or SVG."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from engine.drawing import styled
from engine.scenarios.estimates.tables import Series
from engine.texts import Lang, say

PANELS = 12
"""Areas drawn, those with the most cases; the others are counted."""
DPI = 150
TOP_R = 6.0
"""R above this is cut off, unless a tenth of the windows have more."""
_INK, _BAR, _FILLED, _LINE, _BAND, _ONE = "#22252b", "#c9ced6", "#f0d9b5", "#0b5ea8", "#7fb0dc", "#b03a2e"


def draw_rt(series: Sequence[Series], path: Path, lang: Lang, title: str = "", note: str = "") -> None:
    """Draw the areas with the most cases (at most 12) into ``path``; R stands at the last day of its window."""
    shown = sorted(series, key=lambda s: (-sum(s.cases), s.area))[:PANELS]
    columns = 1 if len(shown) == 1 else 2 if len(shown) <= 4 else 3
    lines = -(-len(shown) // columns)
    with styled():
        figure = Figure(figsize=(max(9.0, 5.2 * columns), 1.6 + 3.4 * lines), dpi=DPI)
        grid = figure.subplots(lines, columns, squeeze=False)
        for i, axes in enumerate(grid.flat):
            if i < len(shown):
                _panel(axes, shown[i], lang)
            else:
                axes.set_visible(False)
        more = len(series) - len(shown)
        extra = say("estimate.draw.more", lang, count=more) if more else ""
        figure.suptitle(title or say("estimate.draw.title", lang), fontsize=13, color=_INK)
        figure.text(0.01, 0.008, " ".join(x for x in (note, extra) if x), fontsize=7.5, color="#5d636e", wrap=True)
        figure.legend(handles=_legend(lang), loc="upper center", bbox_to_anchor=(0.5, 1 - 0.38 / (1.6 + 3.4 * lines)),
                      ncols=5, fontsize=8.5, frameon=False)  # fmt: skip
        figure.tight_layout(rect=(0, 0.02, 1, 1 - 0.62 / (1.6 + 3.4 * lines)))
        figure.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else {"Software": None})


def _legend(lang: Lang) -> list[Any]:
    return [
        Line2D([], [], color=_LINE, label=say("estimate.draw.median", lang)),
        Patch(color=_BAND, alpha=0.5, label=say("estimate.draw.band", lang)),
        Line2D([], [], color=_LINE, linestyle=":", label=say("estimate.draw.doubtful", lang)),
        Patch(color=_BAR, label=say("estimate.draw.cases", lang)),
        Patch(color=_FILLED, label=say("estimate.draw.filled", lang)),
    ]


def _panel(axes: Axes, s: Series, lang: Lang) -> None:
    begin = max(0, s.last[0] - 10)
    end = s.last[-1]
    days = list(range(begin, end + 1))
    colours = [_FILLED if f else _BAR for f in s.filled[begin : end + 1]]
    bars = axes.twinx()
    bars.bar(days, s.cases[begin : end + 1], width=0.9, color=colours, zorder=1)
    bars.set_ylabel(say("estimate.draw.cases", lang), fontsize=8, color="#5d636e")
    bars.set_ylim(0, max(s.cases[begin : end + 1]) * 1.6 or 1)
    bars.tick_params(labelsize=7.5, colors="#5d636e")
    axes.set_zorder(bars.get_zorder() + 1)
    axes.patch.set_visible(False)
    at = np.array(s.last)
    median, low, high = (np.array(x) for x in (s.median, s.low, s.high))
    sure = ~np.array(s.doubtful)
    axes.fill_between(at, low, high, color=_BAND, alpha=0.5, linewidth=0, zorder=2)
    axes.plot(at, median, color=_LINE, linestyle=":", linewidth=1.3, zorder=3)
    axes.plot(at, np.where(sure, median, np.nan), color=_LINE, linewidth=1.7, zorder=4)
    axes.axhline(1, color=_ONE, linewidth=0.9, zorder=3)
    usual = float(np.quantile(median[sure], 0.9)) if sure.any() else float(median.max())
    axes.set_ylim(0, min(max(float(high.max()) * 1.05, 2.0), max(TOP_R, usual * 1.3)))
    axes.set_title(s.area or say("estimate.draw.all", lang), fontsize=10, color=_INK)
    axes.set_ylabel("R", fontsize=9)
    step = max(1, -(-(end - begin + 1) // 6))
    ticks = list(range(begin, end + 1, step))
    form = "%d/%m" if lang == "vi" else "%d %b"
    written = [s.first + timedelta(days=i) for i in ticks]
    labels = [d.strftime(form) + (f"\n{d.year}" if i == 0 or d.year != written[i - 1].year else "")
              for i, d in enumerate(written)]  # fmt: skip
    axes.set_xticks(ticks, labels)
    axes.tick_params(labelsize=8)
