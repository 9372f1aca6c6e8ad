"""4800, 218 and WHO: classes, the matrix in its versions, and what moves a level."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.risk.levels.evaluate import evaluate
from engine.risk.levels.facts import Facts
from engine.risk.levels.overriding import with_override
from engine.risk.levels.rules import rules_named
from engine.risk.levels.spans import Span, exact
from engine.risk.levels.tree import Area, Tree
from tests.oracles.levels import level_4800, worlds

TREE = Tree({"79": Area("79", "province", None, "Thành phố Hồ Chí Minh", "Ho Chi Minh City", 100_000)})
RULES = rules_named("4800")
MET = {"coverage_18_1dose": 0.9, "elderly_full": 0.9, "capacity_met": 1}


def level(numbers, version="a", previous=None, rules=RULES, tree=TREE):
    units = {"79": {n: v if isinstance(v, Span) else exact(v) for n, v in numbers.items() if v is not None}}
    return evaluate(rules, tree, Facts(units, previous or {}), version)["79"]


@pytest.mark.parametrize(
    ("cases", "coverage", "a", "b"),
    [
        (19, 0.7, 1, 1), (20, 0.7, 2, 1), (50, 0.7, 2, 2), (150, 0.7, 3, 3),
        (19, 0.69, 2, 1), (20, 0.69, 3, 2), (50, 0.69, 3, 3), (150, 0.69, 4, 4),
    ],
)  # fmt: skip
def test_every_cell_of_both_versions(cases, coverage, a, b):
    numbers = {**MET, "new_cases": cases, "coverage_18_1dose": coverage}
    assert [level(numbers, v).level for v in ("a", "b")] == [a, b]
    assert all("matrix" in ident for ident in level(numbers).unverified if ident.startswith("matrix"))
    assert any(ident.startswith("matrix") for ident in level(numbers).unverified)


case = st.fixed_dictionaries(
    {
        "new_cases": st.sampled_from([0, 5, 20, 49, 50, 149, 150, 400]),
        "coverage_18_1dose": st.sampled_from([0.3, 0.7, 0.9]),
        "elderly_full": st.sampled_from([0.5, 0.8]),
        "capacity_met": st.sampled_from([0, 1]),
    }
)


@settings(max_examples=200, deadline=None)
@given(
    case,
    st.sampled_from(["a", "b"]),
    st.one_of(st.none(), st.integers(1, 4)),
    st.sets(st.sampled_from(["new_cases", "coverage_18_1dose", "elderly_full", "capacity_met"])),
)
def test_bounds_hold_in_every_world_and_are_the_level_when_all_is_known(numbers, version, previous, gone):
    choices = {"new_cases": (0, 5, 20, 50, 150), "coverage_18_1dose": (0, 0.7), "elderly_full": (0, 0.8)}
    choices["capacity_met"] = (0, 1)
    shown = {n: None if n in gone else v for n, v in numbers.items()}
    found = level(shown, version, {} if previous is None else {"79": previous})
    for w in worlds(shown, choices):
        plain = level_4800(
            w["new_cases"], 100_000, w["coverage_18_1dose"], w["elderly_full"], w["capacity_met"], previous, version
        )
        assert found.at_least <= plain <= found.at_most
        if not gone:
            assert found.level == plain


def test_capacity_that_is_not_met_keeps_the_last_level_and_no_earlier_one_keeps_nothing():
    numbers = {**MET, "new_cases": 5, "capacity_met": 0}
    assert level(numbers, previous={"79": 3}).level == 3
    assert level(numbers, previous={"79": 1}).level == 1
    assert level(numbers).level == 1
    assert level({**numbers, "capacity_met": None}, previous={"79": 3}).at_most == 3


def test_without_cases_or_at_level_4_the_elderly_raise_nothing():
    low = {**MET, "elderly_full": 0.1}
    assert level({**low, "new_cases": 0}).level == 1
    assert level({**low, "new_cases": 1}).level == 2
    assert level({**low, "new_cases": 200, "coverage_18_1dose": 0.1}).level == 4


def test_without_a_population_a_rate_is_unknown_unless_it_is_zero():
    bare = Tree({"79": TREE.areas["79"]._replace(population=None)})
    unknown = level({**MET, "new_cases": 40}, tree=bare)
    assert unknown.level is None
    assert "fact.population" in unknown.undecided[0].missing
    assert level({**MET, "new_cases": 0}, tree=bare).level == 1


def test_218_cannot_be_decided_without_what_was_not_found_and_says_so():
    found = level({"new_cases": 700, "deaths": 3, "oxygen": 4}, "", rules=rules_named("218"))
    by_id = {f.id: f for f in found.findings}
    assert (found.level, found.at_least, found.at_most) == (None, 1, 4)
    assert (by_id["cases"].level, by_id["cases"].met) == (4, True)
    assert by_id["oxygen"].missing == ("levels.no_cutoff",)
    assert by_id["matrix"].missing == ("levels.no_matrix",)
    assert "mốc" in by_id["oxygen"].say_missing("vi")


def test_218_is_decided_once_an_override_gives_the_numbers(tmp_path):
    def row(values):
        return "[" + ", ".join(f'{{ value = {v}, mark = "O", source = "test" }}' for v in values) + "]"

    path = tmp_path / "full.toml"
    path.write_text(
        'base = "218"\nunits = ["79"]\ninstrument = "test"\ndrop = ["commune_care", "district_beds", "icu_beds"]\n'
        + "".join(
            f'[[indicator]]\nid = "{name}"\ncutoffs = {row(cut)}\n'
            for name, cut in (("oxygen", (1, 2, 3)), ("deaths", (1, 2, 3)))
        )
        + f'[[variant]]\nid = ""\ncells = [{row((1, 2, 3, 4))}, {row((2, 3, 4, 4))}]\n'
    )
    rules = with_override(rules_named("218"), path)
    numbers = {"new_cases": 100, "oxygen": 0, "deaths": 2, "coverage_full": 0.8, "high_risk_full": 0.95}
    assert level(numbers, "", rules=rules).level == 3  # deaths of class 3 outweigh cases of class 2
    assert level({**numbers, "coverage_full": 0.5}, "", rules=rules).level == 4
    assert level({**numbers, "new_cases": 600, "deaths": 0}, "", rules=rules).level == 3
    assert level({**numbers, "new_cases": 600.5, "deaths": 0}, "", rules=rules).level == 4


WHO = {"new_cases": 0, "hospitalised": 0, "deaths": 0, "positivity": 0}


@pytest.mark.parametrize(
    ("numbers", "by_response"),
    [({}, (1, 2, 2)), ({"new_cases": 20}, (2, 2, 3)), ({"deaths": 2}, (2, 3, 3)), ({"positivity": 0.2}, (3, 3, 4))],
)
def test_who_takes_the_worst_indicator_and_the_response(numbers, by_response):
    rules = rules_named("who")
    for response, wanted in enumerate(by_response, 1):
        assert level({**WHO, **numbers, "response_capacity": response}, "", rules=rules).level == wanted
    unknown = level({**WHO, **numbers}, "", rules=rules)
    assert (unknown.at_least, unknown.at_most) == (min(by_response), max(by_response))
