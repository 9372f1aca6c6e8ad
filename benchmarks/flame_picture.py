"""A flame graph as a picture: a box a frame, as wide as its share of the samples, callers below."""

from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

NARROWEST = 0.004
"""Frames of a smaller share are left out."""
DEEPEST = 40
INCH_A_ROW, WIDTH = 0.19, 13.0
LETTERS = 190
"""How many letters fit in the whole width."""
COLOURS = {
    "engine": ("#9ecae1", "engine and api, Python"),
    "called": ("#fc8d59", "what that line calls: kernels, numpy, Arrow"),
    "other": ("#d9d9d9", "libraries, benchmark"),
}


@dataclass(frozen=True)
class Stack:
    """Frames from the outermost on, and how often they were seen."""

    frames: list[str]
    samples: int


@dataclass
class Node:
    """A frame below its callers."""

    samples: int = 0
    below: dict[str, "Node"] = field(default_factory=dict)


def tree(stacks: list[Stack]) -> Node:
    """All stacks merged from the outermost frame on."""
    root = Node()
    for stack in stacks:
        node = root
        node.samples += stack.samples
        for name in stack.frames[:DEEPEST]:
            node = node.below.setdefault(name, Node())
            node.samples += stack.samples
    return root


def colour(name: str) -> str:
    """By whose code it is."""
    if name.startswith("→"):
        return COLOURS["called"][0]
    return COLOURS["engine" if "(engine/" in name or "(api/" in name else "other"][0]


def boxes(node: Node, total: int, left: float = 0.0, row: int = 0) -> list[tuple[float, int, float, str]]:
    """(left, row, width, frame) of everything above a frame; widths are shares of all samples."""
    found = []
    for name, child in sorted(node.below.items(), key=lambda pair: -pair[1].samples):
        width = child.samples / total
        if width >= NARROWEST:
            found.append((left, row, width, name))
            found += boxes(child, total, left, row + 1)
        left += width
    return found


def draw(stacks: list[Stack], title: str, to: Path) -> None:
    """Write the picture (PNG)."""
    root = tree(stacks)
    found = boxes(root, max(1, root.samples))
    rows = 1 + max((row for _, row, _, _ in found), default=0)
    figure = Figure(figsize=(WIDTH, 1.0 + rows * INCH_A_ROW), layout="constrained")
    axis = figure.subplots()
    patches = [Rectangle((left, row), width, 0.94) for left, row, width, _ in found]
    axis.add_collection(
        PatchCollection(patches, facecolors=[colour(name) for *_, name in found], edgecolors="white", linewidths=0.4)
    )
    for left, row, width, name in found:
        fits = int(width * LETTERS)
        if fits >= 4:
            said = name.removeprefix("→ ")
            text = said if len(said) <= fits else said[: fits - 1] + "…"
            axis.text(left + 0.002, row + 0.47, text, fontsize=6, va="center", clip_on=True)
    axis.set(xlim=(0, 1), ylim=(0, rows), title=f"{title}: {root.samples:,} samples")
    axis.axis("off")
    axis.legend(
        [Patch(color=c) for c, _ in COLOURS.values()], [said for _, said in COLOURS.values()],
        loc="upper right", fontsize=7, frameon=False, ncols=3, bbox_to_anchor=(1, 0), borderaxespad=0,
    )  # fmt: skip
    figure.savefig(to, dpi=110)
