"""Scenario files: every mistake names its line and what to write; variants and grids make runs; hashes."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadParameterError, ScenarioError
from engine.scenarios import files
from engine.scenarios.files import parse, read, runs_of, scenario_hash, template, with_sensitivity
from engine.scenarios.model import Distribution, Scenario, Simulation
from engine.scenarios.yaml_lines import MAX_VALUES, load

WORDS = [
    "days",
    "measures",
    "tracing",
    "methods",
    "x",
    "measures.tracing.depth",
    "delay",
    "on",
    "profile",
    "remove",
    "<<",
]
VALUES = [
    "1", "-1", "0.5", "x", "true", "~", "[]", "{}", "[1, 2]", "{fixed: 1}", "{a: {b: c}}", "he-2020", "[[1]]", "&a 1",
    "'", "[{}]", "[{share: 2}]", "1e400", "99999999999999999999999999999999", "2021-07-11", "'\\0'", "!!int 3", "\t",
]  # fmt: skip
DOCS = Path(__file__).resolve().parents[2] / "docs"
SHOWN = sorted((DOCS / "scenarios").glob("*.yml"))

BASE = """\
format: 1
name: base
simulation:
  days: 30
  population:
    table:
      file: contacts.csv
  measures:
    isolation:
      on: true
    tracing:
      methods:
        - name: manual
          ascertainment: 0.9
    quarantine: {}
variants:
  - name: one
  - name: two
    set:
      measures.tracing.depth: 2
sweep:
  measures.quarantine.days: [7, 14]
"""


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as error:
        parse(text, "f.yml")
    assert error.value.code == "bad_scenario"
    return str(error.value)


def swapped(old: str, new: str) -> str:
    assert BASE.count(old) == 1
    return BASE.replace(old, new)


def observed(measures: str) -> str:
    return f"name: o\nsimulation:\n  population: {{observed: {{}}}}\n  measures:\n    {measures}\n"


# -- mistakes ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "ascertainment: 0.9",
            "ascertainmnt: 0.9",
            14,
            "ascertainmnt: unknown setting; did you mean ascertainment? (others: name,",
        ),
        (
            "    quarantine: {}",
            "    quarantine: {}\n    ascertainment: 1",
            16,
            "did you mean simulation.measures.tracing.methods.0.ascertainment?",
        ),
        ("  days: 30", "  dayz: 30", 4, "simulation.dayz: unknown setting; did you mean days?"),
        ("format: 1", "formt: 1", 1, "formt: unknown setting; did you mean format?"),
        ("name: base", "name: My Base", 2, "small letters, digits"),
        ("  days: 30", "  days: soon", 4, 'simulation.days: must be a whole number (got "soon")'),
        ("  days: 30", "  days: 30.5", 4, "must be a whole number (got 30.5)"),
        ("  days: 30", "  days: 0", 4, "must be at least 1 (got 0)"),
        ("  days: 30", "  days:", 4, "must be a whole number (got nothing)"),
        ("ascertainment: 0.9", "ascertainment: 90", 14, "must be at most 1 (got 90)"),
        ("ascertainment: 0.9", "ascertainment: true", 14, "must be a number, not true"),
        ("ascertainment: 0.9", "ascertainment: .inf", 14, "must be a"),
        ("      on: true", "      on: perhaps", 10, 'must be true or false (got "perhaps")'),
        ("    quarantine: {}", "    quarantine: 14", 15, "must be a mapping of settings (got 14)"),
        ("    quarantine: {}", "    quarantine: []", 15, "must be a mapping of settings (got a list)"),
        (
            "      methods:\n        - name: manual\n          ascertainment: 0.9",
            "      methods: {}",
            12,
            "must be a list (got a mapping)",
        ),
        (
            "      methods:\n        - name: manual\n          ascertainment: 0.9",
            "      methods: []",
            12,
            "must have at least 1 item",
        ),
        ("      on: true", "      delay: {weibull: [1]}", 10, "weibull.1: needs one more number"),
        ("      on: true", "      delay: {weibull: [1, 2, 3]}", 10, "must have at most 2 items"),
        ("      on: true", "      delay: {fixed: 1, gamma: [1, 2]}", 10, "give exactly one of fixed, weibull"),
        ("      on: true", "      delay: 3", 10, "must be a mapping of settings (got 3)"),
        ("      on: true", "      start: 9\n      end: 3", 9, "end must be after start (9)"),
        (
            "    tracing:\n",
            "    tracing:\n      trigger: onsett\n",
            12,
            'one of onset, positive_test, either (got "onsett"); did you mean onset?',
        ),
        (
            "    tracing:\n",
            "    tracing:\n      trigger: positive_test\n",
            8,
            "tracing from positive tests needs testing",
        ),
        ("    quarantine: {}", "    masks: [{coverage: 1}]", 8, "tracing needs quarantine"),
        (
            "      file: contacts.csv",
            "      person: a",
            6,
            "file: is missing (Path, from the folder of the scenario file)",
        ),
        ("    table:\n      file: contacts.csv", "    remove: []", 5, "give exactly one of observed and table"),
        (
            "  measures:",
            "  transmission: {profile: he-2021}\n  measures:",
            8,
            'flat or a mapping of presymptomatic_share, sd_after, sd_before (got "he-2021"); did you mean he-2020?',
        ),
        (
            "  measures:",
            "  transmission: {profile: {sd_afer: 1}}\n  measures:",
            8,
            "profile.sd_afer: unknown setting; did you mean sd_after?",
        ),
        (
            "    quarantine: {}",
            "    quarantine: {}\n    testing: {sensitivity: 2}",
            16,
            "sensitivity: must be at most 1 (got 2)",
        ),
        (
            "    quarantine: {}",
            "    quarantine: {}\n    testing: {sensitivity: good}",
            16,
            'must be a number or a list of such (got "good")',
        ),
        (
            "    quarantine: {}",
            "    quarantine: {}\n    testing: {sensitivity: [0.5, 2]}",
            16,
            "sensitivity.1: must be at most 1 (got 2)",
        ),
        (
            "    quarantine: {}",
            "    quarantine: {}\n    lockdowns: [{areas: [764]}]",
            3,
            "measures.lockdowns needs population.observed",
        ),
        ("    quarantine: {}", "    quarantine: {household: true}", 3, "needs population.households"),
        (
            "        - name: manual",
            "        - channels: [bluetooth]",
            3,
            "contacts of a table have the channel 'table'",
        ),
        (
            "    quarantine: {}",
            "    quarantine: {}\n    vaccination: {coverage: {old: 1}}",
            3,
            "group old needs population.groups",
        ),
        ("  measures:", "  outside: {days: {40: 3}}\n  measures:", 3, "the run ends before day 40"),
        ("  measures:", "  outside: {days: {soon: 3}}\n  measures:", 8, "must be a whole number"),
        ("  - name: two", "  - name: one", 1, "two variants are called one"),
        ("sweep:", "baseline: three\nsweep:", 1, "no variant is called three; there are one, two"),
        ("sweep:", "estimate: [incubation]\nsweep:", 1, "estimate: needs population.observed"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(old: str, new: str, line: int, said: str) -> None:
    told = refused(swapped(old, new))
    assert told.startswith(f"f.yml line {line}: "), told
    assert said in told, told
    assert "\n" not in told, told


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        ("closures: [{kinds: [karaok]}]", "no kind of place 'karaok'; did you mean karaoke? There are: home, school"),
        ("lockdowns: [{areas: [Quận 12]}]", "give codes, not names"),
        ("lockdowns: [{cells: [8965b5643cbfff]}]", "is not an H3 cell"),
        ("lockdowns: [{cells: [8b65b5643c80fff]}]", "has resolution 11; give cells of resolution 9 or coarser"),
        ("lockdowns: [{factor: 0.1}]", "give areas, cells or both"),
        ("capacity_limits: [{kinds: [shop]}]", "max_people: is missing (People a place and day)"),
    ],
)
def test_places_and_areas_are_checked(measures: str, said: str) -> None:
    told = refused(observed(measures))
    assert told.startswith("f.yml line 5: simulation.measures.")
    assert said in told


def test_an_unknown_policy_is_told_with_the_nearest() -> None:
    told = refused("name: o\nsimulation:\n  population: {observed: {policy: vn-2021-08}}\n")
    assert "line 3: simulation.population.observed.policy: there is no policy 'vn-2021-08'; did you mean vn-20" in told
    assert "ecdc" in told


def test_all_mistakes_are_told_at_once() -> None:
    told = refused(swapped("  days: 30", "  days: -1").replace("      on: true", "      onn: true")).splitlines()
    assert [row.split(":")[0] for row in told] == ["f.yml line 4", "f.yml line 10"]


@pytest.mark.parametrize(
    ("measures", "line", "said"),
    [
        ("testing: {of: [random]}", 5, "measures.testing.rate: random tests need a rate above 0"),
        ("testing: {rate: 0.1}", 5, "measures.testing.of: a rate needs random among them"),
        ("closures: [{kinds: [cafe], start: 90}]", 5, "closures.0.start: day 90 is after the run: its last day is 89"),
        ("vaccination: {coverage: {}}", 5, "measures.vaccination: nobody is vaccinated: give coverage, per_day or"),
        ("vaccination: {coverage: {all: 0}}", 5, "measures.vaccination: nobody is vaccinated"),
        ("quarantine: {}", 5, "measures.quarantine: nobody is found for it: quarantine needs tracing"),
        ("isolation: {on: yes}", 5, 'measures.isolation.on: must be true or false (got "yes")'),
        ("isolation: {on: 1}", 5, "measures.isolation.on: must be true or false (got 1)"),
        ("{}\n  initial: {from_cases: true, infected: 5}", 6, "infected: is never used: initial.from_cases says who"),
        ("{}\n  initial: {from_cases: true, people: [a]}", 6, "initial: give people or from_cases, not both"),
    ],
)
def test_what_cannot_be_or_does_nothing_is_told_with_its_line(measures: str, line: int, said: str) -> None:
    told = refused(observed(measures))
    assert told.startswith(f"f.yml line {line}: simulation."), told
    assert said in told


def test_what_does_something_in_one_run_is_kept() -> None:
    base = observed("{quarantine: {}, vaccination: {order: [all]}}") + "variants:\n  - name: none\n  - name: both\n"
    both = "    set: {measures.tracing.depth: 1, measures.vaccination.per_day: 5}\n"
    assert len(runs_of(parse(base + both, "f"))) == 2
    rates = observed("testing: {of: [random]}") + "sweep: {measures.testing.rate: [0.1, 0.2]}\n"
    assert len(runs_of(parse(rates, "f"))) == 2
    told = refused(rates.replace("0.1, 0.2", "0.1, 0.0"))
    assert told.startswith("f.yml line 6: sweep.measures.testing.rate: random tests"), told


def test_a_grid_that_only_some_variants_run_names_the_right_variant() -> None:
    text = observed("{}") + "variants:\n  - name: one\n  - name: two\n    set: {measures.testing.rate: 0.1}\n"
    told = refused(text + "sensitivity:\n  days: {variants: [two], sweep: {days: [5, 6]}}\n").splitlines()
    assert {row.split(": ")[0] for row in told} == {"f.yml line 9"}, told
    assert "in two: measures.testing.of" in told[0]


def test_levels_that_no_run_looks_at_are_told() -> None:
    study = "name: s\nstudy:\n  base: {depth: 1}\n  levels: [1, 2]\n"
    assert refused(study).startswith("f.yml line 4: study.levels.1: level 2 is never looked at: no run has a depth")
    assert runs_of(parse(study + "sweep: {depth: [1, 2]}\n", "f"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("testing.per_day", "leads nowhere: the base has no testing; did you mean measures.testing.per_day?"),
        ("measures.tracin.depth", "measures has no tracin; did you mean measures.tracing? (others: isolation,"),
        ("measures.tracing.dept", "did you mean depth?"),
        ("measures.tracing.depth.0", "measures.tracing.depth is a single value: nothing lies below it"),
        (
            "measures.tracing.methods.ascertainment",
            "is a list: give the number of an item, from 0 (measures.tracing.methods.0)",
        ),
        ("measures.tracing.methods.3.adoption", "measures.tracing.methods ends before that: the next item is number 1"),
        ("simulation.measures.tracing.depth", "leave out 'simulation.': paths begin below it"),
        ("replicates", "replicates is a setting of the whole file: it cannot differ between runs"),
        (
            "transmission.profile.sd_after",
            "transmission.profile is 'he-2020' in the base: set transmission.profile itself",
        ),
        ("Measures", "is not a path of a setting"),
    ],
)
@pytest.mark.parametrize("where", ["sweep", "set", "sensitivity"])
def test_a_path_that_leads_nowhere_is_told_with_the_right_one(path: str, said: str, where: str) -> None:
    text = {
        "sweep": swapped("  measures.quarantine.days: [7, 14]", f"  {path}: [1, 2]"),
        "set": swapped("      measures.tracing.depth: 2", f"      {path}: 2"),
        "sensitivity": BASE + f"sensitivity:\n  grid:\n    sweep:\n      {path}: [1, 2]\n",
    }[where]
    lines = {"sweep": (22,), "set": (20,), "sensitivity": (26,)}[where]
    told = refused(text)
    assert said in told, told
    assert int(re.match(r"f\.yml line (\d+): ", told)[1]) in lines, told


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("[7, 14]", "[7, -1]", 22, "sweep.measures.quarantine.days: must be more than 0 (got -1)"),
        ("[7, 14]", "[]", 22, "must have at least 1 item"),
        ("[7, 14]", "14", 22, "must be a list (got 14)"),
        ("[7, 14]", "[7, 7.0]", 22, "holds a value twice"),
        ("[7, 14]", str(list(range(1, 502))), 21, "makes 1,002 runs; at most 1,000"),
        ("measures.tracing.depth: 2", "measures: []", 22, "measures was set to a list, which has no quarantine"),
        ("depth: 2", "depth: deep", 20, 'variants.1.set.measures.tracing.depth: must be a whole number (got "deep")'),
        (
            "measures.tracing.depth: 2",
            "measures.tracing: {dept: 2}",
            20,
            "measures.tracing: dept: unknown setting; did you mean depth?",
        ),
        ("measures.tracing.depth: 2", "measures.tracing.trigger: positive_test", 20, "in two: measures: tracing from"),
        (
            "measures.tracing.depth: 2",
            "days: 5\n      outside.days: {7: 1}",
            18,
            "in two: outside.days: the run ends before",
        ),
    ],
)
def test_a_bad_value_of_a_run_is_told_where_it_was_written(old: str, new: str, line: int, said: str) -> None:
    told = refused(swapped(old, new))
    assert said in told, told
    assert told.startswith(f"f.yml line {line}: "), told


# -- YAML ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f.yml: the file is empty; truyvet scenario new"),
        ("# nothing\n", "f.yml: the file is empty"),
        ("- a\n", "f.yml line 1: a scenario is a mapping"),
        ("just words\n", "f.yml line 1: a scenario is a mapping"),
        ("name: a\nname: b\n", "f.yml line 2: name: said twice, first on line 1"),
        ("name: a\nsimulation:\n\tdays: 3\n", "f.yml line 3: a tab; indent with spaces"),
        ("name: a: b\n", "f.yml line 1: not YAML: mapping values are not allowed"),
        ("name: 'a\n", "not YAML"),
        ("name: a\n---\nname: b\n", "f.yml line 2: a second document"),
        (
            "name: !!python/object/apply:os.system [ls]\n",
            "tags such as !!python/object/apply:os.system are not understood",
        ),
        ("name: &a [*a]\n", "f.yml line 1: an alias of something that holds it"),
        ("name: *nobody\n", "undefined alias"),
        ("name: " + "[" * 3000 + "\n", "nested deeper than 40 levels"),
        ("name: a\x00b\n", "a character that YAML does not allow"),
        ("? [a]\n: b\n", "a key must be a name"),
        ("name: a\nx-a: &a [1]\n<<: *a\n", "<< takes a mapping"),
        ("# " + "x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_what_is_no_scenario_is_refused(text: str, said: str) -> None:
    assert said in refused(text)


def test_aliases_that_multiply_are_refused() -> None:
    rows = ["x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert f"more than {MAX_VALUES:,} values once its aliases are written out" in refused("\n".join(rows))


def test_anchors_and_merge_keys_work_and_lines_are_those_written_last() -> None:
    text = "x-a: &a\n  quarantine: {days: 7}\n" + swapped("    quarantine: {}", "    <<: *a")
    assert parse(text, "f").simulation.measures.quarantine.days == 7
    assert refused(text.replace("days: 7", "days: no")).startswith("f.yml line 2: simulation.measures.quarantine.days")


def test_plain_text_stays_what_it_looks_like() -> None:
    data = load("on: [yes, on, 2021-07-11, 012, 1_0, 1e-3, 3., .5, 0, -7, ~, true, '7', 1:30, 0x1F]", "f").data
    assert data == {
        "on": ["yes", "on", "2021-07-11", "012", "1_0", 0.001, 3.0, 0.5, 0, -7, None, True, "7", "1:30", "0x1F"]
    }


def test_codes_may_be_written_as_numbers_and_keep_their_zeros() -> None:
    lockdown = parse(observed("lockdowns: [{areas: [764, 01, '00001']}]"), "f").simulation.measures.lockdowns[0]
    assert lockdown.areas == ("764", "01", "00001")


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"name: \xff", "not UTF-8"), (b"#" * 1_000_001, "larger than 1 MB")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "s.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioError, match=f"s.yml.*{said}"):
        read(path)


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "s.yml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert read(path) == parse(BASE, "f")


# -- runs ----------------------------------------------------------------------------------------------
def test_runs_are_variants_by_points_in_the_order_of_the_file() -> None:
    runs = runs_of(parse(BASE, "f"))
    assert [run.name for run in runs] == [f"{v},measures.quarantine.days={d}" for v in ("one", "two") for d in (7, 14)]
    assert [run.simulation.measures.tracing.depth for run in runs] == [1, 1, 2, 2]
    assert [run.simulation.measures.quarantine.days for run in runs] == [7, 14, 7, 14]
    assert runs[3].values == {"measures.quarantine.days": 14}
    assert (runs[3].variant, runs[3].study) == ("two", None)


def one_run(path: str, value: str) -> Simulation:
    (run,) = runs_of(parse(swapped("measures.quarantine.days: [7, 14]", f"{path}: [{value}]"), "f"))[:1]
    assert run.name == "one"
    return run.simulation


def test_paths_create_what_is_absent_with_its_defaults() -> None:
    plain = runs_of(parse(BASE, "f"))[0].simulation
    testing = one_run("measures.testing.per_day", "5").measures.testing
    assert (testing.per_day, testing.sensitivity, testing.of) == (5, 0.9, ("isolated_or_quarantined",))
    assert plain.measures.testing is None
    removed = one_run("population.remove.0.share", "0.5").population.remove
    assert [r.share for r in removed] == [0.5]
    methods = one_run("measures.tracing.methods.1.adoption", "0.4").measures.tracing.methods
    assert [(m.ascertainment, m.adoption) for m in methods] == [(0.9, 1), (0.9, 0.4)]


def test_a_family_of_times_takes_the_place_of_the_other() -> None:
    assert one_run("course.incubation.fixed", "3").course.incubation == Distribution(fixed=3)
    assert one_run("course.incubation.gamma.0", "5").course.incubation.gamma == (5, 7)
    assert one_run("course.recovery", "{fixed: 5}").course.recovery == Distribution(fixed=5)


def test_a_part_can_be_taken_away_and_a_mapping_reached_into() -> None:
    assert one_run("measures.isolation", "null").measures.isolation is None
    assert one_run("outside.days.7", "3").outside.days == {7: 3}
    assert one_run("population.table.where.net", "All").population.table.where == {"net": "All"}


def test_the_order_under_set_does_not_matter() -> None:
    lines = ["measures.testing.per_day: 5", "measures.testing: {rate: 0.1}", "measures.testing.of: [random]"]
    for order in (lines, lines[::-1]):
        text = swapped("measures.tracing.depth: 2", "\n      ".join(order))
        testing = runs_of(parse(text, "f"))[-1].simulation.measures.testing
        assert (testing.per_day, testing.rate, testing.of) == (5, 0.1, ("random",))


def test_a_grid_goes_below_what_a_variant_sets_and_leaves_other_runs_alone() -> None:
    text = swapped("measures.tracing.depth: 2", "measures.testing: {rate: 0.1, of: [random]}").replace(
        "measures.quarantine.days: [7, 14]", "measures.testing.per_day: [1, 2]"
    )
    runs = runs_of(parse(text, "f"))
    assert [(r.simulation.measures.testing.rate, r.simulation.measures.testing.per_day) for r in runs] == [
        (0, 1), (0, 2), (0.1, 1), (0.1, 2),
    ]  # fmt: skip


def test_a_sensitivity_grid_takes_the_place_of_the_sweep_for_the_variants_it_names() -> None:
    text = BASE + "sensitivity:\n  days:\n    variants: [two]\n    sweep: {days: [10, 20, 30]}\n"
    scenario = parse(text, "f")
    assert len(runs_of(scenario)) == 4
    grid = with_sensitivity(scenario, "days")
    assert grid.name == "base-days"
    assert [run.name for run in runs_of(grid)] == ["two,days=10", "two,days=20", "two,days=30"]
    with pytest.raises(BadParameterError, match="did you mean days"):
        with_sensitivity(scenario, "dayz")
    with pytest.raises(BadParameterError, match="has no sensitivity grids"):
        with_sensitivity(grid, "days")
    assert "no variant is called three" in refused(text.replace("[two]", "[three]"))


def test_a_study_makes_runs_of_its_definition() -> None:
    text = "name: s\nstudy: {base: {depth: 1}}\nvariants: [{name: a}, {name: b, set: {policy: who}}]\n"
    text += "sweep: {min_minutes: [0, 15]}\n"
    runs = runs_of(parse(text, "f"))
    assert [(r.name, r.study.policy, r.study.min_minutes, r.study.depth) for r in runs] == [
        ("a,min_minutes=0", "vn-2021-07", 0, 1), ("a,min_minutes=15", "vn-2021-07", 15, 1),
        ("b,min_minutes=0", "who", 0, 1), ("b,min_minutes=15", "who", 15, 1),
    ]  # fmt: skip
    assert runs[0].simulation is None
    assert "leave out 'study.base.'" in refused(text.replace("min_minutes: [", "study.base.min_minutes: ["))


def test_a_scenario_made_by_hand_is_checked_as_well() -> None:
    hand = parse(BASE, "f").model_copy(update={"sweep": {"measures.tracing.dept": (1,)}})
    with pytest.raises(ScenarioError, match="did you mean depth"):
        runs_of(hand)


def test_names_of_runs_are_plain_whatever_the_values() -> None:
    values = ["a/b", "a b", "a\nb", "x", "y" * 90]
    runs = runs_of(
        parse(swapped("measures.quarantine.days: [7, 14]", f"population.table.file: {json.dumps(values)}"), "f")
    )
    names = [run.name.split("=")[-1] for run in runs[:5]]
    assert names[3] == "x"
    assert len(set(names)) == 5
    assert all(re.fullmatch(r"[\w.+-]{1,40}", name, re.ASCII) for name in names)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ([1, 2.5], "1+2.5"),
        ({"fixed": 2}, "fixed-2"),
        (None, "none"),
        (True, "true"),
        (0.1 + 0.2, "0.3"),
        ({}, "default"),
    ],
)
def test_values_in_names(value: object, name: str) -> None:
    assert files._short(value) == name


def test_the_grids_of_a_file_are_counted_together() -> None:
    grid = f"  g{{}}:\n    sweep: {{{{days: {list(range(31, 531))}}}}}\n"
    text = BASE + "sensitivity:\n" + "".join(grid.format(n) for n in range(2))
    assert refused(text).startswith("f.yml line 23: sensitivity: the grids of this file make 2,004 runs together")


# -- hashes --------------------------------------------------------------------------------------------
def shuffled(value: object) -> object:
    if isinstance(value, dict):
        return {key: shuffled(inner) for key, inner in reversed(value.items())}
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", SHOWN, ids=lambda p: p.stem)
def test_hashes_do_not_depend_on_order_of_keys_or_layout(path: Path) -> None:
    scenario = read(path)
    text = path.read_text(encoding="utf-8")
    other = parse(yaml.safe_dump(shuffled(load(text, "f").data), default_flow_style=True, width=60), "other.yml")
    assert scenario_hash(other) == scenario_hash(scenario)
    assert {run.hash for run in runs_of(other)} == {run.hash for run in runs_of(scenario)}
    assert scenario_hash(scenario, runs_of(scenario)) == scenario_hash(scenario)
    assert files.files_named(scenario, runs_of(scenario)) == files.files_named(scenario)
    assert all(re.fullmatch("[0-9a-f]{64}", run.hash) for run in runs_of(scenario))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  days: 30", "  days: 31"),
        ("  days: 30", "  days: 30\n  seed: 2"),
        ("contacts.csv", "other.csv"),
        ("      on: true", "      on: false"),
        ("ascertainment: 0.9", "ascertainment: 0.91"),
        ("    quarantine: {}", "    quarantine: {extend: true}"),
        ("name: manual", "name: other"),
        ("depth: 2", "depth: 3"),
        ("[7, 14]", "[7, 15]"),
        ("sweep:", "replicates: 7\nsweep:"),
        ("sweep:", "chains: true\nsweep:"),
        ("sweep:", "precision: {half_width: 0.1}\nsweep:"),
        ("sweep:", "baseline: two\nsweep:"),
        ("name: base", "name: case"),
    ],
)
def test_every_setting_changes_the_hash(old: str, new: str) -> None:
    assert scenario_hash(parse(swapped(old, new), "f")) != scenario_hash(parse(BASE, "f"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: base", "name: base\ntitle: {vi: a, en: b}\nsource: somewhere"),
        ("  days: 30", "  days: 30.0 # a comment"),
        ("    quarantine: {}", "    quarantine: {compliance: 1}"),
        ("sweep:", "baseline: one\nsweep:"),
    ],
)
def test_words_defaults_and_ways_of_writing_do_not_change_the_hash(old: str, new: str) -> None:
    assert scenario_hash(parse(swapped(old, new), "f")) == scenario_hash(parse(BASE, "f"))


def test_runs_that_say_the_same_have_the_same_hash_whatever_they_are_called() -> None:
    first = runs_of(parse(BASE, "f"))
    text = swapped("  - name: one", "  - name: uno").replace("[7, 14]", "[7]")
    second = runs_of(parse(text, "f"))
    assert [run.hash for run in second] == [first[0].hash, first[2].hash]
    assert len({run.hash for run in first}) == 4


# -- files and templates -------------------------------------------------------------------------------
@pytest.mark.parametrize("path", SHOWN, ids=lambda p: p.stem)
def test_the_shown_files_check_clean_and_speak_both_languages(path: Path) -> None:
    scenario = read(path)
    assert scenario.name == path.stem
    assert scenario.title is not None
    assert all(variant.title is not None for variant in scenario.variants)
    for name in files.files_named(scenario):
        assert not Path(name).is_absolute()


def test_the_guide_names_every_shown_file() -> None:
    text = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(scenarios/([a-z0-9-]+\.yml)\)", text)) == {path.name for path in SHOWN}


def test_the_file_of_firth_says_what_the_study_says() -> None:
    runs = {run.name: run.simulation for run in runs_of(read(DOCS / "scenarios" / "haslemere-firth-2020.yml"))}
    assert list(runs) == ["nothing", "isolation", "primary", "secondary", "primary-stops", "secondary-stops"]
    on = {
        name: (run.measures.isolation.on, run.measures.tracing.on, run.measures.tracing.depth)
        for name, run in runs.items()
    }
    assert on["nothing"][:2] == (False, False)
    assert on["isolation"][:2] == (True, False)
    assert on["primary"] == on["primary-stops"] == (True, True, 1)
    assert on["secondary"] == on["secondary-stops"] == (True, True, 2)
    assert [run.measures.quarantine.stops_onward for run in runs.values()] == [False] * 4 + [True] * 2
    run = runs["secondary"]
    assert (run.days, run.course.asymptomatic_share, run.course.asymptomatic_factor, run.transmission.scale) == (
        69,
        0.4,
        0.5,
        0.8,
    )
    assert (run.outside.rate, run.initial.infected, run.measures.tracing.methods[0].ascertainment) == (0.001, 1, 0.9)
    assert run.course.incubation.weibull == (2.322737, 6.492272)
    assert (run.course.latent.fixed, run.course.recovery.fixed, run.measures.isolation.delay.weibull) == (
        0,
        7,
        (1, 1.4),
    )
    profile = run.transmission.profile
    assert (profile.presymptomatic_share, profile.sd_after, profile.sd_before) == (0.2, 2, 3)


@pytest.mark.parametrize("kind", files.KINDS)
def test_templates_check_clean_and_say_the_same_in_both_languages(kind: files.Kind) -> None:
    vi, en = template(kind, "vi"), template(kind, "en")
    assert parse(vi, "vi.yml") == parse(en, "en.yml")
    assert vi != en
    assert max(len(row) for row in (vi + en).splitlines()) <= 130


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("kind", files.KINDS)
def test_what_templates_offer_in_comments_works_as_well(kind: files.Kind, lang: str) -> None:
    head, _, rest = template(kind, lang).partition("format: 1")
    assert all(row.startswith("#") for row in head.splitlines())
    bare = re.sub(r"(?m)^( *)# (.*)$", r"\1\2", rest)
    assert isinstance(parse("format: 1" + bare, "f"), Scenario)


def test_an_unknown_kind_of_template_is_told() -> None:
    with pytest.raises(BadParameterError, match="did you mean study"):
        template("studdy", "en")


# -- the guide -----------------------------------------------------------------------------------------
def test_the_examples_of_the_guide_check_clean() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "scenarios.md").read_text(encoding="utf-8"), re.DOTALL)
    whole, grid = blocks
    scenario = parse(whole + grid, "guide")
    assert len(runs_of(scenario)) == 6
    assert len(runs_of(with_sensitivity(scenario, "delay"))) == 3
    assert "later,measures.isolation.compliance=0.4" in {run.name for run in runs_of(scenario)}


def test_the_mistakes_of_the_guide_are_told_as_it_says() -> None:
    said = re.search(r"```\n(my\.yml line.*?)```", (DOCS / "scenarios.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    first, second, third = said.splitlines()
    assert first.split(": ", 1)[1] in refused(swapped("ascertainment: 0.9", "ascertainmnt: 0.9"))
    assert second.split("per_day: ", 1)[1] in refused(swapped("measures.tracing.depth: 2", "testing.per_day: 2"))
    assert third.split("0.kinds.0: ", 1)[1].removesuffix(" ...") in refused(observed("closures: [{kinds: [karaok]}]"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_written_is_read_or_refused_with_reasons(data: st.DataObject) -> None:
    rows = BASE.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        n = data.draw(st.integers(0, len(rows) - 1))
        indent = re.match(" *", rows[n])[0]
        key = data.draw(st.sampled_from(WORDS))
        value = data.draw(st.sampled_from(VALUES))
        rows[n] = data.draw(
            st.sampled_from([f"{indent}{key}: {value}", rows[n].split(":")[0] + f": {value}", f"{indent}- {value}"])
        )
    try:
        scenario = parse("\n".join(rows), "f.yml")
    except ScenarioError as error:
        told = str(error)
    else:
        told = "" if runs_of(scenario) else "no run"
    assert all(row.startswith("f.yml") for row in told.splitlines()), told
    assert "Input should" not in told
    assert "pydantic" not in told


@pytest.mark.parametrize("until", ["2021-13-45", "yesterday", "2021-07-11T09:00:00", "20210711T09"])
def test_a_moment_that_is_none_is_told_before_anything_runs(until: str) -> None:
    told = refused(f"format: 1\nname: x\nstudy:\n  until: {until}\n")
    assert told.startswith("f.yml line 4: study.until: must be a date (2021-07-11) or a moment with a time zone")


@pytest.mark.parametrize("until", ["2021-07-11", "2021-07-11T09:00:00+07:00"])
def test_a_date_or_a_moment_is_taken_as_written(until: str) -> None:
    scenario = files.parse(f"format: 1\nname: x\nstudy:\n  until: {until}\n", "f.yml")
    assert scenario.study is not None
    assert scenario.study.until == until
