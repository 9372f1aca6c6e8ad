"""``engine.scenarios``: choices beside the file, estimated settings, studies, comparisons."""

from pathlib import Path

import pytest

from engine.errors import BadInputError, BadParameterError, RunFolderError, ScenarioError, UnreadableFileError
from engine.scenarios.files import parse
from engine.scenarios.model import Distribution
from engine.service.engine import Engine, Settings
from engine.service.scenario_given import asked_for, with_estimates
from engine.service.scenarios import Scenarios

TINY = Path(__file__).parents[2] / "data" / "samples" / "tiny"
TEXT = """
name: seen
replicates: 16
simulation:
  days: 20
  population: {observed: {}}
  initial: {infected: 2}
variants:
  - name: nothing
  - name: isolation
    set: {measures.isolation: {days: 7}}
  - name: own-delay
    set: {measures.isolation: {delay: {fixed: 3}}}
baseline: isolation
sensitivity:
  rate: {variants: [nothing], sweep: {outside.rate: [0, 0.01]}}
"""


@pytest.fixture(scope="module")
def engine():
    engine = Engine.open(Settings())
    engine.ingest_paths([TINY])
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenarios") / "seen.yml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def run(engine, file):
    return engine.scenarios.run(file, file.with_name("out"))


def test_results_hold_tables_frames_and_pictures(run, file):
    assert run.folder == file.with_name("out")
    assert set(run.pandas("totals")["variant"]) == {"nothing", "isolation", "own-delay"}
    assert run.picture("infections", "vi").axes
    assert (run.folder / "report.en.html").exists()


def test_in_memory_gives_the_same_tables_and_pictures(engine, run, file):
    alone = engine.scenarios.run(file, workers=1)
    assert alone.folder is None
    assert all(alone.tables[name].equals(run.tables[name]) for name in ("totals", "daily", "weekly", "differences"))
    assert alone.picture().axes


def test_progress_is_told_by_what_is_done(engine, file):
    told = []
    engine.scenarios.run(file, variants=["nothing"], progress=lambda what, share: told.append((what, share)))
    assert {what for what, _ in told} == {"world", "run"}
    assert told[-1] == ("run", 1.0)


def test_choices_beside_the_file(file):
    asked = asked_for(file, ["nothing"], 5, 9)
    assert [plan.name for plan in asked.plans] == ["nothing"]
    assert (asked.scenario.replicates, asked.scenario.simulation.seed, asked.scenario.baseline) == (5, 9, None)
    assert asked.text is None
    assert asked_for(file).text == TEXT
    assert asked_for(file, sensitivity="rate").text == TEXT
    assert len(asked_for(file, sensitivity="rate").plans) == 2
    assert asked_for(file).hash != asked_for(file, seed=9).hash


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"variants": ["none"]}, BadParameterError),
        ({"replicates": 0}, BadParameterError),
        ({"seed": -1}, BadParameterError),
        ({"sensitivity": "none"}, BadParameterError),
    ],
)
def test_wrong_choices(file, choice, error):
    with pytest.raises(error):
        asked_for(file, **choice)


def test_a_study_has_no_seed(tmp_path):
    (tmp_path / "s.yml").write_text("name: s\nstudy: {}\n")
    with pytest.raises(BadParameterError, match="seed"):
        asked_for(tmp_path / "s.yml", seed=1)


def test_estimates_go_where_the_file_has_no_say_of_its_own():
    scenario = parse(TEXT, "seen")
    delay, incubation = Distribution(gamma=(2.0, 2.0)), Distribution(fixed=4.0)
    found = with_estimates(scenario, {"measures.isolation.delay": delay, "course.incubation": incubation})
    assert found.simulation.course.incubation == incubation
    assert found.simulation.measures.isolation is None
    from engine.scenarios.files import runs_of

    delays = {p.name: p.simulation.measures.isolation and p.simulation.measures.isolation.delay for p in runs_of(found)}
    assert delays == {"nothing": None, "isolation": delay, "own-delay": Distribution(fixed=3.0)}
    assert with_estimates(scenario, {}) is scenario


def test_without_an_engine_observed_contacts_cannot_be_had(file):
    assert Scenarios().check(file).people is None
    with pytest.raises(BadInputError, match="data folder"):
        Scenarios().run(file)
    with pytest.raises(BadInputError, match="data folder"):
        Scenarios().estimate()


def test_a_cost_is_people_times_days_times_replicates(engine, file):
    checked = engine.scenarios.check(file)
    assert (checked.people, checked.replicate_days) == (12, 3 * 20 * 16)
    assert checked.agent_days == 12 * 3 * 20 * 16
    assert checked.seconds > 0


def test_a_study_over_the_same_engine(engine, tmp_path):
    (tmp_path / "s.yml").write_text("name: s\nstudy: {}\nvariants: [{name: a}, {name: b, set: {min_minutes: 30}}]\n")
    run = engine.scenarios.run(tmp_path / "s.yml", tmp_path / "out")
    rows = run.tables["study"].to_pylist()
    assert [row["variant"] for row in rows] == ["a", "b"]
    assert rows[1]["f1"] <= rows[0]["f1"]
    assert run.manifest["kind"] == "study"
    assert engine.scenarios.compare(tmp_path / "out").totals.num_rows == 2
    assert engine.scenarios.run(tmp_path / "s.yml").tables["study"].equals(run.tables["study"])
    assert engine.scenarios.check(tmp_path / "s.yml").replicate_days == 0


def test_comparing_a_run_with_itself_gives_no_difference(engine, run, tmp_path, file):
    again = engine.scenarios.run(file, tmp_path / "again", reports=False)
    found = engine.scenarios.compare(run.folder, again.folder)
    same = [row for row in found.differences.to_pylist() if (row["folder"], row["variant"]) == ("again", "isolation")]
    assert found.baseline == ("out", "isolation")
    assert all(row["paired"] and row["median"] in (0, None) for row in same if row["median"] == row["median"])
    other = engine.scenarios.run(file, tmp_path / "other", seed=5, reports=False)
    rows = engine.scenarios.compare(run.folder, other.folder).differences.to_pylist()
    assert {row["paired"] for row in rows if row["folder"] == "other"} == {False}
    with pytest.raises(BadInputError):
        engine.scenarios.compare()
    with pytest.raises(RunFolderError):
        engine.scenarios.compare(tmp_path)


def test_reports_are_written_again(engine, run):
    (run.folder / "report.vi.html").write_bytes(b"torn")
    with pytest.raises(RunFolderError):
        engine.scenarios.read(run.folder)


def test_a_wrong_file_tells_every_mistake(engine, tmp_path):
    (tmp_path / "x.yml").write_text(TEXT.replace("days: 20", "dayz: 20").replace("replicates: 16", "replicates: 0"))
    with pytest.raises(ScenarioError, match=r"line 5.*\n.*line 3"):
        engine.scenarios.check(tmp_path / "x.yml")


@pytest.mark.parametrize("does", ["check", "run"])
def test_what_the_data_do_not_have_is_told_with_its_line(engine, tmp_path, does):
    (tmp_path / "x.yml").write_text(TEXT.replace("{days: 7}}", "{days: 7}, measures.lockdowns: [{areas: ['79']}]}"))
    with pytest.raises(ScenarioError) as told:
        getattr(engine.scenarios, does)(tmp_path / "x.yml")
    where = f"{tmp_path / 'x.yml'} line 11: variants.1.set.measures.lockdowns: 0.areas"
    assert str(told.value).startswith(f"{where}: nobody lives in 79 and no place is there")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("does", ["check", "run"])
def test_files_that_are_not_there_are_told_at_once_with_their_lines(engine, tmp_path, does):
    (tmp_path / "x.yml").write_text(TEXT.replace("{observed: {}}", "{observed: {}, groups: g.csv, households: h.csv}"))
    with pytest.raises(UnreadableFileError, match=r"line 6: simulation.population.groups: there .*g\.csv.*\n.*h\.csv"):
        getattr(engine.scenarios, does)(tmp_path / "x.yml")
    (tmp_path / "s.yml").write_text("name: s\nstudy:\n  truth: nowhere\n")
    with pytest.raises(UnreadableFileError, match=r"s\.yml line 3: study.truth: there is no .*nowhere"):
        getattr(engine.scenarios, does)(tmp_path / "s.yml")


def test_a_study_says_of_what_evidence_it_was_in_whatever_order_it_came(engine, tmp_path):
    (tmp_path / "s.yml").write_text("name: s\nstudy: {}\n")
    found = engine.scenarios.run(tmp_path / "s.yml").manifest["data"]
    assert len(found["fingerprint"]) == 64
    files = sorted(path for path in TINY.iterdir() if path.suffix in (".ndjson",))
    other = Engine.open(Settings())
    for path in reversed(files):
        other.ingest_paths([path])
    assert other.scenarios.run(tmp_path / "s.yml").manifest["data"]["fingerprint"] == found["fingerprint"]
    other.close()
    less = Engine.open(Settings())
    less.ingest_paths([path for path in files if "bluetooth" not in path.name])
    assert less.scenarios.run(tmp_path / "s.yml").manifest["data"]["fingerprint"] != found["fingerprint"]
    less.close()
