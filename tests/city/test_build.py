import json
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engine.city.build import CityPlan, build_city
from engine.city.records import event_schema
from engine.clock import DAY
from engine.errors import BadParameterError
from engine.events.schemas import KINDS, TIME
from engine.events.validate import check
from tests.city.conftest import PLAN

SMALL = CityPlan(people=150, days=3, seed=9)
MOMENTS = [("bluetooth", "at"), ("check_in", "entered_at"), ("location", "at"), ("test_result", "sampled_at")]
PLACES = [("check_in", "place"), ("truth/people", "home"), ("truth/infections", "place")]
FILES = [*KINDS, "truth/infections", "truth/people"]


def read(folder, name):
    """A file with its moments in seconds (Parquet has none shorter than milliseconds)."""
    rows = pq.read_table(folder / f"{name}.parquet")
    fields = [f.with_type(TIME) if pa.types.is_timestamp(f.type) else f for f in rows.schema]
    return rows.cast(pa.schema(fields))


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        build_city(SMALL, tmp_path / name)
    for file in FILES:
        left, right = ((tmp_path / n / f"{file}.parquet").read_bytes() for n in ("a", "b"))
        assert left == right, file


def test_building_again_replaces(tmp_path):
    build_city(SMALL, tmp_path)
    build_city(CityPlan(people=80, days=2), tmp_path)
    assert read(tmp_path, "truth/people").num_rows == 80


def test_another_seed_gives_another_city(tmp_path, folder):
    build_city(CityPlan(people=PLAN.people, days=PLAN.days, seed=5), tmp_path)
    assert not read(tmp_path, "place").equals(read(folder, "place"))


@pytest.mark.parametrize(("kind", "at"), MOMENTS)
def test_the_last_day_moves_everything(tmp_path, kind, at):
    later = CityPlan(people=150, days=3, seed=9, last_day=date(2021, 8, 1))
    for name, plan in (("a", SMALL), ("b", later)):
        build_city(plan, tmp_path / name)
    a, b = (read(tmp_path / n, kind) for n in ("a", "b"))
    assert pc.add(a[at].cast(pa.int64()), 21 * DAY).equals(b[at].cast(pa.int64()))
    assert a["person"].equals(b["person"])


@pytest.mark.parametrize("kind", list(KINDS))
def test_columns_are_the_canonical_ones(folder, kind):
    assert read(folder, kind).schema.equals(event_schema(kind))


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_row_is_accepted(folder, kind):
    checked = check(kind, read(folder, kind), PLAN.end)
    assert checked.rejected == ()
    assert checked.table.num_rows > 0


@pytest.mark.parametrize("kind", list(KINDS))
def test_natural_keys_are_unique(folder, kind):
    keys = list(KINDS[kind].natural_key)
    rows = read(folder, kind)
    assert rows.group_by(keys).aggregate([]).num_rows == rows.num_rows


@pytest.mark.parametrize(("kind", "column"), [
    ("bluetooth", "at"), ("check_in", "entered_at"), ("check_in", "left_at"), ("location", "at"),
])  # fmt: skip
def test_movements_lie_within_the_days(folder, kind, column):
    t = read(folder, kind)[column].cast(pa.int64())
    assert pc.min(t).as_py() >= PLAN.start
    assert pc.max(t).as_py() < PLAN.end


@pytest.mark.parametrize(("kind", "column"), [
    ("case", "confirmed_at"), ("case", "onset_at"), ("case", "sampled_at"), ("case", "isolated_at"),
    ("test_result", "sampled_at"), ("test_result", "resulted_at"), ("quarantine", "started_at"),
])  # fmt: skip
def test_nothing_is_known_before_it_happens(folder, kind, column):
    t = read(folder, kind)[column].cast(pa.int64())
    assert pc.max(t).as_py() < PLAN.end


@pytest.mark.parametrize(("kind", "column"), [
    ("bluetooth", "person"), ("bluetooth", "peer"), ("check_in", "person"), ("location", "person"),
    ("case", "person"), ("test_result", "person"), ("quarantine", "person"), ("truth/infections", "infected"),
])  # fmt: skip
def test_everybody_named_exists(folder, kind, column):
    people = read(folder, "truth/people")["person"]
    assert pc.all(pc.is_in(read(folder, kind)[column], value_set=people.combine_chunks())).as_py()


@pytest.mark.parametrize(
    ("kind", "column"), [("check_in", "place"), ("truth/people", "home"), ("truth/infections", "place")]
)
def test_every_place_named_exists(folder, kind, column):
    places = read(folder, "place")["place"]
    named = read(folder, kind)[column].drop_null()
    assert pc.all(pc.is_in(named, value_set=places.combine_chunks())).as_py()


def test_nobody_meets_oneself(folder):
    looks = read(folder, "bluetooth")
    assert not pc.any(pc.equal(looks["person"], looks["peer"])).as_py()


def test_the_truth_of_infections_is_readable(folder):
    truth = read(folder, "truth/infections")
    assert truth.column_names == [
        "infected", "infector", "at", "place", "setting", "lat", "lng", "onset_at", "symptomatic",
    ]  # fmt: skip
    outside = pc.equal(truth["setting"], "outside")
    assert outside.equals(pc.is_null(truth["infector"]))
    assert outside.equals(pc.is_null(truth["place"]))
    assert pc.invert(truth["symptomatic"]).equals(pc.is_null(truth["onset_at"]))
    assert pc.count_distinct(truth["infected"]).as_py() == truth.num_rows


def test_every_case_and_positive_was_infected(folder):
    infected = read(folder, "truth/infections")["infected"].combine_chunks()
    tests = read(folder, "test_result")
    positive = tests.filter(pc.equal(tests["result"], "positive"))["person"]
    for people in (read(folder, "case")["person"], positive):
        assert pc.all(pc.is_in(people, value_set=infected)).as_py()


def test_every_detected_person_leaves_a_trace(folder, world):
    state = world.sim.outbreak.state
    detected = int((state.confirmed_at < PLAN.end).sum())
    tests = read(folder, "test_result")
    pcr = tests.filter(pc.and_(pc.equal(tests["result"], "positive"), pc.equal(tests["method"], "pcr")))["person"]
    known = set(pcr.to_pylist()) | set(read(folder, "case")["person"].to_pylist())
    assert len(known) == detected


def test_names_are_vietnamese_and_unique(folder):
    names = read(folder, "place")["name"].to_pylist()
    assert len(names) == len(set(names))
    assert any(n.startswith("Chợ ") for n in names)


def test_the_note_says_what_was_made(folder):
    about = json.loads((folder / "city.json").read_text(encoding="utf-8"))
    assert about["plan"] == {"people": 900, "days": 7, "seed": 4, "last_day": "2021-07-11"}
    assert about["events"] == {kind: read(folder, kind).num_rows for kind in KINDS}


def test_progress_runs_to_the_end_of_every_stage(tmp_path):
    told = []
    build_city(CityPlan(people=60, days=2), tmp_path, lambda stage, share: told.append((stage, share)))
    assert [s for s, share in told if share == 1.0] == ["people", "days", "files"]
    days = [share for stage, share in told if stage == "days"]
    assert days == sorted(days)


def test_a_failure_leaves_the_earlier_city(tmp_path):
    build_city(SMALL, tmp_path)
    before = (tmp_path / "bluetooth.parquet").read_bytes()

    def stop(stage, share):
        if stage == "days":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_city(CityPlan(people=200, days=2), tmp_path, stop)
    assert (tmp_path / "bluetooth.parquet").read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("bad", [{"people": 3}, {"days": 0}, {"seed": -1}, {"people": 10**9}, {"last_day": date.min}])
def test_plans_out_of_bounds_are_refused(bad):
    with pytest.raises(BadParameterError):
        CityPlan(**bad)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(BadParameterError, match="another folder"):
        build_city(SMALL, tmp_path / "x")
