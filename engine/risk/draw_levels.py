"""The map of official levels, PNG or SVG: the four official colours, never those of the hex map.

An area whose level cannot be decided is hatched, over the colour of the level that it has for sure (white where that
is only the lowest); an area of which nothing is known is grey. What is tiny in the picture, as islands are at the
scale of the country, keeps an outline in its colour, so that it is seen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from engine.drawing import picture_suffix, styled, undated
from engine.geo.rings import Ring, middle
from engine.geo.unit_names import plain, split
from engine.risk.levels.findings import AreaLevel
from engine.risk.levels.rules import RuleSet
from engine.texts import Lang, say

DPI = 200
_INK, _FAINT, _BORDER, _NO_DATA, _SEA = "#22252b", "#5d636e", "#6f757f", "#d3d6db", "#eaf1f5"
_OPEN = "#fdfdfc"
_HATCH = "/////"
_HATCH_INK = "#3a3d44"
_LETTER, _LINE = 0.0105, 0.016
"""Width of a letter and height of a line of a name, as shares of the map's width and height."""
_SMALL = 0.004
"""Parts of an area less than so great a share of the map's height across keep an outline of their own colour."""
_MANY = 100
"""More areas than this are hatched more closely, and have no names."""
_COUNTRY = 8.0
"""A map of fewer degrees from south to north has its legend beside the areas: no sea lies there."""
_LEGEND = 0.42
"""Width of that room, as a share of the areas' width."""


@dataclass(frozen=True)
class Sheet:
    """What is drawn: one map, or one for each version of the rules."""

    rules: RuleSet
    tier: str
    day: date
    """The last day counted."""
    maps: Sequence[tuple[str, Sequence[AreaLevel]]]
    """(name of the version, levels of the areas)."""
    names: Mapping[str, str]
    """Name of each area by code, in Vietnamese."""
    outlines: Sequence[tuple[str, Ring]]
    """(code, closed ring (k, 2) of lng, lat), parts and holes apart."""
    labels: Sequence[tuple[str, float, float]]
    """(text, lng, lat) to be written besides the names of areas: groups of islands."""
    sources: Sequence[str]
    remarks: Sequence[str]
    """Lines below the map: assumptions, areas without a polygon."""


def draw_levels(sheet: Sheet, path: Path, lang: Lang) -> None:
    """Draw the map into ``path`` (.png at 200 dpi, or .svg); equal input, equal picture.

    Raises:
        BadParameterError: another ending than .png or .svg.

    Leaves matplotlib's settings as they were; threads draw one after another.
    """
    suffix = picture_suffix(path)
    rings = _rings(sheet.outlines)
    with styled({"hatch.linewidth": 0.7}):
        view = _view(sheet.outlines)
        height = 9.4
        shape = (view[2] - view[0]) * math.cos(math.radians((view[1] + view[3]) / 2)) / (view[3] - view[1])
        width = max(6.4, min(8.4, 7.6 * shape + 0.5))
        figure = Figure(figsize=(width * len(sheet.maps), height), facecolor="white")
        lines = [say("levels.map.source", lang, sources=", ".join(sheet.sources)), *sheet.remarks]
        lines.append(say("levels.map.note", lang))
        wrapped = [part for line in lines for part in _wrapped(line, int(width * len(sheet.maps) * 17))]
        bottom = (0.25 + 0.155 * len(wrapped)) / height
        across = 1 / len(sheet.maps)
        for n, (version, levels) in enumerate(sheet.maps):
            axes = figure.add_axes(
                (n * across + 0.02 * across, bottom, 0.96 * across, (0.885 if version else 0.905) - bottom)
            )
            _draw(axes, sheet, levels, rings, view, lang)
            if version:
                axes.set_title(version, fontsize=10, color=_INK, loc="left", pad=3)
        _head(figure, sheet, lang, 0.02 * across, height)
        figure.text(0.02 * across, 0.012, "\n".join(wrapped), fontsize=6.8, color=_FAINT, va="bottom", linespacing=1.35)
        figure.savefig(path, dpi=DPI, metadata=undated(suffix))


def _head(figure: Figure, sheet: Sheet, lang: Lang, left: float, height: float) -> None:
    tier = say(f"levels.map.tier.{sheet.tier}", lang)
    figure.text(left, 1 - 0.14 / height, say("levels.map.title", lang, tier=tier), fontsize=15, weight="bold",
                color=_INK, va="top")  # fmt: skip
    shown = sheet.day.strftime("%d/%m/%Y") if lang == "vi" else sheet.day.isoformat()
    under = say("levels.map.at", lang, title=sheet.rules.title.of(lang), day=shown)
    figure.text(left, 1 - 0.43 / height, under, fontsize=9, color=_FAINT, va="top", linespacing=1.3)


def _wrapped(text: str, most: int) -> list[str]:
    """``text`` in lines of at most ``most`` letters, broken at blanks."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > most:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line else lines


def _rings(outlines: Sequence[tuple[str, Ring]]) -> dict[str, list[Ring]]:
    rings: dict[str, list[Ring]] = {}
    for code, ring in outlines:
        rings.setdefault(code, []).append(ring)
    return rings


def _view(outlines: Sequence[tuple[str, Ring]]) -> tuple[float, float, float, float]:
    """West, south, east, north of what is shown, with a margin."""
    if not outlines:
        return 0.0, 0.0, 1.0, 1.0
    corners = np.concatenate([ring for _, ring in outlines])
    west, south = corners.min(0)
    east, north = corners.max(0)
    margin = 0.025 * max(east - west, north - south) + 1e-3
    legend = _LEGEND * max(east - west, 0.6 * (north - south)) if north - south < _COUNTRY else 0.0
    return west - margin, south - margin, east + margin + legend, north + margin


def _draw(
    axes: Axes,
    sheet: Sheet,
    levels: Sequence[AreaLevel],
    rings: Mapping[str, list[Ring]],
    view: tuple[float, float, float, float],
    lang: Lang,
) -> None:
    axes.set_facecolor(_SEA)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set(xlim=(view[0], view[2]), ylim=(view[1], view[3]))
    axes.set_aspect(1 / math.cos(math.radians((view[1] + view[3]) / 2)))
    if not rings:
        axes.text(0.5, 0.5, say("levels.map.empty", lang), ha="center", va="center", transform=axes.transAxes)
    tiny = _SMALL * (view[3] - view[1])
    groups: dict[tuple[str, bool], list[Ring]] = {}
    for area in levels:
        colour = _colour(sheet.rules, area)
        groups.setdefault((colour, area.known and area.level is None), []).extend(rings.get(area.code, ()))
    for (colour, hatched), shapes in groups.items():
        large = [r for r in shapes if np.ptp(r, 0).max() > tiny]
        small = [r for r in shapes if np.ptp(r, 0).max() <= tiny]
        axes.add_collection(PolyCollection(large, facecolors=colour, linewidths=0, zorder=1))
        edge = _BORDER if colour in (_OPEN, _NO_DATA) else colour
        axes.add_collection(PolyCollection(small, facecolors=colour, edgecolors=edge, linewidths=1.1, zorder=2))
        if hatched:
            lines = PolyCollection(shapes, facecolors="none", edgecolors=_HATCH_INK, linewidths=0, zorder=2)
            lines.set_hatch(_HATCH if len(rings) <= _MANY else 2 * _HATCH)
            lines.set_alpha(0.45)
            axes.add_collection(lines)
    drawn = [r for a in levels for r in rings.get(a.code, ()) if np.ptp(r, 0).max() > tiny]
    thin = 0.45 if len(rings) < _MANY else 0.25 if len(rings) < 1500 else 0.1
    axes.add_collection(LineCollection(drawn, colors=_BORDER, linewidths=thin, zorder=3))
    _names(axes, sheet, levels, rings, view, lang)
    _legend(axes, sheet.rules, levels, lang)


def _colour(rules: RuleSet, area: AreaLevel) -> str:
    if not area.known:
        return _NO_DATA
    return _OPEN if area.level is None and area.at_least == 1 else rules.level_name(area.at_least).colour


def _names(
    axes: Axes,
    sheet: Sheet,
    levels: Sequence[AreaLevel],
    rings: Mapping[str, list[Ring]],
    view: tuple[float, float, float, float],
    lang: Lang,
) -> None:
    """Names of the groups of islands, and of areas where they fit: the worst first, then the larger."""
    wide, high = view[2] - view[0], view[3] - view[1]
    taken: list[tuple[float, float, float]] = []
    wanted = []
    for text, x, y in sheet.labels:
        wanted.append((math.inf, math.inf, text, x, y))
    if len(rings) < _MANY:
        worst = {a.code: a.at_least for a in levels if a.known}
        for code, shapes in rings.items():
            main = max(shapes, key=lambda r: float(np.ptp(r, 0).prod()))
            x, y = middle(main)
            size = float(np.ptp(main, 0).prod())
            wanted.append((worst.get(code, 0), size, split(sheet.names.get(code, code))[1], x, y))
    for _, size, name, x, y in sorted(wanted, key=lambda w: (-w[0], -w[1])):
        text = name if lang == "vi" else plain(name)
        half = _LETTER * len(text) * wide / 2
        free = all(abs(x - a) > half + w or abs(y - b) > _LINE * high for a, b, w in taken)
        if free:
            taken.append((x, y, half))
            style = "italic" if math.isinf(size) else "normal"
            mark = axes.text(x, y, text, ha="center", va="center", fontsize=5.8, color=_INK, zorder=5, style=style)
            mark.set_path_effects([withStroke(linewidth=1.6, foreground="white", alpha=0.8)])


def _legend(axes: Axes, rules: RuleSet, levels: Sequence[AreaLevel], lang: Lang) -> None:
    """The colours with the number of areas of each, worst first; hatching and grey where they occur."""
    decided = [a.level for a in levels if a.level is not None]
    handles = [
        Patch(facecolor=name.colour, edgecolor="none", label=f"{name.name.of(lang)} ({decided.count(name.level)})")
        for name in reversed(rules.levels)
    ]
    open_ = sum(1 for a in levels if a.known and a.level is None)
    if open_:
        told = f"{say('levels.undecided.short', lang)} ({open_}):\n{say('levels.map.hatch', lang)}"
        hatch = Patch(facecolor="#ffffff", edgecolor=_HATCH_INK, hatch=_HATCH, lw=0.3, label=told)
        handles.append(hatch)
    unknown = sum(1 for a in levels if not a.known)
    if unknown:
        handles.append(Patch(facecolor=_NO_DATA, label=f"{say('levels.no_data', lang)} ({unknown})"))
    legend = axes.legend(
        handles=handles, loc="upper right", fontsize=7.6, frameon=True, framealpha=0.9, edgecolor="none",
        labelcolor=_INK, borderpad=0.8, handlelength=1.7, handleheight=1.1, labelspacing=0.65,
    )  # fmt: skip
    legend.set_zorder(6)
