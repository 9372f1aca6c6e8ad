"""Rule files: complete in both languages, every number with its source and mark, and what a province may change."""

import json
import re
import string
from datetime import date
from pathlib import Path

import pytest

from engine.errors import BadParameterError, UnreadableFileError
from engine.risk.levels.evaluate import evaluate
from engine.risk.levels.facts import FACTS, assumptions
from engine.risk.levels.overriding import with_override
from engine.risk.levels.rules import RULE_SETS, rule_set, rules_named
from engine.texts import TEXTS
from tests.risk.levels.small import COMMUNES, facts, tree

CAN_THO = Path(__file__).parents[3] / "data" / "samples" / "levels" / "can-tho.toml"
COLOURS = ["#0FA57F", "#F1BA15", "#F28E12", "#DA4711"]


def numbers(rules):
    yield from (c.threshold for c in rules.conditions)
    yield from (n for i in rules.indicators for n in i.cutoffs)
    yield from (x.threshold for x in (*rules.capacity, *rules.modifiers))
    yield from (cell for v in rules.variants for row in v.cells for cell in row)


def texts(rules):
    yield rules.title
    yield from (level.name for level in rules.levels)
    for part in (rules.conditions, rules.indicators, rules.capacity, rules.modifiers, rules.variants):
        yield from (x.text for x in part)


@pytest.mark.parametrize("name", RULE_SETS)
def test_every_number_has_a_source_and_a_mark_and_every_text_both_languages(name):
    rules = rules_named(name)
    assert all(n.source and re.fullmatch(r"[ONCPDX]|M-med|M-low", n.mark) for n in numbers(rules))
    assert all((n.value is None) == (n.mark == "X") for n in numbers(rules))
    for text in texts(rules):
        fields = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (text.vi, text.en)]
        assert min(len(text.vi), len(text.en)) > 0
        assert fields[0] == fields[1] <= {"threshold"}
    assert [level.level for level in rules.levels] == [1, 2, 3, 4]
    assert [level.colour for level in rules.levels] == COLOURS


@pytest.mark.parametrize("name", RULE_SETS)
def test_every_fact_has_a_name_for_people(name):
    rules = rules_named(name)
    used = {c.fact for c in rules.conditions if c.fact} | {i.fact for i in rules.indicators}
    used |= {x.fact for x in (*rules.capacity, *rules.modifiers)}
    assert used <= set(FACTS)
    assert {f"fact.{f}" for f in used} <= set(TEXTS)


def test_rules_follow_each_other():
    a, b, c = (rules_named(n) for n in ("2686", "4800", "218"))
    assert a.until == b.since
    assert b.until == c.since
    assert b.in_force(date(2021, 10, 22))
    assert not a.in_force(date(2021, 10, 22))


def test_there_are_no_other_rules():
    with pytest.raises(BadParameterError, match="2686, 4800, 218, who"):
        rules_named("128")


def test_a_broken_rule_file_says_what_is_wrong():
    with pytest.raises(BadParameterError, match=r"mine.toml.*'id' is missing"):
        rule_set({}, "mine.toml")


def test_a_province_colours_its_communes_by_counts():
    rules = with_override(rules_named("2686"), CAN_THO)
    counts = dict(zip(COMMUNES, (0, 1, 3, 4, 7, 8), strict=True))
    given = facts({c: {"f0": n, "f0_known_source": n} for c, n in counts.items()})
    assert [evaluate(rules, tree(), given)[c].level for c in COMMUNES] == [1, 2, 2, 3, 3, 4]
    assert [evaluate(rules_named("2686"), tree(), given)[c].level for c in COMMUNES] == [1, 2, 2, 2, 2, 2]
    assert rules.overrides[0].changed == ("can_tho.commune.4", "can_tho.commune.3", "can_tho.commune.2")


def test_other_provinces_keep_the_national_rules(tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(CAN_THO.read_text("utf-8").replace('"92"', '"79"'), "utf-8")
    given = facts({"00001": {"f0": 9, "f0_known_source": 9}})
    assert evaluate(with_override(rules_named("2686"), other), tree(), given)["00001"].level == 2


def test_an_override_may_be_json_and_change_one_number(tmp_path):
    path = tmp_path / "one.json"
    changed = {"id": "district.4.communes_very_high", "at_least": {"value": 0.2, "mark": "O", "source": "decision"}}
    path.write_text(json.dumps({"base": "2686", "units": ["92"], "instrument": "x", "condition": [changed]}))
    own = with_override(rules_named("2686"), path).of_province("92")
    assert next(c.threshold.value for c in own.conditions if c.id == changed["id"]) == 0.2
    assert len(own.conditions) == len(rules_named("2686").conditions)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("base = ", UnreadableFileError),
        ('base = "4800"\nunits = ["92"]\ninstrument = "x"', BadParameterError),
        ('base = "2686"\ninstrument = "x"', BadParameterError),
        ('base = "2686"\nunits = ["92"]', BadParameterError),
        ('base = "2686"\nunits = ["92"]\ninstrument = "x"\ndrop = "commune.*"', BadParameterError),
        ('base = "2686"\nunits = ["92"]\ninstrument = "x"\n[[condition]]\nid = "new"', BadParameterError),
    ],
)
def test_an_override_that_cannot_be_used_is_refused(tmp_path, text, error):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(error):
        with_override(rules_named("2686"), path)


@pytest.mark.parametrize("word", ["source=maybe", "coverage_18_1dose=70", "cases", "nothing=1", "f1=many", "f1=-1"])
def test_what_cannot_be_assumed_is_refused(word):
    with pytest.raises(BadParameterError, match="cannot assume"):
        assumptions([word])
