"""Loaders of the real data: a hospital ward, a school, a town, and radio measured between two phones.

The data were made by others and are not part of this repository: they are read where they are, in
``../shared/data`` beside it or in the folder TRUYVET_REAL_DATA. ``docs/real-data.md`` tells what they are.
"""

import json
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from scipy.stats import rankdata

from engine.clock import DAY, to_rfc3339
from engine.events.schemas import TIME
from engine.exposure.policies import Policy, attenuation_at, policy_named
from engine.graph.materialise import materialise
from engine.service.engine import Engine, Settings

REPO = Path(__file__).resolve().parents[1]
ALWAYS = (0, 2**33)
"""A window that holds everything, UTC s."""
FACE_TO_FACE_DB = 50.0
"""What a badge contact (at most 1.5 m, face to face) is loaded as: well inside every policy's limit."""
HASLEMERE_START = 1_507_788_000
"""Step 1: 12 October 2017, 07:00 British Summer Time (06:00 UTC). A day has 192 steps of 5 minutes."""
POSITIONS = {"HH": "hand, hand", "HP": "hand, pocket", "PP": "pocket, pocket", "PB": "pocket, backpack"}
Floats = npt.NDArray[np.float64]


class MissingDataError(FileNotFoundError):
    """The real data are not on this machine."""


def data_file(*parts: str) -> Path:
    """A file of the real data, in place."""
    root = Path(os.environ.get("TRUYVET_REAL_DATA") or REPO.parent / "shared" / "data")
    path = root.joinpath(*parts)
    if not path.is_file():
        raise MissingDataError(
            f"{'/'.join(parts)} is not in {root}: real data are not part of this repository; "
            "set TRUYVET_REAL_DATA to the folder that holds them"
        )
    return path


@dataclass(frozen=True)
class World:
    """A loaded data set: the rows as the engine got them, the engine, and the group of each person."""

    raw: pa.Table = field(repr=False)
    engine: Engine
    group: dict[str, str] = field(repr=False)

    def contacts(self, policy: Policy | None = None, gap_s: int = 0) -> pa.Table:
        """Every contact of everybody under a policy of one's own (None: the engine's default)."""
        if policy is None:
            return self.engine.materialise(*ALWAYS, gap_s=gap_s)
        s = self.engine.snapshot()
        return materialise(s.graph, s.person_keys, s.place_keys, *ALWAYS, policy.eligibility(), gap_s)


def _sightings(person: pa.Array, peer: pa.Array, at: pa.Array, duration_s: int, db: Floats) -> pa.Table:
    return pa.table({
        "person": person.cast("string"),
        "peer": peer.cast("string"),
        "at": at.cast(TIME),
        "duration_s": pa.array(np.full(len(db), duration_s, np.int32)),
        "attenuation_db": pa.array(db),
    })  # fmt: skip


def _loaded(raw: pa.Table, group: dict[str, str]) -> World:
    engine = Engine.open(Settings())
    reply = engine.ingest("bluetooth", raw)
    if reply.accepted != len(raw):
        raise ValueError(f"only {reply.accepted} of {len(raw)} rows were accepted: {reply.rejected[:3]}")
    return World(raw, engine, group)


def face_to_face(name: str) -> World:
    """A SocioPatterns set (t, i, j, group of i, group of j; no header): a sighting of 20 s per row."""
    columns = ["t", "i", "j", "gi", "gj"]
    rows = pyarrow.csv.read_csv(
        data_file("sociopatterns", f"{name}.csv"),
        pyarrow.csv.ReadOptions(column_names=columns),
        pyarrow.csv.ParseOptions(delimiter="\t"),
    )
    raw = _sightings(rows["i"], rows["j"], rows["t"], 20, np.full(len(rows), FACE_TO_FACE_DB))
    group = dict(zip(raw["person"].to_pylist(), rows["gi"].to_pylist(), strict=True))
    group |= dict(zip(raw["peer"].to_pylist(), rows["gj"].to_pylist(), strict=True))
    return _loaded(raw, group)


@cache
def ward() -> World:
    """The hospital ward of Lyon, 6 to 10 December 2010; groups: NUR, MED, ADM, PAT."""
    return face_to_face("hospital_LH10")


@cache
def school() -> World:
    """The primary school of Lyon, 1 and 2 October 2009; groups: classes 1A..5B and Teachers."""
    return face_to_face("primaryschool_2009")


def town_rows() -> pa.Table:
    """Haslemere as given: time_step, user1_id, user2_id, distance_m."""
    return pyarrow.csv.read_csv(data_file("haslemere", "HaslemereProximity.csv"))


@cache
def haslemere() -> World:
    """The town without user 469: a sighting of 5 minutes per row, at the attenuation its distance stands for.

    A distance of 0 m is taken as 0.1 m, because the attenuation curve has no value there.
    """
    rows = town_rows()
    rows = rows.filter(pc.and_(pc.not_equal(rows["user1_id"], 469), pc.not_equal(rows["user2_id"], 469)))
    day, step = np.divmod(rows["time_step"].to_numpy() - 1, 192)
    metres = np.maximum(rows["distance_m"].to_numpy(), 0.1)
    distinct, inverse = np.unique(metres, return_inverse=True)
    db = np.array([attenuation_at(m) for m in distinct.tolist()])[inverse]
    at = pa.chunked_array([HASLEMERE_START + day * DAY + step * 300])
    return _loaded(_sightings(rows["user1_id"], rows["user2_id"], at, 300, db), {})


def town_network(net: str = "All") -> dict[tuple[int, int], int]:
    """Edges of a network of Firth et al. 2020: (i, j) with i < j to weight (``All``: days met)."""
    rows = pyarrow.csv.read_csv(data_file("haslemere", "covidhm_networks_edges.csv")).to_pylist()
    pairs = ((*sorted((int(r["i"]), int(r["j"]))), int(r["w"])) for r in rows if r["net"] == net)
    return {(i, j): w for i, j, w in pairs}


def within(metres: float) -> Policy:
    """A policy whose only limit is a distance: the July 2021 preset with another radius."""
    # Attenuation is kept in 0.01 dB; the millionth only says that the limit itself is meant to count.
    limit = attenuation_at(metres) + 1e-6
    preset = policy_named("vn-2021-07")
    return replace(preset, name=f"within-{metres:g}-m", max_distance_m=metres, max_attenuation_db=limit)


def days_met(contacts: pa.Table) -> dict[tuple[int, int], int]:
    """Days on which each pair met, keyed (i, j) with i < j."""
    day = pc.divide(contacts["t_start"].cast(pa.int64()), DAY).to_pylist()
    pairs = zip(contacts["person"].to_pylist(), contacts["other"].to_pylist(), day, strict=True)
    met = {(*sorted((int(a), int(b))), d) for a, b, d in pairs}
    return dict(Counter((i, j) for i, j, _ in met))


@dataclass(frozen=True)
class Radio:
    """Records of one body position; columns of one length."""

    rss_dbm: Floats
    mean100_dbm: Floats
    distance_m: Floats

    @property
    def near(self) -> npt.NDArray[np.bool_]:
        """Within 2 m."""
        return self.distance_m <= 2


@cache
def radio(position: str) -> Radio:
    """Received power between two phones, each worn at one of two places of the body (see POSITIONS)."""
    rows = pyarrow.csv.read_csv(data_file("ble_rss_smartphone", f"RSS_human{position}.csv"))
    rss, mean, cm = (rows[n].to_numpy().astype(np.float64) for n in ("rss", "mRSS100", "dist"))
    return Radio(rss, mean, cm / 100)


def auc(power: Floats, near: npt.NDArray[np.bool_]) -> float:
    """Chance that a near record is stronger than a far one, ties half (Mann-Whitney); 0.5 tells nothing."""
    n, m = int(near.sum()), int((~near).sum())
    return float((rankdata(power)[near].sum() - n * (n + 1) / 2) / (n * m))


def hand_calibration() -> float:
    """Sent power (dBm) that puts the measured 1 m of hand to hand on the engine's attenuation curve."""
    hands = radio("HH")
    _, at_1m = np.polyfit(np.log10(hands.distance_m), hands.rss_dbm, 1)
    return float(at_1m) + attenuation_at(1)


def busiest(world: World, groups: frozenset[str]) -> str:
    """The person of these groups with the most contact time; of equals, the least key."""
    seconds: Counter[str] = Counter()
    contacts = world.contacts()
    for side in ("person", "other"):
        for person, s in zip(contacts[side].to_pylist(), contacts["seconds"].to_pylist(), strict=True):
            seconds[person] += s
    return min((p for p in seconds if world.group[p] in groups), key=lambda p: (-seconds[p], p))


def declare(world: World, person: str, onset_at: str, isolated_at: str | None = None) -> None:
    """Make a person a case (F0)."""
    event = {"person": person, "onset_at": onset_at, "isolated_at": isolated_at}
    reply = world.engine.ingest_json("case", json.dumps({"events": [event]}).encode())
    if reply.rejected:
        raise ValueError(f"the case was refused: {reply.rejected[0].detail}")


def write_folder(world: World, folder: Path) -> None:
    """The rows of a data set as ``bluetooth.parquet`` and its cases so far, for ``truyvet ingest FOLDER``.

    Raises:
        ValueError: the folder lies in this repository (but not in var/), where the data do not belong.
    """
    folder = folder.resolve()
    if folder.is_relative_to(REPO) and not folder.is_relative_to(REPO / "var"):
        raise ValueError("other people's data do not belong into the repository: write to var/ or elsewhere")
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(world.raw, folder / "bluetooth.parquet", compression="zstd")
    with (folder / "case.ndjson").open("w") as out:
        for case in world.engine.cases():
            onset = None if case.onset_at is None else to_rfc3339(case.onset_at)
            out.write(json.dumps({"person": case.person, "onset_at": onset}) + "\n")
