"""A sample city cut in two: what was known by the end of a day, in an engine, and what truly happened afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.city.build import BlockDay, CityPlan, build_city
from engine.clock import DAY, HOUR
from engine.errors import BadParameterError
from engine.events.schemas import TIME
from engine.geo.cells import Cells, cells_of, parents
from engine.params import FIX_CELL_RESOLUTION
from engine.risk.hexes import HexScores, HexSums
from engine.risk.settings import HexSettings
from engine.service.engine import Engine, Settings

Real = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
_KNOWN_FROM = {
    "bluetooth": "at",
    "check_in": "entered_at",
    "location": "at",
    "case": "confirmed_at",
    "test_result": "resulted_at",
    "quarantine": "started_at",
}
"""The moment from which a row is known."""
_TOLD_LATER = {"check_in": ("left_at",), "case": ("onset_at", "sampled_at", "isolated_at")}
"""Moments in a row that was known before, and that are known only when they have come."""


@dataclass(frozen=True)
class HeldOut:
    """One city at the moment ``at``: the engine knows what was known, the columns are the truth about later."""

    engine: Engine
    at: int
    place_lat: Real
    place_lng: Real
    is_home: npt.NDArray[np.bool_]
    """Of each place, in the order of the places."""
    hours: Real
    """True person-hours at each place in the held-out days."""
    transmissions: Index
    """Place of every transmission within the city in the held-out days."""
    f0_homes: Index
    """Home of every F0 known at ``at``."""

    def cells(self, resolution: int) -> Cells:
        """The cell of each place, as the hex map has it."""
        return parents(cells_of(self.place_lat, self.place_lng, int(FIX_CELL_RESOLUTION.value)), resolution)

    def maps(self, resolutions: Sequence[int], settings: HexSettings) -> list[HexScores]:
        """The hex maps of what was known, under some settings."""
        sums = HexSums(settings)
        sums.rebuild(self.engine._known.labels(), self.at)
        return [sums.scores(resolution) for resolution in resolutions]


def hold_out(plan: CityPlan, held_days: int, folder: Path, progress: Callable[[float], None] | None = None) -> HeldOut:
    """Build the city of ``plan`` in ``folder`` and put what was known ``held_days`` before its end into an engine.

    Everything that became known later is left out, and the engine's clock stands at that moment: an F0 whose result
    came afterwards is nobody yet, a stay that had not ended has no end.

    Raises:
        BadParameterError: not 1 to ``plan.days - 1`` days held out.

    Cost: about 1 s for 10,000 people and days.
    """
    if not 1 <= held_days < plan.days:
        raise BadParameterError(f"{held_days} days cannot be held out of {plan.days}")
    tell = progress or (lambda share: None)
    at, first_held = plan.end - held_days * DAY, plan.days - held_days
    spent: list[Real] = [np.zeros(0)]

    def observe(done: BlockDay) -> None:
        if done.day >= first_held:
            stays = done.stays
            today: Real = np.bincount(stays.place, stays.end - stays.start, len(spent[0])).astype(np.float64)
            spent[0] = today + np.pad(spent[0], (0, len(today) - len(spent[0])))

    build_city(plan, folder, lambda _, share: tell(0.7 * share), observe)
    engine = Engine.open(Settings(data=None), clock=lambda: at)
    for kind in ("place", *_KNOWN_FROM):
        engine.ingest(kind, known_by(pq.read_table(folder / f"{kind}.parquet"), kind, at))
    tell(0.95)
    places = pq.read_table(folder / "place.parquet", columns=["place", "kind", "lat", "lng"])
    found = HeldOut(
        engine=engine,
        at=at,
        place_lat=places["lat"].to_numpy(),
        place_lng=places["lng"].to_numpy(),
        is_home=pc.equal(places["kind"], "home").to_numpy(),
        hours=np.pad(spent[0], (0, len(places) - len(spent[0]))) / HOUR,
        transmissions=_places_of_transmission(folder, places["place"], at),
        f0_homes=_homes_of(folder, places["place"], [case.person for case in engine.cases()]),
    )
    tell(1.0)
    return found


def known_by(table: pa.Table, kind: str, at: int) -> pa.Table:
    """The rows of a kind that were known before ``at``, without the moments in them that had not come."""
    moment = pa.scalar(at, pa.int64()).cast(TIME)
    if kind in _KNOWN_FROM:
        table = table.filter(pc.less(table[_KNOWN_FROM[kind]], moment))
    for name in _TOLD_LATER.get(kind, ()):
        column = table[name]
        told = pc.if_else(pc.less(column, moment), column, pa.scalar(None, TIME))
        table = table.set_column(table.schema.get_field_index(name), name, told)
    return table


def _places_of_transmission(folder: Path, places: pa.ChunkedArray, at: int) -> Index:
    truth = pq.read_table(folder / "truth" / "infections.parquet", columns=["at", "place"])
    later = pc.greater_equal(truth["at"], pa.scalar(at, pa.int64()).cast(TIME))
    inside = pc.is_valid(truth["place"])
    return np.asarray(pc.index_in(truth.filter(pc.and_(later, inside))["place"], places.combine_chunks()), np.int64)


def _homes_of(folder: Path, places: pa.ChunkedArray, people: list[str]) -> Index:
    truth = pq.read_table(folder / "truth" / "people.parquet", columns=["person", "home"])
    home = truth["home"].take(pc.index_in(pa.array(people, pa.string()), truth["person"].combine_chunks()))
    return np.asarray(pc.index_in(home, places.combine_chunks()), np.int64)
