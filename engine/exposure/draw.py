"""Chains of exposure as a picture: a tree drawn from left to right, cases at the root.

No pyplot: a figure of its own for each call. Threads that draw at once take turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Curve

from engine.clock import in_viet_nam
from engine.drawing import picture_suffix, styled, undated
from engine.errors import BadParameterError
from engine.texts import Lang, say

LEVEL_COLOURS: tuple[str, ...] = ("#D55E00", "#E69F00", "#56B4E9", "#009E73", "#BBBBBB")
"""F0, F1, F2, F3, beyond. Okabe & Ito (2008), told apart with every common colour blindness."""
_LONGEST = 32
"""Longest id drawn whole."""
_DPI, _MOST_PIXELS = 200, 60_000
"""Matplotlib draws no side of 65,536 pixels or more: many chains are drawn smaller."""
_ROW, _GAP, _BOX_H, _CHAR, _PAD = 0.78, 2.75, 0.42, 0.088, 0.3  # inches


@dataclass(frozen=True)
class Step:
    """One link of a chain: ``person`` at ``level`` was exposed by ``source``, first at ``at`` (UTC seconds)."""

    source: str
    person: str
    level: int
    at: int
    minutes: float
    probability: float


@dataclass
class Node:
    """A person at one place of the tree. ``x``, ``y`` in inches, y downwards."""

    person: str
    level: int
    step: Step | None
    children: list["Node"]
    x: float = 0.0
    y: float = 0.0


def forest(chains: Sequence[Sequence[Step]]) -> list[Node]:
    """Chains (each from its case outwards) merged by common beginnings, in the order given.

    A person may stand at several places: once for each way that leads to them.
    """
    roots: dict[str, Node] = {}
    for chain in chains:
        if not chain:
            continue
        case = chain[0].source
        node = roots.setdefault(case, Node(case, 0, None, []))
        for step in chain:
            known = next((c for c in node.children if c.step == step), None)
            if known is None:
                known = Node(step.person, step.level, step, [])
                node.children.append(known)
            node = known
    return list(roots.values())


def layout(roots: Sequence[Node]) -> tuple[float, float]:
    """Sets every node's position: leaves on rows of their own, parents in the middle of their children.

    Returns the width and height used, in inches.
    """
    nodes = [n for r in roots for n in walk(r)]
    depth = max(n.level for n in nodes)
    widths = [max((_width(n) for n in nodes if n.level == k), default=1.0) for k in range(depth + 1)]
    left = [sum(widths[:k]) + _GAP * k for k in range(depth + 1)]
    rows = 0

    def place(node: Node) -> None:
        nonlocal rows
        node.x = left[node.level]
        for child in node.children:
            place(child)
        if node.children:
            node.y = (node.children[0].y + node.children[-1].y) / 2
        else:
            node.y = rows * _ROW
            rows += 1

    for root in roots:
        place(root)
    return left[-1] + widths[-1], (rows - 1) * _ROW


def walk(node: Node) -> list[Node]:
    """The node and everything under it, parents first."""
    return [node, *(n for c in node.children for n in walk(c))]


def draw_chains(chains: Sequence[Sequence[Step]], path: FilePath, lang: Lang, title: str = "") -> None:
    """Writes the tree of ``chains`` to ``path`` (.png at 200 dpi, fewer when there are many, or .svg).

    Every box is a person in the colour of the level; every line says when, how many minutes and how surely.
    The same chains give the same SVG.

    Raises:
        BadParameterError: no chains, or another suffix.
    """
    roots = forest(chains)
    if not roots:
        raise BadParameterError("there is no chain to draw")
    suffix = picture_suffix(path)
    width, height = layout(roots)
    margin, head = 0.35, 0.75
    size = (max(width + 2 * margin, 6.0), height + _BOX_H + head + 0.85)
    with styled():
        figure = Figure(figsize=size, facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(-margin, size[0] - margin)
        axes.set_ylim(height + _BOX_H / 2 + 0.85, -_BOX_H / 2 - head)
        axes.axis("off")
        axes.text(
            -margin + 0.2, -_BOX_H / 2 - head + 0.32, title, fontsize=12, weight="bold", va="center", parse_math=False
        )
        for node in (n for r in roots for n in walk(r)):
            for child in node.children:
                _line(axes, node, child, lang)
            _box(axes, node)
        _legend(axes, max(n.level for r in roots for n in walk(r)), height + _BOX_H / 2 + 0.55, lang)
        figure.savefig(path, dpi=min(_DPI, int(_MOST_PIXELS / max(size))), metadata=undated(suffix))


def _width(node: Node) -> float:
    return max(1.1, _CHAR * (len(_name(node.person)) + 4) + _PAD)


def _box(axes: Axes, node: Node) -> None:
    colour = LEVEL_COLOURS[min(node.level, len(LEVEL_COLOURS) - 1)]
    axes.add_patch(
        FancyBboxPatch(
            (node.x, node.y - _BOX_H / 2),
            _width(node),
            _BOX_H,
            boxstyle="round,pad=0,rounding_size=0.1",
            facecolor=colour,
            edgecolor="#333333",
            linewidth=0.8,
        )
    )
    # Black on all of these colours has a contrast of at least 4.5.
    axes.text(node.x + 0.14, node.y, f"F{node.level}", fontsize=9, weight="bold", va="center", color="black")
    # A dollar in an id is a dollar, not the beginning of a formula.
    axes.text(node.x + 0.46, node.y, _name(node.person), fontsize=9, va="center", color="black", parse_math=False)


def _line(axes: Axes, parent: Node, child: Node, lang: Lang) -> None:
    start, end = parent.x + _width(parent), child.x
    bend = start + 0.45
    path = Curve(
        [(start, parent.y), (bend, parent.y), (start, child.y), (bend, child.y), (end, child.y)],
        [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4, Curve.LINETO],
    )
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor="#555555", linewidth=1.2))
    step = child.step
    if step is None:
        return
    middle = (bend + end) / 2
    axes.text(middle, child.y - 0.07, _when(step.at), fontsize=8, ha="center", va="bottom", color="#222222")
    words = f"{say('word.minutes', lang, n=_number(step.minutes))} · {_percent(step.probability)}"
    axes.text(middle, child.y + 0.08, words, fontsize=8, ha="center", va="top", color="#222222")


def _legend(axes: Axes, deepest: int, y: float, lang: Lang) -> None:
    x = -0.15
    for level in range(deepest + 1):
        colour = LEVEL_COLOURS[min(level, len(LEVEL_COLOURS) - 1)]
        axes.add_patch(FancyBboxPatch((x, y - 0.08), 0.16, 0.16, boxstyle="round,pad=0", facecolor=colour))
        axes.text(x + 0.24, y, f"F{level}", fontsize=8, va="center")
        x += 0.62
    axes.text(x + 0.05, y, say("draw.edges", lang), fontsize=8, va="center", color="#444444")


def _when(t: int) -> str:
    return in_viet_nam(t).strftime("%d/%m/%Y %H:%M")


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".rstrip("0").rstrip(".")


def _percent(p: float) -> str:
    if 0 < p < 0.0001:
        return "< 0.01 %"
    return f"{100 * p:.2g} %" if p < 0.995 else f"{100 * p:.0f} %"


def _name(person: str) -> str:
    return person if len(person) <= _LONGEST else person[: _LONGEST - 1] + "…"
