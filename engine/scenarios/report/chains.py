"""Who infected how many: the transmission trees of a run, when they were kept."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.scenarios.report import charts
from engine.scenarios.report.charts import Series
from engine.scenarios.report.folder import RunFolder
from engine.scenarios.report.numbers import number, percent
from engine.scenarios.report.pictures import label, shade, shown_runs
from engine.scenarios.report.style import Picture
from engine.scenarios.report.texts import text
from engine.texts import Lang

MOST_ROWS = 4_000_000
"""Infections that are looked at in each run: the first replicates, whole."""
RIPE_D = 14
LONGEST = 10
"""Offspring from here on are drawn together."""
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trees:
    """What the trees of one run come to."""

    name: str
    colour: str
    offspring: Ints
    """People infected by each of those infected early enough."""
    generations: float
    """Median over replicates of the longest chain."""
    detected: float


def chain_parts(run: RunFolder, lang: Lang) -> tuple[list[Picture], list[list[str]]]:
    """The picture of offspring and a table with a row a run; both empty when no chains were kept."""
    path = run.path / "chains.parquet"
    trees = [
        t for info in shown_runs(run) if (t := _trees(run, path, info.name, label(run, info, lang), shade(run, info)))
    ]
    if not trees:
        return [], []
    rows = [
        [
            t.name,
            number(float(t.offspring.mean()), lang, 2),
            percent(float((t.offspring == 0).mean()), lang, 0),
            percent(behind(t.offspring, 0.8), lang, 0),
            number(float(t.offspring.max()), lang),
            number(t.generations, lang),
            percent(t.detected, lang, 0),
        ]
        for t in trees
    ]
    return [_picture(trees, lang)], rows


def _picture(trees: list[Trees], lang: Lang) -> Picture:
    series, facts = [], []
    for t in trees:
        counts = np.bincount(np.minimum(t.offspring, LONGEST), minlength=LONGEST + 1)
        shares = 100 * counts / counts.sum()
        series.append(Series(t.name, np.arange(LONGEST + 1.0), shares, None, None, t.colour))
        facts.append(text("fact.value", lang, variant=t.name, value=f"0: {number(float(shares[0]), lang)} %"))
    title = text("picture.offspring", lang)
    figure = charts.lines(series, lang, text("measure.share_people", lang), text("measure.offspring", lang), dots=True)
    caption = text("caption.offspring", lang, days=RIPE_D, most=LONGEST)
    alt = text("alt.other", lang, title=title, facts="; ".join(facts) + ".")
    return Picture("offspring", title, caption, alt, figure)


def behind(offspring: Ints, share: float) -> float:
    """The least share of people who together infected ``share`` of all; NaN when nobody infected anybody."""
    if not offspring.sum():
        return float("nan")
    so_far = np.cumsum(np.sort(offspring)[::-1])
    return float((np.searchsorted(so_far, share * so_far[-1]) + 1) / offspring.size)


def _trees(run: RunFolder, path: Path, variant: str, name: str, colour: str) -> Trees | None:
    rows = _read(run, path, variant)
    if rows is None:
        return None
    replicate, person, infector = (rows[c].to_numpy().astype(np.int64) for c in ("replicate", "person", "infector"))
    day = rows["day"].to_numpy().astype(np.float64)
    stride = int(max(person.max(), infector.max())) + 2
    keys = replicate * stride + person
    order = np.argsort(keys, kind="stable")
    wanted = replicate * stride + infector
    at = np.minimum(np.searchsorted(keys[order], wanted), keys.size - 1)
    parent = np.where((infector >= 0) & (keys[order][at] == wanted), order[at], -1)
    offspring = np.bincount(parent[parent >= 0], minlength=keys.size).astype(np.int64)
    ripe = day <= float(day.max() if run.days is None else run.days) - RIPE_D
    detected = (
        rows["detected"].to_numpy(zero_copy_only=False) if "detected" in rows.column_names else np.array([np.nan])
    )
    generations = [depth.max() for depth in _by_replicate(replicate, _depths(parent))]
    return Trees(name, colour, offspring[ripe] if ripe.any() else offspring, float(np.median(generations)),
                 float(np.mean(detected)))  # fmt: skip


def _depths(parent: Ints) -> Ints:
    """Steps from the start of the chain, for every infection."""
    depth, up = np.zeros(parent.size, np.int64), parent.copy()
    while (going := up >= 0).any():
        depth[going] += 1
        up[going] = parent[up[going]]
    return depth


def _by_replicate(replicate: Ints, values: Ints) -> list[Ints]:
    order = np.argsort(replicate, kind="stable")
    return np.split(values[order], np.flatnonzero(np.diff(replicate[order])) + 1)


def _read(run: RunFolder, path: Path, variant: str) -> pa.Table | None:
    """The infections of one run, at most so many, whole replicates."""
    if "chains" in run.tables:
        rows = run.of("chains", variant=variant)
        return rows
    if not path.is_file():
        return None
    parts, got = [], 0
    with pq.ParquetFile(path) as file:
        names = [
            n for n in ("variant", "replicate", "person", "infector", "day", "detected") if n in file.schema_arrow.names
        ]
        for batch in file.iter_batches(columns=names):
            table = pa.Table.from_batches([batch])
            table = table.filter(pc.equal(table["variant"].cast(pa.string()), variant))
            parts.append(table)
            got += table.num_rows
            if got > MOST_ROWS:
                break
    rows = pa.concat_tables(parts) if parts else None
    if rows is None or not rows.num_rows:
        return None
    if got > MOST_ROWS and (last := pc.max(rows["replicate"]).as_py()) > pc.min(rows["replicate"]).as_py():
        rows = rows.filter(pc.less(rows["replicate"], last))
    return rows
