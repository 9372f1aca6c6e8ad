"""Random bulk events in Parquet, to measure ingest: python -m benchmarks.make_bulk DIR [millions of fixes].

20 million fixes, 5 million sightings and 2 million check-ins of 200,000 people over 14 days by default; the three
numbers keep their proportion.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START, DAYS, PEOPLE, PLACES = 1_624_838_400, 14, 200_000, 20_000
MOMENT = pa.timestamp("s", tz="UTC")
CHUNK = 1_000_000


def names(prefix: str, codes: np.ndarray) -> pa.Array:
    distinct = pa.array([f"{prefix}{i:07d}" for i in range(codes.max() + 1)])
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), distinct)


def moments(rng: np.random.Generator, n: int, day: int) -> np.ndarray:
    return START + day * 86_400 + np.sort(rng.integers(0, 86_400, n))


def tables(kind: str, total: int) -> Iterator[pa.Table]:
    rng = np.random.default_rng([7, len(kind)])
    per_day = total // DAYS
    for day in range(DAYS):
        for n in [CHUNK] * (per_day // CHUNK) + [per_day % CHUNK]:
            at = moments(rng, n, day)
            person = rng.integers(0, PEOPLE, n)
            moment = pa.array(at).cast(MOMENT)
            if kind == "location":
                home_lat = 10.6 + (person % 447) * 0.0006 + rng.normal(0, 0.002, n)
                home_lng = 106.5 + (person // 447) * 0.0006 + rng.normal(0, 0.002, n)
                columns = {"person": names("P", person), "at": moment, "lat": home_lat, "lng": home_lng,
                           "accuracy_m": rng.uniform(5, 60, n)}  # fmt: skip
            elif kind == "bluetooth":
                peer = (person + rng.integers(1, 12, n)) % PEOPLE
                columns = {"person": names("P", person), "peer": names("P", peer), "at": moment,
                           "duration_s": pa.array(np.full(n, 300), pa.int32()),
                           "attenuation_db": np.round(rng.normal(70, 9, n), 1)}  # fmt: skip
            else:
                place = np.minimum((PLACES * rng.random(n) ** 2).astype(int), PLACES - 1)
                left = pa.array(at + rng.integers(300, 7200, n), mask=rng.random(n) < 0.8).cast(MOMENT)
                columns = {"person": names("P", person), "place": names("L", place), "entered_at": moment,
                           "left_at": left}  # fmt: skip
            yield pa.table(columns)


def main(folder: Path, millions: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shares = {"check_in": 0.1, "bluetooth": 0.25, "location": 1.0}
    for kind, share in shares.items():
        writer = None
        for table in tables(kind, int(millions * 1e6 * share)):
            writer = writer or pq.ParquetWriter(folder / f"{kind}.parquet", table.schema, compression="zstd")
            writer.write_table(table, row_group_size=250_000)
        if writer:
            writer.close()
        print(kind, round((folder / f"{kind}.parquet").stat().st_size / 1e6), "MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 20.0)
