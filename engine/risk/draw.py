"""The hex map as a picture, PNG or SVG, or by day as a moving GIF.

Drawn so that nobody takes it for the official levels: one scale from pale blue to deep purple (ColorBrewer's
BuPu, even in lightness and safe for the colour-blind), no traffic lights, and a line that says so.
"""

import math
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from PIL import Image

from engine import params
from engine.clock import in_viet_nam
from engine.drawing import picture_suffix, styled, undated
from engine.errors import BadParameterError
from engine.geo.cells import Cells, boundaries
from engine.geo.rings import Ring, middle
from engine.texts import Lang, say

DPI = 200
GIF_DPI = 100
FRAME_MS = 1_000
View = tuple[float, float, float, float]
"""West, south, east, north, degrees."""
_INK, _FAINT, _LINE, _EMPTY, _GROUND = "#22252b", "#6b717c", "#8d94a1", "#eceae6", "#fcfcfb"
_PALE = 0.35
"""Opacity of a score that hardly anybody's time stands behind."""
_M_PER_DEG = math.pi / 180 * params.EARTH_RADIUS_M.value


class Columns(Protocol):
    """What a hex map must have to be drawn; columns of one length."""

    @property
    def resolution(self) -> int:
        """H3 resolution of the cells."""

    @property
    def at(self) -> int:
        """The moment of the map, UTC seconds."""

    @property
    def h3(self) -> Cells:
        """The cells."""

    @property
    def score(self) -> npt.NDArray[np.float64]:
        """0..100"""

    @property
    def reliability(self) -> npt.NDArray[np.int8]:
        """0: hardly anybody was seen there."""

    @property
    def persons(self) -> npt.NDArray[np.integer[Any]]:
        """Distinct F0s in the cell or its two rings."""


_LETTER = 0.0115
"""Width of a letter of an area's name, as a share of the map's width; for telling whether names collide."""
_LINE_HEIGHT = 0.024


def _palette() -> ListedColormap:
    """Pale to dark in even steps of lightness; the palest still stands out from the ground."""
    return ListedColormap(mpl.colormaps["BuPu"](np.linspace(0.2, 1.0, 256)), name="hexes")


def _view(corners: Ring) -> View:
    """West, south, east, north of what is shown, with a margin, no narrower than half as wide as high."""
    west, south = corners.min(0)
    east, north = corners.max(0)
    squeeze = math.cos(math.radians((south + north) / 2))
    width, height = (east - west) * squeeze, north - south
    side = 0.06 * max(width, height) + 1e-4
    wide = max(width, height * 0.75) / squeeze
    high = max(height, width * 0.62)
    x, y = (west + east) / 2, (south + north) / 2
    return (
        x - wide / 2 - side / squeeze,
        y - high / 2 - side,
        x + wide / 2 + side / squeeze,
        y + high / 2 + side,
    )


def _size(view: View) -> tuple[float, float]:
    """Inches of the picture: as wide as the map and its legend need at one height, within reason."""
    west, south, east, north = view
    shape = (east - west) * math.cos(math.radians((south + north) / 2)) / (north - south)
    return min(12.0, max(6.8, 6.1 * shape + 1.4)), 7.2


def _draw_cells(axes: Axes, rings: list[Ring], columns: Columns, palette: ListedColormap) -> None:
    """What would be written as 0 is drawn as 0; scores of cells where hardly anybody was seen are drawn paler."""
    seen, sure = columns.score >= 0.5, columns.reliability > 0
    for mask, zorder, alpha in ((~seen, 1, 1.0), (seen & ~sure, 2, _PALE), (seen & sure, 3, 1.0)):
        some = np.flatnonzero(mask)
        if len(some) == 0:
            continue
        cells = PolyCollection([rings[n] for n in some], linewidths=0.25, edgecolors="white", zorder=zorder)
        if zorder == 1:
            cells.set_facecolor(_EMPTY)
        else:
            cells.set(cmap=palette, norm=Normalize(0, 100), alpha=alpha)
            cells.set_array(columns.score[some])
        axes.add_collection(cells)


def _draw_outlines(axes: Axes, outlines: Sequence[tuple[str, Ring]], view: tuple[float, ...]) -> None:
    if not outlines:
        return
    axes.add_collection(LineCollection([ring for _, ring in outlines], colors=_LINE, linewidths=0.7, zorder=4))
    named: dict[str, Ring] = {}
    for name, ring in outlines:  # the largest ring of an area carries its name
        if name not in named or np.ptp(ring, 0).prod() > np.ptp(named[name], 0).prod():
            named[name] = ring
    taken: list[tuple[float, float, float]] = []
    for name, ring in sorted(named.items(), key=lambda item: -float(np.ptp(item[1], 0).prod())):
        x, y = middle(ring)
        half = _LETTER * len(name) * (view[2] - view[0]) / 2
        # In a crowded centre the larger area keeps its name.
        free = all(abs(x - a) > half + w or abs(y - b) > _LINE_HEIGHT * (view[3] - view[1]) for a, b, w in taken)
        if free and view[0] < x < view[2] and view[1] < y < view[3]:
            taken.append((x, y, half))
            text = axes.text(x, y, name, ha="center", va="center", fontsize=7, color=_INK, zorder=5)
            text.set_path_effects([withStroke(linewidth=2.2, foreground="white", alpha=0.85)])


def _draw_scale(axes: Axes, view: View) -> None:
    """A bar of a round number of metres, about a fifth of the width."""
    west, south, east, north = view
    metres = (east - west) * _M_PER_DEG * math.cos(math.radians((south + north) / 2))
    power = 10.0 ** math.floor(math.log10(metres / 5))
    length = max(m for m in (power, 2 * power, 5 * power) if m <= metres / 5)
    x = west + 0.03 * (east - west)
    y = south + 0.035 * (north - south)
    axes.plot([x, x + (east - west) * length / metres], [y, y], color=_INK, lw=2, zorder=6, solid_capstyle="butt")
    name = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.text(x, y + 0.012 * (north - south), name, fontsize=7, color=_INK, va="bottom", zorder=6)


def _draw_legend(figure: Figure, axes: Axes, palette: ListedColormap, lang: Lang) -> None:
    bar = figure.colorbar(ScalarMappable(Normalize(0, 100), palette), ax=axes, fraction=0.035, pad=0.02, shrink=0.72)
    edges = (0.0, *params.HEX_BANDS, 100.0)
    bar.set_ticks(list(edges), labels=[f"{e:g}" for e in edges])
    bar.ax.tick_params(labelsize=8, length=3, color=_FAINT, labelcolor=_INK)
    bar.outline.set_visible(False)
    for edge in params.HEX_BANDS:
        bar.ax.axhline(edge, color="white", lw=1.2)
    for band in range(4):
        middle = (edges[band] + edges[band + 1]) / 2
        bar.ax.text(2.0, middle, say(f"band.{band}", lang), fontsize=8, color=_INK, va="center", ha="left",
                    transform=bar.ax.get_yaxis_transform())  # fmt: skip
    bar.ax.set_title(say("hexmap.score", lang), fontsize=8, color=_INK, loc="left", pad=8)
    axes.legend(
        handles=[
            Patch(facecolor=_EMPTY, edgecolor=_FAINT, lw=0.3, label=say("hexmap.none", lang)),
            Patch(facecolor=palette(0.7), alpha=_PALE, lw=0, label=say("hexmap.unsure", lang)),
        ],
        loc="lower right", fontsize=7, frameon=True, framealpha=0.85, edgecolor="none", labelcolor=_INK,
    )  # fmt: skip


def draw_hexes(
    columns: Columns, path: Path, lang: Lang, outlines: Sequence[tuple[str, Ring]] | None = None, remark: str = ""
) -> None:
    """Draw the map into ``path`` (.png at 200 dpi, or .svg); equal input, equal picture.

    Args:
        columns: the map; ``engine.risk.hexes.HexScores`` or the service's ``HexColumns``.
        path: file to write; its ending says the format.
        lang: ``vi`` or ``en``.
        outlines: (name, closed ring (k, 2) of lng, lat), as ``engine.geo.areas.outlines`` gives; names are
            written in the middle of each area's largest ring.
        remark: a line to be written below the map.

    Raises:
        BadParameterError: another ending than .png or .svg.

    Leaves matplotlib's settings as they were; threads draw one after another.
    """
    suffix = picture_suffix(path)
    given = list(outlines or ())
    with styled():
        figure = _figure(columns, lang, given, _view_of([columns], given), remark)
        figure.savefig(path, dpi=DPI, metadata=undated(suffix))


def draw_days(
    maps: Iterable[Columns],
    path: Path,
    lang: Lang,
    outlines: Sequence[tuple[str, Ring]] | None = None,
    remark: str = "",
) -> int:
    """Draw maps of following days as one moving picture (.gif), a second each, all of the same view; how many.

    Arguments as of :func:`draw_hexes`.

    Raises:
        BadParameterError: another ending than .gif, or no map.

    Cost: about a second a map of 10,000 cells.
    """
    shown, given = list(maps), list(outlines or ())
    if path.suffix.lower() != ".gif" or not shown:
        raise BadParameterError(f"{path.name}: a moving map is a .gif of at least one day")
    frames = []
    with styled():
        view = _view_of(shown, given)
        for columns in shown:
            body = BytesIO()
            _figure(columns, lang, given, view, remark).savefig(body, dpi=GIF_DPI, format="png")
            frames.append(Image.open(body).convert("P", palette=Image.Palette.ADAPTIVE, colors=256))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, optimize=True)
    return len(frames)


def _view_of(maps: Sequence[Columns], outlines: Sequence[tuple[str, Ring]]) -> View | None:
    """What all of the maps and outlines need; None when there is nothing."""
    cells = np.unique(np.concatenate([columns.h3 for columns in maps]))
    corners = [*boundaries(cells), *(ring for _, ring in outlines)]
    return _view(np.concatenate(corners)) if corners else None


def _figure(columns: Columns, lang: Lang, outlines: list[tuple[str, Ring]], view: View | None, remark: str) -> Figure:
    local = in_viet_nam(columns.at)
    when = local.strftime("%d/%m/%Y %H:%M" if lang == "vi" else "%Y-%m-%d %H:%M")
    figure = Figure(figsize=_size(view or (0.0, 0.0, 1.0, 1.0)), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    axes.set_facecolor(_GROUND)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    counted = f"{int((columns.persons > 0).sum()):,}".replace(",", "." if lang == "vi" else ",")
    title = figure.suptitle(say("hexmap.title", lang), x=0.02, ha="left", fontsize=15, color=_INK, weight="bold")
    axes.set_title(
        say("hexmap.at", lang, at=when, resolution=columns.resolution, cells=counted),
        loc="left", fontsize=9, color=_FAINT,
    )  # fmt: skip
    if view is not None:
        palette = _palette()
        _draw_cells(axes, boundaries(columns.h3), columns, palette)
        _draw_outlines(axes, outlines, view)
        _draw_scale(axes, view)
        axes.set(xlim=(view[0], view[2]), ylim=(view[1], view[3]))
        axes.set_aspect(1 / math.cos(math.radians((view[1] + view[3]) / 2)))
        _draw_legend(figure, axes, palette, lang)
    else:
        axes.text(0.5, 0.5, say("hexmap.empty", lang), ha="center", va="center", transform=axes.transAxes)
    below = "\n".join(line for line in (say("hexmap.note", lang), remark) if line)
    note = figure.supxlabel(below, x=0.02, ha="left", fontsize=8, color=_FAINT)
    figure.draw_without_rendering()  # the map is placed only now: the texts begin where it begins
    for text in (title, note):
        text.set_x(axes.get_position().x0)
    return figure
