"""2686: conditions, tiers, neighbours, and what is missing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.risk.levels.evaluate import evaluate
from engine.risk.levels.facts import Facts, assumptions
from engine.risk.levels.rules import rules_named
from engine.risk.levels.spans import INF, Span, exact
from engine.risk.levels.tree import Tree
from tests.oracles.levels import communes_2686, district_2686, province_2686, worlds
from tests.risk.levels.small import BORDERS, COMMUNES, NO_F0, PEOPLE, area, facts, tree

RULES = rules_named("2686")
F0 = ("f0", "f0_unknown_source", "f0_known_source", "f0_crowded")


def f0s(known=0, unknown=0, crowded=0):
    return {"f0": known + unknown, "f0_known_source": known, "f0_unknown_source": unknown, "f0_crowded": crowded}


def levels(given_facts, **other):
    return {c: found.level for c, found in evaluate(RULES, tree(**other), given_facts).items()}


@pytest.mark.parametrize(
    ("mine", "level"),
    [
        (f0s(), 1),
        (f0s(known=1), 2),
        (f0s(known=9), 2),
        (f0s(unknown=1), 3),
        (f0s(known=1, crowded=1), 3),
        (f0s(unknown=2), 4),
        (f0s(known=2, crowded=2), 4),
        ({"f1": 1}, 2),
        ({"illegal_entry": 1}, 2),
    ],
)
def test_a_commune_has_the_level_of_its_worst_condition(mine, level):
    found = evaluate(RULES, tree(borders=()), facts({"00001": mine}))["00001"]
    assert found.level == level
    assert all(f.level == level for f in found.because)
    assert bool(found.because) == (level > 1)


def test_a_level_passes_to_neighbours_one_step_down_at_a_time():
    found = levels(facts({"00001": f0s(unknown=2)}))
    assert [found[c] for c in COMMUNES] == [4, 3, 2, 1, 1, 1]


commune = st.builds(
    lambda known, unknown, crowded, f1: {**f0s(known, unknown, min(crowded, known + unknown)), "f1": f1},
    st.integers(0, 3), st.integers(0, 2), st.integers(0, 2), st.integers(0, 1),
)  # fmt: skip
country = st.fixed_dictionaries(dict.fromkeys(COMMUNES, commune))
borders = st.sets(st.sampled_from([(a, b) for a in COMMUNES for b in COMMUNES if a < b]), max_size=8)


@settings(max_examples=150, deadline=None)
@given(country, borders, st.sampled_from([0.0, 0.2, 0.3, 0.5, 0.6]), st.booleans())
def test_with_everything_known_the_levels_are_those_of_the_oracle(communes, pairs, spread, no_people):
    people = None if no_people else PEOPLE
    found = levels(facts(communes, spread), borders=pairs, people=people)
    plain = communes_2686({c: ({**NO_F0, **communes[c]}, people) for c in COMMUNES}, pairs)
    assert {c: found[c] for c in COMMUNES} == plain
    mine = [district_2686([plain[c] for c in some], spread, 0) for some in (COMMUNES[:3], COMMUNES[3:])]
    assert [found["001"], found["002"]] == mine
    assert found["92"] == province_2686(mine, spread)


hidden = st.sets(
    st.tuples(st.sampled_from(COMMUNES), st.sampled_from(["f1", "f0_crowded", "illegal_entry"])), max_size=4
)


@settings(max_examples=80, deadline=None)
@given(country, hidden)
def test_no_world_that_missing_facts_allow_lies_outside_the_bounds(communes, gone):
    known = {c: {**NO_F0, **communes[c], **{n: None for d, n in gone if d == c}} for c in COMMUNES}
    found = evaluate(RULES, tree(), facts(known))
    flat = {(c, n): known[c][n] for c in COMMUNES for n in known[c]}
    choices = {(c, n): range(min(2, communes[c]["f0"]) + 1) if n == "f0_crowded" else (0, 1) for c, n in flat}
    for world in worlds(flat, choices):
        units = {c: ({n: world[c, n] for n in known[c]}, PEOPLE) for c in COMMUNES}
        plain = communes_2686(units, BORDERS)
        assert all(found[c].at_least <= plain[c] <= found[c].at_most for c in COMMUNES)
        upper = [district_2686([plain[c] for c in some], 0, 0) for some in (COMMUNES[:3], COMMUNES[3:])]
        for code, level in zip(("001", "002", "92"), (*upper, province_2686(upper, 0)), strict=True):
            assert found[code].at_least <= level <= found[code].at_most


def test_what_is_missing_is_never_taken_for_zero():
    found = evaluate(RULES, tree(), Facts())
    assert all(not x.known and x.level is None and x.at_most == 4 for x in found.values())


def test_an_undecided_condition_names_what_is_missing_and_the_level_it_would_make():
    found = evaluate(RULES, tree(borders=()), facts({"00001": {**f0s(known=3), "f0_crowded": None}}))["00001"]
    assert (found.level, found.at_least, found.at_most) == (None, 2, 4)
    assert {f.level for f in found.undecided} == {3, 4}
    assert all(f.missing == ("fact.f0_crowded",) for f in found.undecided)
    assert "nơi đông người" in found.undecided[0].say_missing("vi")


def test_a_number_that_was_not_found_decides_nothing_but_zero():
    none, some = (evaluate(RULES, tree(borders=()), facts({"00001": {"quarantined": n}}))["00001"] for n in (0, 50))
    assert none.level == 1
    assert (some.level, some.at_least, some.at_most) == (None, 1, 2)
    assert some.undecided[0].missing == ("levels.no_threshold",)


def test_counts_with_a_missing_day_say_at_least():
    found = evaluate(RULES, tree(borders=()), facts({"00001": {**f0s(), "f0": Span(0, INF)}}))["00001"]
    assert (found.at_least, found.at_most) == (1, 2)


def test_unknown_borders_leave_a_level_open_only_near_a_worse_one():
    found = evaluate(RULES, tree(borders=(), bordered=()), facts({"00001": f0s(unknown=2)}))
    assert (found["00002"].at_least, found["00002"].at_most) == (1, 3)
    assert found["00002"].undecided[0].missing == ("levels.no_borders",)
    quiet = evaluate(RULES, tree(borders=(), bordered=()), facts({}))
    assert all(x.level == 1 for x in quiet.values())


def test_sources_can_be_assumed_and_only_where_they_are_not_told():
    communes = {"00001": {"f0": 1, **dict.fromkeys(F0[1:3])}, "00004": f0s(unknown=1)}
    told = facts(communes)
    results = []
    for word in ("source=known", "source=unknown"):
        assumed = Facts(told.units, {}, assumptions([word]))
        found = evaluate(RULES, tree(borders=()), assumed)
        results.append((found["00001"].level, found["00004"].level))
    assert results == [(2, 3), (3, 3)]


def test_a_level_by_analogy_is_marked_as_not_verified():
    codes = range(1, 5)
    areas = [area("92", "province", None), *(area(f"00{n}", "district", "92") for n in codes)]
    areas += [area(f"0000{n}", "commune", f"00{n}") for n in codes]
    units = {f"0000{n}": {k: exact(v) for k, v in NO_F0.items()} for n in codes}
    units |= {c: {"spread_share": exact(0), "industrial_zone": exact(0)} for c in ("92", "001", "002", "003", "004")}
    units["001"]["industrial_zone"] = exact(1)
    found = evaluate(RULES, Tree({a.code: a for a in areas}), Facts(units))
    assert (found["001"].level, found["001"].unverified) == (3, ())
    assert found["92"].level == 2
    held_down = ("province.3.districts_high", "province.3.districts_at_risk")
    assert found["92"].unverified == ("province.2.a_district_high", *held_down)


def test_one_tier_alone_has_the_levels_it_has_among_all():
    given_facts = facts({"00001": f0s(unknown=2), "00004": f0s(known=1)})
    whole = evaluate(RULES, tree(), given_facts)
    for tier, codes in (("commune", COMMUNES), ("district", ("001", "002")), ("province", ("92",))):
        some = evaluate(RULES, tree(), given_facts, tier=tier)
        assert all(some[c] == whole[c] for c in codes)


@pytest.mark.parametrize(("part", "people", "rate"), [(97, 194_000, 50), (1101, 183_500, 600), (49, 98_000, 50)])
def test_a_rate_that_is_whole_is_exactly_so(part, people, rate):
    assert exact(part).rate(100_000, people) == exact(rate)
    assert exact(part).rate(1.0, 2 * part) == exact(0.5)


def test_half_of_the_units_is_half_of_them():
    codes = [f"{n:05}" for n in range(98)]
    areas = [area("92", "province", None), area("001", "district", "92"), *(area(c, "commune", "001") for c in codes)]
    units = {c: {n: exact(v) for n, v in (NO_F0 | f0s(unknown=2 * (n < 49))).items()} for n, c in enumerate(codes)}
    found = evaluate(RULES, Tree({a.code: a for a in areas}, frozenset(), frozenset(codes)), Facts(units))["001"]
    share = next(f for f in found.findings if f.form == "share" and f.threshold == 0.5)
    assert share.met is True
