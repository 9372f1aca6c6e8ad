"""``truyvet scenario``: from a template to a report, without data where none is needed."""

import pyarrow.parquet as pq
import pytest

import engine.cli.scenario_command as scenario_command
from engine.scenarios import store
from tests.cli.conftest import TINY, call, table_rows

TEXT = """
name: small
replicates: 20
simulation:
  days: 30
  seed: 3
  initial: {infected: 2}
  population: {table: {file: contacts.csv, day: null, people: 80}}
  transmission: {scale: 0.08, profile: flat}
variants:
  - {name: nothing}
  - name: isolation
    set:
      measures.isolation: {delay: {fixed: 1}}
sensitivity:
  scale:
    variants: [nothing]
    sweep: {transmission.scale: [0.1, 0.2]}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenario")
    rows = [f"p{a},p{(a * k + k) % 70}" for a in range(70) for k in (2, 3) if a != (a * k + k) % 70]
    (folder / "contacts.csv").write_text("person,other\n" + "\n".join(sorted(set(rows))) + "\n")
    (folder / "small.yml").write_text(TEXT)
    return folder / "small.yml"


@pytest.fixture(scope="module")
def done(file):
    done = call("scenario", "run", file, "--out", file.with_name("out"))
    assert done.status == 0, done.err
    return file.with_name("out"), done


@pytest.mark.parametrize("kind", ["simulation", "table", "study"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_new_scenario_is_checked_without_mistakes_but_for_its_files(tmp_path, kind, lang):
    path = tmp_path / "deep" / "mine.yml"
    assert call("scenario", "new", "--kind", kind, path, "--lang", lang).status == 0
    checked = call("scenario", "check", path)
    if kind == "table":
        assert checked.status == 1
        assert ".csv" in checked.err
    else:
        assert checked.status == 0, checked.err
    again = call("scenario", "new", "--kind", kind, path)
    assert (again.status, "--force" in again.err) == (2, True)
    assert call("scenario", "new", "--kind", kind, path, "--force").status == 0


def test_no_such_kind(tmp_path):
    wrong = call("scenario", "new", "--kind", "poem", tmp_path / "x.yml")
    assert (wrong.status, "simulation, table, study" in wrong.err) == (2, True)


def test_check_lists_runs_hashes_grids_files_and_costs(file):
    checked = call("scenario", "check", file)
    assert checked.status == 0, checked.err
    assert {row[0] for row in table_rows(checked.out)} == {"nothing", "isolation"}
    assert "transmission.scale (2)" in checked.out
    assert "contacts.csv" in checked.out
    assert "1\N{NO-BREAK SPACE}200 simulated days" in checked.out
    assert "80 people" in checked.out
    grid = call("scenario", "check", file, "--sensitivity", "scale")
    assert {row[0] for row in table_rows(grid.out)} == {
        "nothing,transmission.scale=0.1",
        "nothing,transmission.scale=0.2",
    }


@pytest.mark.parametrize("command", ["check", "run"])
def test_all_mistakes_are_told_with_their_lines_and_status_2(file, command):
    bad = file.with_name("bad.yml")
    bad.write_text(TEXT.replace("days: 30", "dais: 30").replace("replicates: 20", "replicates: 0"))
    words = ["--out", file.with_name("never")] if command == "run" else []
    wrong = call("scenario", command, bad, *words)
    assert wrong.status == 2
    assert "bad.yml line 5" in wrong.err
    assert "bad.yml line 3" in wrong.err
    assert not file.with_name("never").exists()


def test_unknown_variants_and_grids_and_files(file, tmp_path):
    for option, name in (("--variant", "isolated"), ("--sensitivity", "scales")):
        wrong = call("scenario", "check", file, option, name)
        assert wrong.status == 2
        assert ("isolation" if option == "--variant" else "scale") in wrong.err
    assert call("scenario", "check", tmp_path / "none.yml").status == 1


def test_a_run_of_a_table_needs_no_data_and_leaves_a_whole_folder(done):
    out, run = done
    rows = table_rows(run.out)
    assert [row[0] for row in rows] == ["nothing", "isolation"]
    assert rows[0][-1] == "-"
    assert rows[1][-1].startswith("-")
    assert "[" in rows[1][1]
    for name in ("totals", "daily", "weekly", "r", "differences", "replicates"):
        assert pq.read_table(out / f"{name}.parquet").num_rows
    assert (out / "scenario.yml").read_text() == TEXT
    for lang in ("vi", "en"):
        page = (out / f"report.{lang}.html").read_text("utf-8")
        assert "truyvet scenario run" in page
    assert "report.vi.html" in run.err


def test_the_same_run_again_is_there_already_and_another_is_refused(file, done):
    out, _ = done
    before = (out / "manifest.json").stat().st_mtime_ns
    assert call("scenario", "run", file, "--out", out, "--workers", 1).status == 0
    assert (out / "manifest.json").stat().st_mtime_ns == before
    other = call("scenario", "run", file, "--out", out, "--seed", 4)
    assert other.status == 1
    assert "another" in other.err


def test_variants_replicates_and_seed_change_what_is_run(file, tmp_path):
    out = tmp_path / "one"
    run = call("scenario", "run", file, "--out", out, "--variant", "isolation", "--replicates", 16, "--seed", 9)
    assert [row[0] for row in table_rows(run.out)] == ["isolation"]
    table = pq.read_table(out / "replicates.parquet")
    assert (table.num_rows, "seed: 9" in (out / "scenario.yml").read_text()) == (16, True)


def test_a_named_grid_is_run_in_place_of_the_sweep(file, tmp_path):
    run = call("scenario", "run", file, "--out", tmp_path / "grid", "--sensitivity", "scale", "--replicates", 16)
    assert run.status == 0, run.err
    assert sum(bool(row[1]) for row in table_rows(run.out)) == 2


def test_comparing_folders_pairs_what_shares_seed_and_world(file, done, tmp_path):
    out, _ = done
    strict = file.with_name("strict.yml")
    strict.write_text(TEXT.replace("name: small", "name: strict").replace("fixed: 1", "fixed: 0.1"))
    other = tmp_path / "strict"
    assert call("scenario", "run", strict, "--out", other).status == 0
    compared = call("scenario", "compare", out, other)
    rows = table_rows(compared.out)
    assert [row[:2] for row in rows] == [
        ["out", "nothing"], ["out", "isolation"], ["strict", "nothing"], ["strict", "isolation"],
    ]  # fmt: skip
    assert rows[0][-1] == "-"
    assert rows[2][-1] == "+0.0 [+0.0 .. +0.0]"
    assert "*" not in compared.out
    third = tmp_path / "third"
    assert call("scenario", "run", strict, "--out", third, "--seed", 8).status == 0
    assert "*" in call("scenario", "compare", out, third).out


def test_comparing_needs_results(tmp_path):
    assert call("scenario", "compare", tmp_path).status == 1


def test_a_report_is_written_again_and_says_where_it_is(done):
    out, _ = done
    told = call("scenario", "report", out, "--lang", "vi")
    assert told.out.strip() == str((out / "report.vi.html").resolve())
    assert store.read_run(out).manifest["files"]["report.vi.html"]
    assert call("scenario", "compare", out).status == 0


def test_ctrl_c_says_how_to_go_on(file, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.service.scenarios.Scenarios.run", stopped)
    run = call("scenario", "run", file, "--out", tmp_path / "x", "--replicates", 16)
    assert run.status == 130
    assert f"truyvet scenario run {file} --out {tmp_path / 'x'} --replicates 16" in run.err.replace("\n", "")


def test_observed_contacts_need_data_and_get_it(tmp_path):
    text = TEXT.replace("{table: {file: contacts.csv, day: null, people: 80}}", "{observed: {}}")
    (tmp_path / "seen.yml").write_text(text)
    assert call("scenario", "run", tmp_path / "seen.yml", "--out", tmp_path / "out").status == 1
    assert "12 people" in call("scenario", "check", tmp_path / "seen.yml", "--from", TINY).out
    run = call("scenario", "run", tmp_path / "seen.yml", "--out", tmp_path / "out", "--from", TINY, "--replicates", 16)
    assert run.status == 0, run.err
    assert len(table_rows(run.out)) == 2


def test_check_counts_the_people_of_what_is_stored(tmp_path, stored, monkeypatch):
    text = TEXT.replace("{table: {file: contacts.csv, day: null, people: 80}}", "{observed: {}}")
    (tmp_path / "seen.yml").write_text(text)
    assert "12 people" not in call("scenario", "check", tmp_path / "seen.yml").out
    monkeypatch.setenv("TRUYVET_DATA", str(stored))
    assert "12 people" in call("scenario", "check", tmp_path / "seen.yml").out


def test_names_of_runs_are_never_broken_within_words(file, tmp_path, monkeypatch):
    words = ("scenario", "run", file, "--out", tmp_path / "grid", "--sensitivity", "scale", "--replicates", 16)
    wide = call(*words)
    assert "  transmission.scale=0.2" in wide.out
    assert "Tests" not in wide.out
    assert "beside nothing,transmission.scale=0.1" in wide.out
    assert "Fewer than 50 replicates" in wide.out
    monkeypatch.setattr("engine.cli.session.WIDE", 60)
    assert "    scale=0.2" in call(*words).out
    monkeypatch.setattr("engine.cli.session.WIDE", 40)
    narrow = call(*words)
    assert "│" not in narrow.out
    assert "\nnothing,transmission.scale=0.2\n" in narrow.out
    assert "\n  Attack rate %: " in narrow.out


def test_a_study_of_definitions(tmp_path):
    (tmp_path / "study.yml").write_text(
        "name: s\nstudy: {}\nvariants:\n- {name: a}\n- {name: b, set: {min_minutes: 30}}\n"
    )
    run = call("scenario", "run", tmp_path / "study.yml", "--out", tmp_path / "out", "--from", TINY)
    assert run.status == 0, run.err
    assert [row[0] for row in table_rows(run.out)] == ["a", "b"]
    assert (tmp_path / "out" / "report.en.html").exists()


def test_a_password_never_gets_into_a_report(file):
    asked = scenario_command.__dict__["_command"]
    assert "database" not in asked.__code__.co_varnames
