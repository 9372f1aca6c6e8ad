"""``make profile``: where the time of ingest, trace and hex map goes, as flame graphs and a table of the dearest lines.

``python -m benchmarks.flames [ingest-arrow] [ingest-json] [trace] [hexes] [--seconds 10] [--docs]``. Each stage runs in
a process of its own, warmed up, and py-spy looks at all of its threads from outside (no GIL is waited for). A line that
calls a compiled kernel, numpy or Arrow is shown with the name of what it calls. Pictures and table go to
``var/bench/profile``; with ``--docs`` to ``docs/pictures`` and into ``docs/performance.md``.
"""

import argparse
import linecache
import os
import re
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

from benchmarks.flame_picture import Stack, draw

SCALE = "0.2"
"""Of the size that make bench has."""
STAGES = "/benchmarks/flame_stages.py"
TOP = 8
LEAST = 0.02
FRAME = re.compile(r"^(?P<name>.*) \((?P<file>[^()]*):(?P<line>\d+)\)$")
CALL = re.compile(r"([A-Za-z_][\w.]*)\(")
OWN = re.compile(r"\((engine|api)/")
PAGE = Path("docs/performance.md")
TITLES = {
    "ingest-arrow": "Durable ingest of Arrow tables, 10,000 sightings a batch",
    "ingest-json": "Durable ingest of JSON bodies, 10,000 sightings a batch",
    "trace": "F1 and F2 with evidence, 6 million stays",
    "hexes": "Hex map in full, then after one new case, a million fixes",
}


def read(raw: Path) -> list[Stack]:
    """Frames from the outermost on, and samples, of each stack that belongs to the work."""
    found = []
    for line in raw.read_text().splitlines():
        frames, _, count = line.rpartition(" ")
        stack = frames.split(";")
        own = [n for n, frame in enumerate(stack) if STAGES in frame]
        if own:
            if not any(frame.startswith("work ") for frame in stack):
                continue  # the benchmark makes its data
            stack = stack[own[-1] + 1 :]
        else:
            stack = [f for f in stack if "threading.py" not in f and "/concurrent/" not in f]
        if stack:
            found.append(Stack([*map(short, stack), *called(stack[-1])], int(count)))
    return found


@cache
def short(frame: str) -> str:
    """Function and file without its folder; line numbers would part what belongs together."""
    found = FRAME.match(frame)
    if found is None:
        return frame
    parts = Path(found["file"]).parts
    roots = [n for n, part in enumerate(parts) if part in ("engine", "api", "benchmarks")]
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    elif roots:
        parts = parts[roots[0] :]
    else:
        parts = parts[-1:]
    return f"{found['name']} ({'/'.join(parts)})"


@cache
def called(frame: str) -> list[str]:
    """What the innermost line calls that is not Python: a kernel, numpy, Arrow."""
    found = FRAME.match(frame)
    if found is None or "site-packages" in found["file"]:
        return []
    line = linecache.getline(found["file"], int(found["line"])).strip()
    line = re.sub(r"^(async )?(def|class) .*", "", line)
    names = [name for name in CALL.findall(line) if name not in ("len", "range", "int", "zip", "isinstance")]
    return [f"→ {names[0]}"] if names else []


def table(stacks: list[Stack]) -> list[str]:
    """The dearest leaves, as Markdown."""
    total = max(1, sum(stack.samples for stack in stacks))
    leaves: Counter[str] = Counter()
    for stack in stacks:
        leaf = stack.frames[-1]
        ours = [frame for frame in stack.frames[:-1] if OWN.search(frame)]
        named = f"`{leaf.removeprefix('→ ')}`"
        where = f"{named} in `{ours[-1]}`" if ours and not OWN.search(leaf) else named
        leaves[where] += stack.samples
    lines = ["| share | where the thread was |", "|---|---|"]
    lines += [f"| {n / total:.0%} | {where} |" for where, n in leaves.most_common(TOP) if n / total >= LEAST]
    rest = 1 - sum(n for _, n in leaves.most_common(TOP) if n / total >= LEAST) / total
    return [*lines, f"| {rest:.0%} | elsewhere |"]


def put(page: Path, told: str) -> None:
    """Replace the part of the page between its marks."""
    text = page.read_text()
    before, _, rest = text.partition("<!-- begin profile -->\n")
    page.write_text(f"{before}<!-- begin profile -->\n{told}{rest[rest.index('<!-- end profile -->') :]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stages", nargs="*", default=list(TITLES))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--docs", action="store_true", help="pictures and tables of docs/performance.md")
    asked = parser.parse_args()
    folder = Path("var/bench/profile")
    folder.mkdir(parents=True, exist_ok=True)
    pictures = Path("docs/pictures") if asked.docs else folder
    pictures.mkdir(parents=True, exist_ok=True)
    told = []
    for stage in asked.stages:
        began = time.perf_counter()
        raw = folder / f"{stage}.raw"
        command = [sys.executable, "-m", "benchmarks.flame_stages", stage, str(asked.seconds), str(raw)]
        subprocess.run(command, check=True, env={"BENCH_SCALE": SCALE, **os.environ})
        stacks = read(raw)
        picture = pictures / f"flame-{stage}.png"
        draw(stacks, TITLES[stage], picture)
        size = picture.stat().st_size / 1024
        print(f"{stage}: {picture}, {size:.0f} KiB, {time.perf_counter() - began:.0f} s", flush=True)
        told += [f"### {TITLES[stage]}", "", f"![Flame graph]({picture.relative_to(pictures.parent)})", ""]
        told += [*table(stacks), ""]
    (folder / "profile.md").write_text("\n".join(told))
    if asked.docs:
        put(PAGE, "\n".join(told))


if __name__ == "__main__":
    main()
