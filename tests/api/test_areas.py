"""``/v1/risk/areas``: levels with conditions, in the reader's language, without numbers for those who see releases."""

import csv
import io
from datetime import date

import pytest

from api.examples.replies import AREAS
from engine.clock import from_rfc3339
from engine.errors import BadParameterError
from engine.risk.disclosure_windows import slot
from engine.risk.levels.facts import Facts
from engine.risk.levels.rules import rules_named
from engine.risk.levels.spans import exact
from engine.risk.levels.tree import Area, Tree
from engine.service.levels import Note, report_of

URL = "/v1/risk/areas"


class Levels:
    """Levels of two provinces, and what was asked."""

    def __init__(self, engine):
        self.engine, self.asked, self.made, self.people = engine, None, {}, 100_000

    def __call__(self, tier="province", rules=None, at=None):
        self.asked = (tier, rules, at)
        key = (*self.asked, self.engine.as_of, self.people)
        if key not in self.made:
            self.made[key] = self.report(tier, rules, at)
        return self.made[key]

    def report(self, tier, rules, at):
        if tier != "province":
            raise BadParameterError(f"the areas hold no {tier}; load areas that do, or ask for another tier")
        areas = [Area("79", tier, None, "Thành phố Hồ Chí Minh", "Ho Chi Minh City", self.people)]
        areas.append(Area("87", tier, None, "Tỉnh Đồng Tháp", "Dong Thap Province", 100_000))
        facts = {"79": {"new_cases": exact(70), "coverage_18_1dose": exact(0.8), "elderly_full": exact(0.9)}, "87": {}}
        tree = Tree({a.code: a for a in areas})
        note = Note("levels.note.no_home", {"count": 3, "total": 812, "tier": "province"}, counts_people=True)
        when = self.engine.data_time if at is None else at
        return report_of(
            rules_named(rules or "4800"), tree, Facts(facts), tier, date(2021, 10, 24), [note], ("truyvet",), {},
            self.engine.as_of, when,
        )  # fmt: skip


@pytest.fixture
def levels(engine):
    engine.area_levels = Levels(engine)
    return engine.area_levels


def test_levels_come_with_their_conditions(call, levels):
    body = call.get(URL).json()
    assert set(body) == set(AREAS)
    first, second = body["areas"]
    assert set(AREAS["areas"][0]) < set(first)
    assert (first["code"], first["level"], first["level_name"]) == ("79", 2, "Level 2 - medium")
    assert first["versions"]["b"]["level"] == 2
    assert "70" in [f["value"] for f in first["met"]]
    assert (second["level"], second["at_least"], second["at_most"], second["known"]) == (None, 1, 4, False)
    assert "vaccine coverage" in " ".join(f["missing"] for f in second["undecided"])
    assert body["as_of"] == 7
    assert [x["colour"] for x in body["levels"]] == ["#0FA57F", "#F1BA15", "#F28E12", "#DA4711"]


def test_parameters_reach_the_engine(call, levels):
    call.get(f"{URL}?tier=province&rules=2686&at=2021-07-11T00:00:00Z")
    assert levels.asked == ("province", "2686", 1_625_961_600)


def test_the_reader_s_language(call, levels):
    body = call.get(URL, headers={"Accept-Language": "vi"}).json()
    assert body["areas"][0]["name"] == "Thành phố Hồ Chí Minh"
    assert body["areas"][0]["level_name"] == "Cấp 2 - nguy cơ trung bình"
    assert body["notes"][0].startswith("3 trong 812 F0")


@pytest.mark.parametrize(
    ("role", "numbers"), [("officer", True), ("epidemiologist", True), ("map", False), ("admin", False)]
)
def test_numbers_are_for_those_who_see_the_analytic_map(call, levels, engine, role, numbers):
    engine.published_levels = levels
    reply = call.get(URL, role=role)
    assert reply.status_code == 200
    body = reply.json()
    assert (any("812" in note for note in body["notes"])) == numbers
    assert ("as_of" in body) == ("as-of" in reply.headers) == numbers
    table = call.get(f"{URL}?format=csv", role=role).text
    assert (": 70" in table) == numbers
    assert ("not_met" in table) == numbers


@pytest.mark.parametrize("role", ["map", "admin"])
def test_the_public_learns_what_makes_a_level_and_of_no_other_condition(call, levels, engine, role):
    engine.published_levels = levels
    body = call.get(URL, role=role).json()
    first = body["areas"][0]
    assert set(first) == {
        "code", "name", "level", "level_name", "at_least", "at_most", "known", "because", "versions"
    }  # fmt: skip
    assert len(first["because"]) == 1
    assert "incidence" not in first["because"][0]
    assert set(first["versions"]["b"]) == {"level", "level_name", "at_least", "at_most", "known"}
    at = from_rfc3339(body["at"])
    assert at == slot(at) <= engine.data_time
    rows = list(csv.DictReader(io.StringIO(call.get(f"{URL}?format=csv", role=role).content.decode("utf-8-sig"))))
    assert set(rows[0]) == {
        "code", "name", "tier", "rules", "version", "day", "level", "at_least", "at_most", "known", "because"
    }  # fmt: skip
    assert rows[0]["because"] == first["because"][0]


def test_other_areas_are_other_levels_of_the_same_batch(call, levels):
    first = call.get(URL)
    levels.people = 1_000
    again = call.get(URL, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.json()["as_of"]) == (200, first.json()["as_of"])


def test_others_are_turned_away(call, levels):
    assert call.get(URL, role="feed").status_code == 403
    assert call.get(URL, role=None).status_code == 401


def test_csv_has_a_row_an_area_and_version(call, levels):
    reply = call.get(URL, headers={"Accept": "text/csv"})
    assert reply.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [(r["code"], r["version"], r["level"]) for r in rows] == [
        ("79", "a", "2"), ("87", "a", ""), ("79", "b", "2"), ("87", "b", "")
    ]  # fmt: skip


def test_an_etag_saves_the_body_and_tells_readers_apart(call, levels, engine):
    first = call.get(URL)
    tag = first.headers["etag"]
    again = call.get(URL, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert call.get(URL, role="map", headers={"If-None-Match": tag}).status_code == 200
    assert call.get(f"{URL}?rules=who", headers={"If-None-Match": tag}).status_code == 200
    engine.as_of += 1
    assert call.get(URL, headers={"If-None-Match": tag}).status_code == 200


def test_pages_follow_each_other(call, levels):
    first = call.get(f"{URL}?limit=1").json()
    second = call.get(f"{URL}?limit=1&cursor={first['next']}").json()
    assert [a["code"] for a in (*first["areas"], *second["areas"])] == ["79", "87"]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["tier=ward", "rules=128", "at=today", "format=xlsx", "tier=commune"])
def test_what_cannot_be_asked_is_refused(call, levels, query):
    reply = call.get(f"{URL}?{query}")
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_parameter")


def test_the_public_sees_the_levels_of_the_publishing_times_alone(call, levels, engine, monkeypatch):
    monkeypatch.setattr(engine, "area_levels", lambda *_, **__: pytest.fail("asked for what is live"))
    monkeypatch.setattr(engine, "published_levels", levels)
    for role in ("map", "admin"):
        assert call.get(URL, role=role).status_code == 200
        refused = call.get(URL + "?at=2021-10-24T00:00:00Z", role=role)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
