"""The hex map as a data frame gives it: everybody's hours by cell with pandas' group-by, neighbours by a join.

The peer of ``hexes-pandas``. It is given what ours has before it begins: each row's person, start, end and cell, who is
F0, F1 or F2 and from when to when, and which cells are near which. What follows is whole columns of numbers, as in
ours; only the integral of an F0's infectiousness is the same function in both (SciPy's gamma functions).
"""

from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from engine.clock import DAY, HOUR
from engine.exposure.infectiousness import STEP_S
from engine.exposure.labels import Labelled
from engine.geo.cells import parents
from engine.risk.footfall import days_of
from engine.risk.hexes import HexScores
from engine.risk.infectious import f0s_of, infectious_people
from engine.risk.integral import _grown, decayed_seconds
from engine.risk.person_time import FINEST, NO_CELL, place_cells
from engine.risk.rows import presence_rows
from engine.risk.settings import HexSettings

SETTINGS = HexSettings()
RINGS = {0: 1.0, 1: SETTINGS.ring_1, 2: SETTINGS.ring_2}


@dataclass(frozen=True)
class Frames:
    """What pandas is given."""

    rows: pd.DataFrame
    """person, start, end (UTC s), cell (of resolution 10): fixes while they hold, and stays at known places."""
    people: pd.DataFrame
    """By person: level, begin, stop, origin, factor."""
    near: pd.DataFrame
    """cell, other, weight: each cell with itself and its two rings."""
    parent: pd.Series
    """By cell, the cell above."""
    places: pd.Index
    """Cells with a place."""


def frames_of(state: Labelled, cells: np.ndarray, at: int) -> Frames:
    """The frames of a state; ``cells``: those of the map at resolution 10."""
    view = state.state.view
    places, days = place_cells(view.places), days_of(at)
    parts = [
        presence_rows(s, np.arange(len(s.rows)), places, view.places.stay_s)
        for s in (*view.location, *view.check_in)
        if s.day_start in days
    ]
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in ("person", "start", "end", "cell")}
    rows = pd.DataFrame(columns)
    who = infectious_people(state, at, SETTINGS, f0s_of(state, at))
    people = pd.DataFrame(
        {"level": who.level, "begin": who.start, "stop": who.end, "origin": who.origin, "factor": who.factor},
        index=pd.Index(who.person, name="person"),
    )
    near = [
        (cell, other, RINGS[ring])
        for cell in cells.tolist()
        for ring, others in enumerate([[cell], h3.grid_ring(cell, 1), h3.grid_ring(cell, 2)])
        for other in others
    ]
    cell, other, weight = zip(*near, strict=True)
    return Frames(
        rows[rows.cell != NO_CELL].reset_index(drop=True),
        people,
        pd.DataFrame({"cell": np.array(cell, np.uint64), "other": np.array(other, np.uint64), "weight": weight}),
        pd.Series(parents(cells, FINEST - 1), index=pd.Index(cells, name="cell")),
        pd.Index(np.unique(places[places != NO_CELL])),
    )


def hex_map(frames: Frames, at: int) -> pd.DataFrame:
    """The map at resolution 10, by cell in their order: hours, distinct F0s, score with its interval."""
    rows, half_s = frames.rows, SETTINGS.half_life_d * DAY
    walked = (np.minimum(rows.end, at) - rows.start) / HOUR * np.exp2((rows.start - at) / half_s)
    footfall = walked.where(rows.start < at, 0.0).groupby(rows.cell).sum()
    theirs = rows.merge(frames.people, left_on="person", right_index=True)
    theirs["hours"] = _infectious_s(theirs, at) / HOUR
    theirs = theirs[theirs.hours > 0]
    levels = theirs.groupby(["cell", "level"]).hours.sum().unstack("level").reindex(columns=range(3)).fillna(0.0)
    found = pd.DataFrame({"footfall_h": footfall}).join(levels, how="outer").fillna(0.0)
    infectious = found[list(range(3))].sum(axis=1)

    near = frames.near
    reached = near.cell[near.other.isin(levels.index)].unique()
    members = pd.Index(np.union1d(np.union1d(footfall.index[footfall > 0], frames.places), reached), name="cell")
    f0s = theirs.loc[theirs.level == 0, ["person", "cell"]].drop_duplicates()
    around = f0s.merge(near, left_on="cell", right_on="other")[["person", "cell_y"]].drop_duplicates()
    found = found.reindex(members, fill_value=0.0)
    found["persons"] = around.groupby("cell_y").size().reindex(members, fill_value=0)

    weighted = pd.DataFrame({"cell": near.cell})
    for name, by_cell in (("n", infectious), ("d", footfall)):
        weighted[name] = by_cell.reindex(near.other, fill_value=0.0).to_numpy() * near.weight
    smooth = weighted.groupby("cell").sum().reindex(members, fill_value=0.0)
    above = pd.DataFrame({"n": infectious, "d": footfall}).fillna(0.0)
    above = above.groupby(frames.parent.reindex(above.index)).sum()
    above = (above.n / (above.d + SETTINGS.prior_h)).reindex(frames.parent.reindex(members), fill_value=0.0)
    rate = (smooth.n + SETTINGS.prior_h * above.to_numpy()) / (smooth.d + SETTINGS.prior_h)
    k = np.arange(found.persons.max() + 1).clip(1)
    for name, tail in (("score", None), ("low", 0.05), ("high", 0.95)):
        of_rate = 1.0 if tail is None else (gammaincinv(k + 0.5, tail) / k)[found.persons]
        found[name] = 100 * (1 - np.exp2(-rate * of_rate / SETTINGS.half_rate))
    return found


def _infectious_s(rows: pd.DataFrame, at: int) -> np.ndarray:
    """Infectious seconds of each row of F0, F1 and F2, decayed and weighted."""
    start, end = np.maximum(rows.start, rows.begin).to_numpy(), np.minimum(rows.end, rows.stop).to_numpy()
    origin, factor = rows.origin.to_numpy(), rows.factor.to_numpy()
    seconds, f0 = np.zeros(len(rows)), (rows.level == 0).to_numpy()
    seconds[f0] = decayed_seconds(start[f0], end[f0], origin[f0], factor[f0], at)
    grown = _grown(SETTINGS.half_life_d)
    steps = np.arange(len(grown)) * STEP_S
    other = ~f0 & (end > start)
    begin, stop = start[other] - origin[other], end[other] - origin[other]
    decay = np.exp2((origin[other] - at) / (SETTINGS.half_life_d * DAY))
    seconds[other] = (np.interp(stop, steps, grown) - np.interp(begin, steps, grown)) * decay * factor[other]
    return seconds


def same_map(ours: HexScores, theirs: pd.DataFrame) -> bool:
    """Whether both are the same figures of the same cells, but for rounding."""
    pairs = [
        (ours.footfall_h, theirs.footfall_h, 1e-4),
        (ours.infectious_h, theirs[0], 1e-4),
        (ours.contact_h, theirs[1] + theirs[2], 2e-3),
    ]
    return (
        np.array_equal(ours.h3, theirs.index)
        and np.array_equal(ours.persons, theirs.persons)
        and all(np.allclose(a, b, rtol=rtol, atol=1e-4) for a, b, rtol in pairs)
        and all(np.allclose(getattr(ours, name), theirs[name], atol=0.05) for name in ("score", "low", "high"))
    )
