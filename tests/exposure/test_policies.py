"""The presets, against DOMAIN 1.1, 1.2 and 4.1."""

from datetime import date

import pytest

from engine.errors import UnknownPolicyError
from engine.exposure.policies import PRESETS, attenuation_at, policy_named

# name: metres, minutes, accumulated over, days before onset, before sample, days after onset, slack
TABLE = {
    "vn-2020-08": (2.0, 0, "window", 3, 14, None, 0),
    "vn-2021-07": (2.0, 0, "window", 3, 14, None, 0),
    "vn-2021-12": (2.0, 0, "window", 2, 2, None, 0),
    "vn-2022-04": (1.0, 0, "window", 2, 2, None, 0),
    "who": (1.0, 15, "window", 2, 2, 13, 0),
    "cdc": (1.83, 15, "24h", 2, 2, None, 0),
    "ecdc": (2.0, 15, "24h", 2, 2, 10, 0),
    "pc-covid": (2.0, 0, "window", 3, 14, None, 3600),
}
SINCE = {
    "vn-2020-08": "2020-08-07", "vn-2021-07": "2021-07-30", "vn-2021-12": "2021-12-29", "vn-2022-04": "2022-04-15",
    "cdc": "2020-10-21",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_a_preset_is_what_its_source_says(name: str) -> None:
    p = policy_named(name)
    assert (
        p.max_distance_m, p.min_minutes, p.accumulate, p.days_before_onset, p.days_before_sample,
        p.max_days_after_onset, p.slack_s,
    ) == TABLE[name]  # fmt: skip


def test_there_are_no_other_presets() -> None:
    assert {n for n in PRESETS if not n.startswith("test-")} == set(TABLE)


@pytest.mark.parametrize("name", SINCE)
def test_a_preset_is_dated(name: str) -> None:
    assert policy_named(name).since == SINCE[name]


@pytest.mark.parametrize("policy", PRESETS.values(), ids=lambda p: p.name)
def test_a_preset_names_its_source_in_both_languages(policy: object) -> None:
    p = PRESETS[policy.name]  # type: ignore[attr-defined]  # a parametrised record
    assert all((p.source, p.title_en, p.title_vi))
    assert p.title_en != p.title_vi
    assert date.fromisoformat(p.since)


@pytest.mark.parametrize("name", TABLE)
def test_the_limit_of_attenuation_is_that_of_the_distance(name: str) -> None:
    p = policy_named(name)
    assert p.max_attenuation_db == attenuation_at(p.max_distance_m)


def test_attenuation_at_a_metre_is_the_published_median() -> None:
    assert attenuation_at(1) == pytest.approx(68.78, abs=0.01)


@pytest.mark.parametrize("name", TABLE)
def test_no_preset_assumes_a_latent_period(name: str) -> None:
    assert policy_named(name).latent_hours == 0


def test_an_unknown_policy_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownPolicyError, match="vn-2021-07"):
        policy_named("vn-1999")


def test_channels_can_be_narrowed() -> None:
    assert policy_named("who").eligibility(frozenset({"location"})).channels == {"location"}
