"""The model of a scenario file: frozen, every setting explained, the guide's tables as the code says."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.cli import docs
from engine.scenarios import settings_table
from engine.scenarios.model import (
    ContactTable,
    Distribution,
    Isolation,
    Lockdown,
    Measures,
    Observed,
    Outside,
    PolicyStudy,
    Population,
    Scenario,
    Simulation,
    Transmission,
    fixed,
)
from engine.scenarios.setting_paths import all_paths, changed, check

ROOT = Path(__file__).resolve().parents[2]
TABLE = Population(table=ContactTable(file="c.csv"))


def test_nothing_can_be_changed_afterwards() -> None:
    run = Simulation(population=TABLE)
    for part, name in ((run, "days"), (run.course, "fatality"), (run.course.incubation, "gamma"), (TABLE, "groups")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, 1)


def test_changing_a_copy_leaves_the_base_alone() -> None:
    base = Simulation(population=TABLE, measures=Measures(lockdowns=()), outside=Outside(days={1: 1}))
    value = {"fixed": 2}
    data = changed(
        base, {"measures.isolation.delay": value, "outside.days.2": 5}, {"measures.isolation.delay.fixed": 3}
    )
    assert Simulation.model_validate(data).measures.isolation == Isolation(delay=fixed(3))
    assert value == {"fixed": 2}
    assert base.outside.days == {1: 1}
    assert base.measures.isolation is None


@pytest.mark.parametrize("setting", settings_table.settings(), ids=lambda s: s.path)
def test_every_setting_says_what_it_means(setting: settings_table.Setting) -> None:
    assert setting.meaning
    assert setting.kind != "value" or setting.path.endswith(".set")
    assert "|" not in setting.path


def test_every_path_of_a_simulation_is_in_the_table_and_can_be_set() -> None:
    listed = {s.path.removeprefix("simulation.") for s in settings_table.settings()}
    for path in all_paths(Simulation):
        check(Simulation, path)
        if not any(family in path.split(".") for family in Distribution.model_fields):
            assert path in listed or path.split(".")[-1] == "days"


def test_the_page_of_scenarios_is_up_to_date() -> None:
    text = (ROOT / docs.SCENARIOS).read_text(encoding="utf-8")
    assert settings_table.embedded(text) == text, "run: make docs"
    assert text.count(settings_table.BEGIN) == text.count(settings_table.END) == 1


def test_defaults_are_shown_as_they_would_be_written() -> None:
    shown = {s.path: s.default for s in settings_table.settings()}
    assert shown["simulation.days"] == "`90`"
    assert shown["simulation.population"] == "required"
    assert shown["simulation.course.latent"] == "`{fixed: 1}`"
    assert shown["simulation.measures.testing.per_day"] == "-"
    assert shown["variants"] == "`[{name: base}]`"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Distribution(), "exactly one"),
        (lambda: Distribution(shares=(0, 0)), "must not all be 0"),
        (lambda: Distribution(uniform=(3, 1)), "lower end comes first"),
        (lambda: Distribution(fixed=float("nan")), "finite"),
        (lambda: Distribution(gamma=(0, 1)), "greater than 0"),
        (lambda: Isolation(start=5, end=5), "end must be after start"),
        (lambda: Observed(first="2021-07-02", last="2021-07-01"), "is before first"),
        (lambda: Observed(channels=()), "at least 1 item"),
        (lambda: Transmission(seasonality=()), "at least 1 item"),
        (lambda: Lockdown(), "areas, cells or both"),
        (lambda: Scenario(name="a"), "exactly one of simulation and study"),
        (lambda: Scenario(name="a", study=PolicyStudy(), simulation=Simulation(population=TABLE)), "exactly one of"),
        (lambda: Scenario(name="a", study=PolicyStudy(), format=2), "Input should be 1"),
        (lambda: Scenario(name="a", study=PolicyStudy(), variants=()), "at least 1 item"),
    ],
)
def test_what_makes_no_sense_is_refused(make: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        make()


def test_numbers_that_fit_into_no_column_are_refused() -> None:
    for wrong in ({"seed": 10**19}, {"outside": {"days": {1: 10**29}}}, {"transmission": {"scale": 10**25}}):
        with pytest.raises(ValidationError, match="at most 1,000,000"):
            Simulation(population=Population(observed=Observed()), **wrong)
    with pytest.raises(ValidationError, match="0 to 1000 days"):
        Distribution(shares=(0.1,) * 1_002)
