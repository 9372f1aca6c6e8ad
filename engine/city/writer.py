"""Writes a city as Parquet, a stream of row groups per kind; files take their names when all are whole."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.city.districts import DISTRICTS
from engine.city.outbreak import State
from engine.city.records import Records, event_schema, moments, true_people
from engine.city.sensing import CheckIns, Fixes
from engine.city.tables import KINDS, City, Float32, Int32, Int64
from engine.errors import BadParameterError
from engine.params import SCAN_PERIOD_S

FORMAT = 1
"""Raised when the same plan gives another city."""
_ROW_GROUP = 500_000
_TRUTH = "truth"


@dataclass(frozen=True)
class CitySummary:
    """What was written: rows of each event kind, and the size of the outbreak behind them."""

    folder: Path
    people: int
    places: int
    events: dict[str, int]
    infections: int


def person_keys(people: int) -> pa.Array:
    """Keys of all people: P0000001 is the first."""
    width = max(7, len(str(people)))
    return pa.array([f"P{i:0{width}d}" for i in range(1, people + 1)])


def place_keys(city: City) -> pa.Array:
    """Keys of all places, such as market-0007: kind and number within it."""
    names = [k.name for k in KINDS]
    most = np.bincount(city.places.kind, minlength=len(KINDS))
    widths = [max(5 if n == "home" else 4, len(str(m))) for n, m in zip(names, most.tolist(), strict=True)]
    pairs = zip(city.places.kind.tolist(), city.places.number.tolist(), strict=True)
    return pa.array([f"{names[k]}-{n:0{widths[k]}d}" for k, n in pairs])


def place_names(city: City) -> list[str]:
    """Vietnamese names of all places: kind, district, number within both. They are made up."""
    seen: dict[tuple[int, int], int] = {}
    names = []
    for kind, district in zip(city.places.kind.tolist(), city.places.district.tolist(), strict=True):
        number = seen[kind, district] = seen.get((kind, district), 0) + 1
        names.append(f"{KINDS[kind].vi} {DISTRICTS[district].vi} số {number}")
    return names


class CityWriter:
    """Open files of one city. Use as a context: an error leaves no new file behind."""

    def __init__(self, folder: Path, city: City, people: int) -> None:
        self._folder, self._city = folder, city
        self._people, self._places = person_keys(people), place_keys(city)
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self._rows: dict[str, int] = {}
        self._infections = 0
        try:
            (folder / _TRUTH).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = f"cannot write a city to {folder}: {error.strerror}; name another folder"
            raise BadParameterError(text) from None

    def __enter__(self) -> "CityWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, writer in self._writers.items():
            writer.close()
            self._part(name).unlink(missing_ok=True)
        self._writers.clear()

    def _part(self, name: str) -> Path:
        path = self._folder / f"{name}.parquet"
        return path.with_name(f".{path.name}.part")

    def _add(self, name: str, table: pa.Table) -> None:
        """Rows wait until they fill a row group, so that small blocks do not make small groups."""
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self._part(name), table.schema, compression="zstd")
            self._waiting[name], self._rows[name] = [], 0
        self._waiting[name].append(table)
        self._rows[name] += table.num_rows
        if sum(t.num_rows for t in self._waiting[name]) >= _ROW_GROUP:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if self._waiting[name]:
            rows = pa.concat_tables(self._waiting[name]).combine_chunks()
            self._writers[name].write_table(rows, row_group_size=max(1, rows.num_rows))
            self._waiting[name] = []

    def _event(self, kind: str, columns: list[pa.Array]) -> None:
        self._add(kind, pa.Table.from_arrays(columns, schema=event_schema(kind)))

    def write_looks(self, person: Int32, peer: Int32, at: Int64, attenuation_db: Float32) -> None:
        """Bluetooth looks, to a tenth of a dB."""
        duration = np.full(len(at), int(SCAN_PERIOD_S.value), np.int32)
        db = np.round(attenuation_db.astype(np.float64), 1)
        keys = self._people
        self._event(
            "bluetooth",
            [
                keys.take(pa.array(person)),
                keys.take(pa.array(peer)),
                moments(at),
                pa.array(duration),
                pa.array(db),
            ],
        )

    def write_check_ins(self, rows: CheckIns) -> None:
        """QR check-ins."""
        self._event(
            "check_in",
            [
                self._people.take(pa.array(rows.person)),
                self._places.take(pa.array(rows.place)),
                moments(rows.entered_at),
                moments(rows.left_at, rows.left_at >= 0),
            ],
        )

    def write_fixes(self, rows: Fixes) -> None:
        """Location fixes."""
        self._event(
            "location",
            [
                self._people.take(pa.array(rows.person)),
                moments(rows.at),
                pa.array(rows.lat),
                pa.array(rows.lng),
                pa.array(rows.accuracy_m),
            ],
        )

    def write_places(self) -> None:
        """Reference data of all places."""
        p = self._city.places
        kinds, codes = np.array([k.name for k in KINDS]), np.array([d.code for d in DISTRICTS])
        self._event(
            "place",
            [
                self._places,
                pa.array(place_names(self._city)),
                pa.array(kinds[p.kind]),
                pa.array(p.lat),
                pa.array(p.lng),
                pa.array(p.area_m2.astype(np.float64)),
                pa.array(p.indoor),
                pa.array(codes[p.district]),
            ],
        )

    def write_outbreak(self, seed: int, start: int, end: int, state: State) -> None:
        """Cases, tests, quarantine orders and the truth."""
        records = Records(seed, start, end, self._city, state, self._people, self._places)
        self._add("case", records.cases())
        self._add("test_result", records.tests())
        self._add("quarantine", records.quarantine())
        infections = records.infections()
        self._infections = infections.num_rows
        self._add(f"{_TRUTH}/infections", infections)
        self._add(f"{_TRUTH}/people", true_people(self._city, self._people, self._places))

    def finish(self, plan: dict[str, int | str]) -> CitySummary:
        """Close all files, give them their names, and write ``city.json`` last."""
        names = list(self._writers)
        for name in names:
            self._flush(name)
            self._writers[name].close()
        for name in names:
            os.replace(self._part(name), self._folder / f"{name}.parquet")
        self._writers.clear()
        events = {n: self._rows[n] for n in names if not n.startswith(_TRUTH)}
        summary = CitySummary(self._folder, len(self._people), len(self._places), events, self._infections)
        about = {
            "version": FORMAT,
            "plan": plan,
            "places": summary.places,
            "events": events,
            "infections": self._infections,
        }
        (self._folder / "city.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        return summary
