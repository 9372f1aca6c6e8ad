"""A province in memory: ``python -m benchmarks.province [--people 1000000] [--days 14] [--door events|codes]``.

People live in a town of a grid, move about their homes, check in at places nearby and meet their neighbours: about 35
records a person and day, streamed in the order of time. Then cases are traced to F1 and F2, the board is made, the hex
map is summed. Prints the time of each step, bytes a record, and the most memory that the process ever had.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from benchmarks.beside import Row, keep
from benchmarks.growth import resident
from benchmarks.towns import START, canonical, keys_of
from engine.clock import DAY, to_rfc3339
from engine.graph.batches import Batch
from engine.service.engine import Engine, Settings
from engine.service.rehearsal import rehearse

A_DAY = {"location": 21, "bluetooth": 7, "check_in": 7}
"""Records of a person and day, by kind."""
PEOPLE_A_PLACE, BATCH, GIB = 10, 500_000, 2**30
MOST_GIB = 16.0
STATUS = Path("/proc/self/status")
STEPS = "loading", "tracing", "the board", "the hex map"


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    people: int = 1_000_000
    days: int = 14
    cases: int = 300

    @property
    def places(self) -> int:
        """Places to check in at."""
        return max(50, self.people // PEOPLE_A_PLACE)

    @property
    def records(self) -> int:
        """Records in all."""
        return self.people * self.days * sum(A_DAY.values())

    @property
    def end(self) -> int:
        """When the last day ends, UTC s."""
        return START + self.days * DAY


def stream(size: Size) -> Iterator[tuple[int, str, dict[str, np.ndarray]]]:
    """Day, kind, and columns of codes and moments, day by day, kind by kind, each in the order of time."""
    for day in range(size.days):
        for number, (kind, each) in enumerate(A_DAY.items()):
            total = size.people * each
            count = -(-total // BATCH)
            for part in range(count):
                rng = np.random.default_rng([day, number, part])
                n = total * (part + 1) // count - total * part // count
                since, until = (START + day * DAY + (DAY - 7_200) * end // count for end in (part, part + 1))
                yield day, kind, _columns(kind, size, np.sort(rng.integers(since, max(until, since + 1), n)), rng)


def _columns(kind: str, size: Size, at: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    n = len(at)
    person = rng.integers(0, size.people, n, np.int32)
    if kind == "location":
        side = int(np.ceil(np.sqrt(size.people)))
        lat = 10.4 + person % side * 0.0006 + rng.normal(0, 0.002, n)
        lng = 106.3 + person // side * 0.0006 + rng.normal(0, 0.002, n)
        return {"person": person, "at": at, "lat": lat, "lng": lng, "accuracy_m": rng.uniform(5, 60, n)}
    if kind == "bluetooth":
        peer = (person + rng.integers(1, 12, n, np.int32)) % size.people
        lasts, weaker = np.full(n, 300, np.int32), rng.normal(60, 9, n)
        return {"person": person, "peer": peer, "at": at, "duration_s": lasts, "attenuation_db": weaker}
    place = (person // PEOPLE_A_PLACE + rng.integers(0, 20, n, np.int32)) % size.places
    return {"person": person, "place": place, "entered_at": at, "left_at": at + rng.integers(300, 7_200, n)}


def batch_of(kind: str, given: dict[str, np.ndarray]) -> Batch:
    """Columns as the graph keeps them."""
    person = given["person"]
    if kind == "check_in":
        at = given["entered_at"]
        left = (given["left_at"] - at // DAY * DAY).astype(np.int32)
        return Batch(kind, given["place"], at, person, {"left_at": left})
    if kind == "bluetooth":
        payload = {
            "duration_s": given["duration_s"].astype(np.uint16),
            "attenuation_cdb": np.rint(given["attenuation_db"] * 100).astype(np.int16),
        }
        return Batch(kind, person, given["at"], given["peer"], payload)
    payload = {
        "lat_e7": np.rint(given["lat"] * 1e7).astype(np.int32),
        "lng_e7": np.rint(given["lng"] * 1e7).astype(np.int32),
        "accuracy_dm": np.rint(given["accuracy_m"] * 10).astype(np.uint16),
    }
    return Batch(kind, person, given["at"], None, payload)


class Province:
    """An engine in memory, and what every step took."""

    def __init__(self, size: Size, door: str) -> None:
        self.size, self.door = size, door
        self.engine = Engine.open(Settings(), clock=lambda: size.end)
        self.people, self.places = keys_of("P", size.people)[1], keys_of("L", size.places)[1]
        graph = self.engine._intake.state.graph
        graph.people.encode(self.people)
        graph.places.encode(self.places)
        self.before = resident()
        self.took: dict[str, float] = {}

    def timed(self, step: str, work: Callable[[], object]) -> object:
        """Do it, and add its seconds to those of the step."""
        began = time.perf_counter()
        found = work()
        self.took[step] = self.took.get(step, 0.0) + time.perf_counter() - began
        return found

    def load(self, tell: Callable[[int], None]) -> None:
        """Everything of the stream, one batch in memory at a time; readers look once a day at least."""
        today = 0
        for day, kind, columns in stream(self.size):
            if day > today:
                self.timed("published", self.engine.snapshot)
                today = day
            if self.door == "codes":
                batch = batch_of(kind, columns)
                self.timed("taken in", lambda batch=batch: self.engine._intake.state.graph.take(batch))
                tell(len(batch))
                continue
            table = canonical(kind, {**columns, **self._named(columns)}).drop_columns(["retract", "revision"])
            reply = self.timed("taken in", lambda kind=kind, table=table: self.engine.ingest(kind, table))
            assert not reply.rejected, reply.rejected[:3]
            tell(len(table))

    def _named(self, columns: dict[str, np.ndarray]) -> dict[str, pa.Array]:
        names = {"person": self.people, "peer": self.people, "place": self.places}
        return {name: names[name].take(pa.array(columns[name])) for name in names if name in columns}

    def tell_cases(self, count: int, seed: int = 5) -> list[str]:
        """Cases of the last days; their keys."""
        rng = np.random.default_rng(seed)
        codes = rng.choice(self.size.people, count, replace=False)
        known = self.size.end - rng.integers(1, 2 * DAY, len(codes))
        keys = [self.people[code].as_py() for code in codes.tolist()]
        events = [
            {"person": key, "onset_at": to_rfc3339(t - 2 * DAY), "confirmed_at": to_rfc3339(t)}
            for key, t in zip(keys, known.tolist(), strict=True)
        ]
        reply = self.engine.ingest_json("case", json.dumps({"events": events}).encode())
        assert reply.accepted == len(keys), reply
        return keys

    def place_events(self) -> None:
        """Places where people check in, among the homes of those who do."""
        side = int(np.ceil(np.sqrt(self.size.people)))
        home = np.arange(self.size.places) * PEOPLE_A_PLACE
        columns = {"place": self.places, "kind": pa.array(["market"] * len(home))}
        columns |= {"lat": 10.4 + home % side * 0.0006, "lng": 106.3 + home // side * 0.0006}
        self.engine.ingest("place", pa.table(columns))

    def trace(self, cases: list[str], tell: Callable[[int], None]) -> tuple[np.ndarray, float]:
        """Milliseconds of F1 and F2 of each case, and how many people that are in the middle."""
        ms, reached = [], []
        for case in cases:
            began = time.perf_counter()
            report = self.engine.exposures(case, 2)
            ms.append(1e3 * (time.perf_counter() - began))
            reached.append(len(report.rows))
            tell(1)
        return np.array(ms), float(np.median(reached))


class Peaks:
    """The most memory that the process had, GiB: by step, and of all."""

    def __init__(self) -> None:
        self.by_step: dict[str, float] = {}
        self._forget()

    def now(self) -> float:
        """Since the last step ended."""
        if not STATUS.exists():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
        return int(STATUS.read_text().partition("VmHWM:")[2].split()[0]) * 1024 / GIB

    def ends(self, step: str) -> None:
        """A step is over."""
        self.by_step[step] = self.now()
        self._forget()

    def _forget(self) -> None:
        with suppress(OSError):  # where the system has no such thing, peaks only rise
            Path("/proc/self/clear_refs").write_text("5")


def run(size: Size, door: str, console: Console) -> dict[str, float]:
    """Load, trace, map; what was measured."""
    rehearse(lambda: Engine.open(Settings(), lambda: size.end))
    columns = (
        TextColumn("{task.description:<20}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as bar:
        province, peaks = Province(size, door), Peaks()
        loading = bar.add_task("records", total=size.records, note="")

        def tell(n: int) -> None:
            before = bar.tasks[loading].percentage // 5
            bar.update(loading, advance=n, note=f"{peaks.now():.1f} GiB")
            if not console.is_terminal and bar.tasks[loading].percentage // 5 > before:
                console.print(f"{bar.tasks[loading].percentage:.0f} % of the records, {peaks.now():.1f} GiB")

        province.load(tell)
        province.timed("published", province.engine.snapshot)
        peaks.ends("loading")
        province.place_events()
        cases = province.tell_cases(min(size.cases, size.people // 10))
        province.timed("published", province.engine.snapshot)
        found: dict[str, float] = {"records": size.records, "rows_bytes": (resident() - province.before) / size.records}
        tracing = bar.add_task("cases traced", total=len(cases), note="")
        ms, found["reached"] = province.trace(cases, lambda n: bar.update(tracing, advance=n))
        peaks.ends("tracing")
        bar.update(tracing, note=f"{peaks.by_step['tracing']:.1f} GiB")
        asking = bar.add_task("board and hex map", total=3, note="")
        board = province.timed("board", province.engine.board)
        peaks.ends("the board")
        bar.update(asking, advance=1, note=f"{peaks.by_step['the board']:.1f} GiB")
        found["on_board"] = len(board.rows)
        found["cells"] = len(province.timed("hex map", lambda: province.engine.hexes(9)).h3)
        bar.update(asking, advance=1)
        province.tell_cases(1, seed=6)
        province.engine.board()
        time.sleep(1)  # while events stream in, a map may be half a second old
        fresh = province.timed("hex map, one more case", lambda: province.engine.hexes(9))
        assert fresh.as_of == province.engine.as_of
        peaks.ends("the hex map")
        bar.update(asking, advance=1, note=f"{peaks.by_step['the hex map']:.1f} GiB")
    after = (resident() - province.before) / size.records
    found |= {"p50_ms": float(np.median(ms)), "p99_ms": float(np.percentile(ms, 99)), "all_bytes": after}
    found |= {f"{step}_s": seconds for step, seconds in province.took.items()}
    found |= {f"peak of {step}": most for step, most in peaks.by_step.items()}
    return found | {"peak_gib": max(peaks.by_step.values())}


def show(found: dict[str, float], size: Size, door: str, console: Console) -> None:
    """The table at the end."""
    table = Table(title=f"{size.people:,} people, {size.days} days, {size.records:,} records, by {door}")
    table.add_column("")
    table.add_column("", justify="right")
    rate = size.records / found["taken in_s"]
    lines = {
        "taken in": f"{found['taken in_s']:,.0f} s, {rate / 1e6:.2f} M records/s",
        "made ready for questions": f"{found['published_s']:,.1f} s",
        "memory of a record, loaded": f"{found['rows_bytes']:.1f} bytes",
        "memory of a record, asked": f"{found['all_bytes']:.1f} bytes",
        "F1 and F2 of a case": f"median {found['p50_ms']:.2f} ms, 99 % {found['p99_ms']:.2f} ms",
        "people reached": f"{found['reached']:,.0f} (median)",
        "board": f"{found['board_s']:.2f} s, {found['on_board']:,.0f} people",
        "hex map": f"{found['hex map_s']:.2f} s, {found['cells']:,.0f} cells",
        "hex map, one more case": f"{1e3 * found['hex map, one more case_s']:.1f} ms",
        **{f"most memory of {step}": f"{found[f'peak of {step}']:.2f} GiB" for step in STEPS},
        "most memory of all": f"{found['peak_gib']:.2f} GiB (goal: at most {MOST_GIB:.0f})",
    }
    for name, value in lines.items():
        table.add_row(name, value)
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=Size.people)
    parser.add_argument("--days", type=int, default=Size.days)
    parser.add_argument("--cases", type=int, default=Size.cases)
    parser.add_argument("--door", choices=("events", "codes"), default="events", help="how records come in: as checked "
                        "events with names, or as codes of names that are known")  # fmt: skip
    parser.add_argument("--json", type=Path, default=Path("var/bench/province.json"))
    asked = parser.parse_args()
    size, console = Size(asked.people, asked.days, asked.cases), Console()
    found = run(size, asked.door, console)
    show(found, size, asked.door, console)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(found, indent=1))
    if size == Size():
        job = f"{size.people:,} people, {size.days} days, {size.records:,} records loaded, traced and mapped: memory"
        keep(Row("province-memory", job, "", [found["peak_gib"]], unit="GiB", goal=MOST_GIB, at_most=True))
    return 0 if found["peak_gib"] <= MOST_GIB else 1


if __name__ == "__main__":
    raise SystemExit(main())
