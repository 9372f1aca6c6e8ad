"""Fields, parameters and pages of the reads."""

import pytest

from api.examples import replies
from api.examples.events import EVENTS
from engine.events.schemas import KINDS
from tests.api.fake_engine import CASE, T, exposure

TRACE = f"/v1/cases/{CASE}/exposures"
ROUTES = {
    "/v1/cases": replies.CASES,
    f"/v1/cases/{CASE}": replies.CASES,
    TRACE: replies.EXPOSURES,
    f"/v1/cases/{CASE}/sources": replies.SOURCES,
    f"/v1/persons/{CASE}": replies.PERSON,
    f"/v1/persons/{CASE}/contacts": replies.CONTACTS,
    f"/v1/persons/{CASE}/chains": replies.CHAINS,
    "/v1/clusters": replies.CLUSTERS,
    "/v1/risk/hexes": replies.HEXES,
    "/v1/policies": replies.POLICIES,
    "/healthz": replies.HEALTH,
    "/readyz": replies.READY,
    "/": replies.ROOT,
}


@pytest.mark.parametrize("path", ROUTES)
def test_documented_fields_are_the_real_ones(call, path):
    def same(told, real):
        assert set(told) == set(real)
        for name, value in told.items():
            if isinstance(value, list) and value and isinstance(value[0], dict) and name != "policies":
                same(value[0], real[name][0])
            elif isinstance(value, dict) and name not in ("counts", "detail"):
                same(value, real[name])

    same(ROUTES[path], call.get(path).json())


@pytest.mark.parametrize("path", [p for p in ROUTES if p.startswith("/v1")])
def test_every_reply_of_state_carries_as_of(call, path):
    assert call.get(path).json()["as_of"] == 7


def test_a_trace_has_the_fields_of_the_contract(call):
    body = call.get(TRACE).json()
    assert (body["case"], body["policy"], body["depth"], body["next"]) == (CASE, "vn-2021-07", 2, None)
    assert body["window"] == {"start": "2021-07-08T02:30:00Z", "end": "2021-07-10T02:30:00Z"}
    assert body["exposures"][0] == {
        "person": "P-0000",
        "level": 1,
        "first_exposed_at": "2021-07-09T02:30:00Z",
        "last_exposed_at": "2021-07-09T02:35:00Z",
        "minutes": 5.0,
        "probability": 0.5,
        "dose": 0.5,
        "is_case": False,
        "channels": ["bluetooth"],
        "via": CASE,
        "places": [],
    }


def test_parameters_reach_the_engine(call, engine):
    call.get(f"{TRACE}?depth=3&policy=who&until=2021-07-09T09:30:00%2B07:00&min_probability=0.1&channels=a,b")
    assert engine.asked["exposures"] == {
        "person": CASE, "depth": 3, "policy": "who", "until": T, "min_probability": 0.1,
        "channels": frozenset("ab"),
    }  # fmt: skip


def test_empty_parameters_are_as_if_not_given(call, engine):
    assert call.get(f"{TRACE}?depth=2&policy=&until=&min_probability=&channels=&cursor=").status_code == 200
    assert engine.asked["exposures"] == {
        "person": CASE, "depth": 2, "policy": None, "until": None, "min_probability": 0.0, "channels": None,
    }  # fmt: skip


def test_an_offset_with_a_bare_plus_is_understood(call, engine):
    call.get(f"{TRACE}?until=2021-07-09T09:30:00+07:00")
    assert engine.asked["exposures"]["until"] == T


def test_sources_default_to_one_level_and_say_their_direction(call, engine):
    body = call.get(f"/v1/cases/{CASE}/sources?since=2021-07-09T02:30:00Z").json()
    assert (engine.asked["sources"]["depth"], engine.asked["sources"]["since"]) == (1, T)
    assert body["direction"] == "backward"
    assert len(body["exposures"]) == 10


def test_from_and_to_reach_the_engine(call, engine):
    call.get(f"/v1/persons/{CASE}/contacts?from=2021-07-09T02:30:00Z&to=2021-07-09T02:31:00Z&policy=who")
    assert engine.asked["contacts"] == (T, T + 60, "who")


def test_moments_inside_evidence_and_timeline_are_text(call):
    contact = call.get(f"/v1/persons/{CASE}/contacts").json()["contacts"][0]
    assert contact["evidence"][0]["at"] == "2021-07-09T02:30:00Z"
    entry = call.get(f"/v1/persons/{CASE}").json()["timeline"][0]
    assert entry["detail"] == {"mode": "central", "ended_at": "2021-07-09T02:31:00Z"}


def test_ids_with_a_slash_are_reachable(call):
    assert call.get("/v1/cases/a%2Fb/exposures").json()["case"] == "a/b"
    assert call.get("/v1/cases/a%2Fb").json()["cases"][0]["person"] == "a/b"


@pytest.mark.parametrize("limit", [1, 3, 9, 10, 11])
def test_pages_join_to_the_whole_list(call, limit):
    found, cursor = [], ""
    for _ in range(20):
        body = call.get(f"{TRACE}?limit={limit}&cursor={cursor}").json()
        assert len(body["exposures"]) <= limit
        found += [row["person"] for row in body["exposures"]]
        cursor = body["next"]
        if cursor is None:
            break
    assert found == [f"P-{i:04d}" for i in range(10)]


def test_a_page_goes_on_after_its_last_row_when_rows_came_before_it(call, engine):
    cursor = call.get(f"{TRACE}?limit=4").json()["next"]
    engine.rows = [exposure(99), exposure(98), *engine.rows]
    assert call.get(f"{TRACE}?limit=1&cursor={cursor}").json()["exposures"][0]["person"] == "P-0004"


def test_a_page_goes_on_at_its_place_when_its_last_row_is_gone(call, engine):
    cursor = call.get(f"{TRACE}?limit=4").json()["next"]
    engine.rows = engine.rows[:3] + engine.rows[4:]
    assert call.get(f"{TRACE}?limit=1&cursor={cursor}").json()["exposures"][0]["person"] == "P-0005"


def test_an_empty_list_has_no_next(call, engine):
    engine.rows = []
    body = call.get(f"{TRACE}?limit=1").json()
    assert (body["exposures"], body["next"]) == ([], None)


def test_other_lists_have_pages_too(call):
    first = call.get("/v1/cases?limit=2").json()
    rest = call.get(f"/v1/cases?limit=2&cursor={first['next']}").json()
    assert [c["person"] for c in first["cases"] + rest["cases"]] == ["P-0001", CASE, "P-3000"]
    first = call.get(f"/v1/persons/{CASE}/contacts?limit=1").json()
    rest = call.get(f"/v1/persons/{CASE}/contacts?limit=1&cursor={first['next']}").json()
    assert [c["channel"] for c in first["contacts"] + rest["contacts"]] == ["bluetooth", "check_in"]


def test_answers_about_people_are_not_kept_on_the_way(call):
    assert call.get(TRACE).headers["cache-control"] == "no-store"


def test_every_route_is_documented_with_an_example(call):
    spec = call.get("/openapi.json").json()
    for path, item in spec["paths"].items():
        for op in item.values():
            assert op["summary"], path
            assert all("example" in media for media in list(op["responses"]["200"]["content"].values())[:1]), path


def test_every_kind_of_event_has_an_example_of_known_fields(call):
    assert list(EVENTS) == list(KINDS)
    for kind, event in EVENTS.items():
        assert set(event) <= {f.name for f in KINDS[kind].fields}


def test_the_docs_page_loads_nothing_from_elsewhere(call):
    page = call.get("/docs").text
    assert "curl" in page
    assert "<script" not in page
    assert "src=" not in page
    assert "Tham số" in call.get("/docs", headers={"Accept-Language": "vi"}).text
