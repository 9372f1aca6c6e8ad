"""Tables of contacts become worlds: by name, by day, both ends, and mistakes are named with their line."""

import gzip
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInputError, UnreadableFileError
from engine.scenarios import table_files
from engine.scenarios.contacts_arrays import PairDays, contacts_of
from engine.scenarios.contacts_table import world_of_table
from engine.scenarios.fingerprint import fingerprint
from engine.scenarios.model import ContactTable, Population
from engine.scenarios.people_columns import with_named
from engine.scenarios.world import TABLE, World

BASIC = "person,other,day,hours,net\n10,9,2021-07-05,1.5,town\n9,2,2021-07-05,1,town\nlan,2,2021-07-07,2,school\n"


def written(tmp_path: Path, text: str, name: str = "contacts.csv") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def population(**settings: object) -> Population:
    return Population(table=ContactTable.model_validate({"file": "contacts.csv", **settings}))


def rows(world: World) -> list[tuple[int, int, int, float, float]]:
    """(day, person, other, weight, minutes) of every row."""
    c = world.contacts
    return [
        (d, p, int(c.other[i]), float(c.weight[i]), float(c.minutes[i]))
        for d in range(c.days)
        for p in range(world.people)
        for i in range(c.first[d, p], c.first[d, p + 1])
    ]


def refused(folder: Path, pop: Population) -> str:
    with pytest.raises(BadInputError) as caught:
        world_of_table(pop, folder)
    return str(caught.value)


def test_dates_names_and_both_ends(tmp_path: Path) -> None:
    world, keys = world_of_table(population(weight="hours"), written(tmp_path, BASIC))
    assert keys == ("2", "9", "10", "lan")  # numbers by value, then names
    assert world.contacts.start == date(2021, 7, 5)
    assert world.contacts.days == 3
    assert rows(world) == [
        (0, 0, 1, 1, 1), (0, 1, 0, 1, 1), (0, 1, 2, 1.5, 1.5), (0, 2, 1, 1.5, 1.5), (2, 0, 3, 2, 2), (2, 3, 0, 2, 2)
    ]  # fmt: skip
    assert set(world.contacts.channel.tolist()) == {TABLE}
    assert set(world.contacts.place.tolist()) == {-1}
    assert world.places.visitors.shape == (3, 0)
    assert not world.contacts.weight.flags.writeable


def test_without_a_day_column_it_is_one_day(tmp_path: Path) -> None:
    world, _ = world_of_table(population(day=None), written(tmp_path, BASIC))
    assert world.contacts.days == 1
    assert world.contacts.start is None
    assert [r[3] for r in rows(world)] == [1.0] * 6


def test_duplicates_add_up_either_way_round(tmp_path: Path) -> None:
    text = "person,other,day,w,m\na,b,3,1,10\nb,a,3,2,20\na,b,5,4,40\n"
    world, _ = world_of_table(population(weight="w", minutes="m"), written(tmp_path, text))
    assert rows(world) == [(0, 0, 1, 3, 30), (0, 1, 0, 3, 30), (2, 0, 1, 4, 40), (2, 1, 0, 4, 40)]


def test_where_and_dropped_people(tmp_path: Path) -> None:
    folder = written(tmp_path, BASIC)
    _, keys = world_of_table(population(where={"net": "town"}), folder)
    assert keys == ("2", "9", "10")
    _, keys = world_of_table(population(drop_people=("9",)), folder)
    assert keys == ("2", "lan")
    assert "there are school, town" in refused(folder, population(where={"net": "village"}))
    assert "'77'" in refused(folder, population(drop_people=("77",)))
    assert "nobody to simulate" in refused(folder, population(drop_people=("2", "9")))


def test_more_people_than_are_named(tmp_path: Path) -> None:
    world, keys = world_of_table(population(people=6), written(tmp_path, BASIC))
    assert keys[4:] == ("unnamed-1", "unnamed-2")
    assert world.people == 6 == len(world.household) == world.contacts.first.shape[1] - 1
    assert world_of_table(population(people=2), tmp_path)[0].people == 4


@pytest.mark.parametrize(
    ("text", "settings", "says"),
    [
        ("person,other,day\na,b,1\n\nc,c,2\n", {}, "line 4: person and other are the same"),
        ("person,other,day,w\na,b,1,1\na,c,1,-2\n", {"weight": "w"}, "line 3: w is below 0"),
        ("person,other,day,w\na,b,1,1\na,c,1,\n", {"weight": "w"}, "line 3: w is missing"),
        ("person,other,day,w\na,b,1,1\na,c,1,x\nb,c,1,y\n", {"weight": "w"}, "line 3: w is 'x', not a number (and 1"),
        ("person,other,day\na,b,1\n,c,1\n", {}, "line 3: person is missing"),
        ("person,other,day\na,b,soon\n", {}, "line 2: day is 'soon'"),
        ("person,other,day\na,b,1\nb,c,\n", {}, "line 3: day is missing"),
        ("person,other,day\na,b,1.5\n", {}, "line 2: day is not a whole number"),
        ("person,other,day\na,b,0\na,b,1625443200\n", {}, "1625443201 days lie between"),
        ("person,other,day\n", {}, "nobody to simulate"),
        ('person,other,day\n"a\nb",b,1\n"x\ny","x\ny",2\n', {}, "line 6: person and other"),
        ("person,other,day,w\na,b,1,1_000\n", {"weight": "w"}, "line 2: w is '1_000', not a number"),
        ("person,other,day,w\na,b,1,1e300\n", {"weight": "w"}, "line 2: w is above 1e+09"),
        ("person,other,day\na,b,1\na,c,1e300\n", {}, "line 3: day is too large to count days"),
        ("person,other,day\na,b,inf\na,c,1\n", {}, "line 2: day is too large to count days"),
        ("person,other,day\na,b,9999-12-31T23:00:00-10:00\n", {}, "line 2: day is not in the years 1 to 9999"),
        ("person,person,day\na,b,1\n", {"other": "person"}, "two columns 'person'"),
        ("person,other,day\na,b,1\n", {"people": 2_000_000_000}, "give at most 50000000"),
        ("persn,other,day\na,b,1\n", {}, "no column 'person'; did you mean persn? its columns: persn, other, day"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, text: str, settings: dict[str, object], says: str) -> None:
    assert says in refused(written(tmp_path, text), population(**settings))


def test_a_number_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_bytes(b"person,other,day,w\na,b,1,1\na,c,1,\xe11\n")
    assert "line 3: w is '\N{REPLACEMENT CHARACTER}1', not a number" in refused(tmp_path, population(weight="w"))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="there is no file"):
        world_of_table(population(), tmp_path)
    with pytest.raises(UnreadableFileError, match="is empty"):
        world_of_table(population(), written(tmp_path, "\n\n"))
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        world_of_table(population(), written(tmp_path, "person,other,day\na,b,1\na,b\n"))
    (tmp_path / "contacts.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(UnreadableFileError, match="is no table"):
        world_of_table(population(file="contacts.parquet"), tmp_path)
    with pytest.raises(BadInputError, match="not given"):
        world_of_table(Population.model_validate({"observed": {}}), tmp_path)


@pytest.mark.parametrize("day", [[-(2**63), 2**63 - 1], [1e300, 1.0], [-np.inf, 1.0], [np.nan, 1.0]])
def test_days_that_no_array_can_hold_are_refused(tmp_path: Path, day: list[float]) -> None:
    pq.write_table(pa.table({"person": ["a", "b"], "other": ["c", "d"], "day": day}), tmp_path / "c.parquet")
    assert "row 1: day is" in refused(tmp_path, population(file="c.parquet"))
    moments = pa.array([-(2**40), 2**40], pa.timestamp("s"))
    pq.write_table(pa.table({"person": ["a", "b"], "other": ["c", "d"], "day": moments}), tmp_path / "c.parquet")
    assert "not in the years" in refused(tmp_path, population(file="c.parquet"))


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.csv.zst"])
def test_packed_files_that_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(table_files, "UNPACKED_BYTES", 1 << 20)
    text = b"person,other,day\n" + b"a,b,1\n" * 2_000_000
    with pa.output_stream(str(tmp_path / name)) as stream:
        stream.write(text)
    with pytest.raises(UnreadableFileError, match=r"unpacks to more than \d+ bytes"):
        world_of_table(population(file=name), tmp_path)
    monkeypatch.setattr(table_files, "UNPACKED_BYTES", len(text))
    assert world_of_table(population(file=name), tmp_path)[0].people == 2


def test_parquet_with_more_rows_than_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "PARQUET_ROWS", 1_000)
    rows = 2_000_000
    pq.write_table(pa.table({n: pa.nulls(rows) for n in ("person", "other", "day")}), tmp_path / "c.parquet")
    with pytest.raises(UnreadableFileError, match="2000000 rows; it is too small"):
        world_of_table(population(file="c.parquet"), tmp_path)


def test_lines_above_the_columns_and_other_encodings(tmp_path: Path) -> None:
    plain, _ = world_of_table(population(day=None), written(tmp_path, BASIC))
    for text in ("\n \n" + BASIC, BASIC.replace("\n", "\r\n"), "\r\n" + BASIC.replace("\n", "\r\n")):
        (tmp_path / "contacts.csv").write_bytes(text.encode())
        assert fingerprint(world_of_table(population(day=None), tmp_path)[0]) == fingerprint(plain)
    (tmp_path / "contacts.csv").write_bytes(BASIC.encode("utf-16"))
    with pytest.raises(UnreadableFileError, match="save it as UTF-8"):
        world_of_table(population(), tmp_path)


def test_names_of_very_many_digits(tmp_path: Path) -> None:
    text = f"person,other,day\n{'1' * 5000},9,1\n"
    assert world_of_table(population(), written(tmp_path, text))[1] == ("9", "1" * 5000)


def test_moments_fall_in_days_of_viet_nam(tmp_path: Path) -> None:
    zoned = "person,other,day\na,b,2021-07-05T18:00:00Z\na,c,2021-07-05T16:59:59Z\n"
    plain = "person,other,day\na,b,2021-07-06 01:00:00\na,c,2021-07-05 23:59:59\n"
    mixed = "person,other,day\na,b,2021-07-06T01:00:00+07:00\na,c,2021-07-05\n"
    worlds = [world_of_table(population(), written(tmp_path, text))[0] for text in (zoned, plain, mixed)]
    assert len({fingerprint(w) for w in worlds}) == 1
    assert worlds[0].contacts.start == date(2021, 7, 5)
    assert [r[:3] for r in rows(worlds[0])] == [(0, 0, 2), (0, 2, 0), (1, 0, 1), (1, 1, 0)]


def test_every_format_says_the_same(tmp_path: Path) -> None:
    a, b, day = [10, 9, 2], [9, 2, 77], [date(2021, 7, 5), date(2021, 7, 5), date(2021, 7, 6)]
    lines = [f"{x},{y},{d}" for x, y, d in zip(a, b, day, strict=True)]
    text = "person,other,day\n" + "\n".join(lines) + "\n"
    written(tmp_path, text)
    written(tmp_path, "\ufeff" + text.replace(",", ";"), "excel.csv")
    written(tmp_path, text.replace(",", "\t"), "contacts.tsv")
    (tmp_path / "contacts.csv.gz").write_bytes(gzip.compress(text.encode()))
    pq.write_table(pa.table({"person": a, "other": b, "day": day}), tmp_path / "ints.parquet")
    dates = pa.array([str(d) for d in day]).dictionary_encode()
    pq.write_table(pa.table({"person": a, "other": b, "day": dates}), tmp_path / "categories.parquet")
    gaps = pa.table({"person": pa.array(a, pa.float64()), "other": [str(x) for x in b], "day": day})
    pq.write_table(gaps.append_column("where", pa.array([1, 1, 1])), tmp_path / "floats.pq")
    names = (
        "contacts.csv",
        "excel.csv",
        "contacts.tsv",
        "contacts.csv.gz",
        "ints.parquet",
        "floats.pq",
        "categories.parquet",
    )
    found = [world_of_table(population(file=name), tmp_path) for name in names]
    assert {keys for _, keys in found} == {("2", "9", "10", "77")}
    assert len({fingerprint(world) for world, _ in found}) == 1


def test_fingerprints_tell_worlds_apart(tmp_path: Path) -> None:
    world, _ = world_of_table(population(weight="hours"), written(tmp_path, BASIC))
    again, _ = world_of_table(population(weight="hours"), tmp_path)
    other, _ = world_of_table(population(weight="hours"), written(tmp_path, BASIC.replace("1.5", "1.6")))
    assert fingerprint(world) == fingerprint(again)
    assert len({fingerprint(w) for w in (world, other, with_named(world, ("2", "9", "10", "lan"), ("lan",)))}) == 3


def test_groups_and_households(tmp_path: Path) -> None:
    written(tmp_path, BASIC)
    written(tmp_path, "person,group\nlan,old\n2,young\n10,old\nelse,x\n", "ages.csv")
    written(tmp_path, "person,household\n2,h2\n10,h1\nlan,h2\n9,h7\nelse,h7\n", "homes.csv")
    base = population().model_copy(update={"groups": "ages.csv", "households": "homes.csv"})
    world, keys = world_of_table(base, tmp_path)
    assert keys == ("2", "9", "10", "lan")
    assert world.groups == ("old", "x", "young")
    assert world.group.tolist() == [2, -1, 0, 0]
    assert world.household.tolist() == [0, -1, -1, 0]
    written(tmp_path, "person,household\n2,h2\n10,h1\n2,h1\n", "homes.csv")
    assert "line 2: this person has another household further down" in refused(tmp_path, base)
    written(tmp_path, "person,group\nlan,all\n", "ages.csv")
    assert "'all' stands for every group" in refused(tmp_path, base)


def test_named_people(tmp_path: Path) -> None:
    world, keys = world_of_table(population(), written(tmp_path, BASIC))
    assert with_named(world, keys, ("lan", "2", "lan")).named == (3, 0)
    with pytest.raises(BadInputError, match="'lam'; did you mean lan"):
        with_named(world, keys, ("lam",))


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 5), st.integers(1, 9), st.integers(-1, 2)),
        max_size=40,
    )
)
def test_arrays_are_the_sums_by_pair_and_day(given_rows: list[tuple[int, int, int, int, int]]) -> None:
    day, a, step, weight, place = (np.array(c, np.int64) for c in zip(*given_rows, strict=True)) if given_rows else (
        np.empty(0, np.int64),) * 5  # fmt: skip
    b = (a + step) % 6
    bits = (1 << (weight % 3)).astype(np.uint8)
    pairs = PairDays(
        day.astype(np.int32), a.astype(np.int32), b.astype(np.int32), weight, weight * 7.0, place.astype(np.int32), bits
    )
    found = contacts_of(6, 4, pairs)
    want: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    for d, x, y, w, p, c in zip(*(v.tolist() for v in (day, a, b, weight, place, bits)), strict=True):
        want.setdefault((d, x, y), []).append((w, p, c))
        want.setdefault((d, y, x), []).append((w, p, c))
    got = []
    for d in range(4):
        for p in range(6):
            others = found.other[found.first[d, p] : found.first[d, p + 1]].tolist()
            assert all(x < y for x, y in pairwise(others))
            got += [(d, p, y) for y in others]
    assert got == sorted(want)
    for n, key in enumerate(got):
        here = want[key]
        assert found.weight[n] == sum(w for w, _, _ in here)
        assert found.minutes[n] == 7 * sum(w for w, _, _ in here)
        assert found.place[n] == max(here, key=lambda row: row[0])[1]
        assert found.channel[n] == np.bitwise_or.reduce([c for _, _, c in here])
