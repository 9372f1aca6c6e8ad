"""The dated facts of a person."""

from tests.graph.small import DAY, T0, case
from tests.worlds import load


def facts(*world: tuple[str, dict]) -> list[tuple[int, str]]:
    return [((e.at - T0) // DAY, e.what) for e in load(world).person("a").timeline]


def test_facts_are_in_order_of_time() -> None:
    test = {"person": "a", "sampled_at": T0 + DAY, "method": "pcr", "result": "positive", "resulted_at": T0 + 2 * DAY}
    order = {"person": "a", "started_at": T0 + 3 * DAY, "ended_at": T0 + 17 * DAY, "mode": "central"}
    told = case("a", onset_at=T0, confirmed_at=T0 + 2 * DAY, isolated_at=T0 + 3 * DAY)
    assert facts(("quarantine", order), ("test_result", test), told) == [
        (0, "onset"), (1, "tested"), (2, "confirmed"), (2, "positive"), (3, "isolated"), (3, "quarantine_started"),
        (17, "quarantine_ended"),
    ]  # fmt: skip


def test_facts_of_one_moment_do_not_depend_on_the_order_of_arrival() -> None:
    pcr = ("test_result", {"person": "a", "sampled_at": T0, "method": "pcr", "result": "negative"})
    antigen = ("test_result", {**pcr[1], "method": "antigen"})
    assert load([pcr, antigen]).person("a").timeline == load([antigen, pcr]).person("a").timeline


def test_other_peoples_facts_are_not_told() -> None:
    assert facts(case("a", onset_at=T0), case("b", onset_at=T0)) == [(0, "onset")]
