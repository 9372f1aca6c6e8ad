"""The board, and what was known in the past."""

import pytest

from api.examples.replies import BOARD
from tests.api.fake_engine import CASE, T

TRACE = f"/v1/cases/{CASE}/exposures"


def test_rows_have_the_fields_of_the_contract(call):
    body = call.get("/v1/board").json()
    assert set(body) == set(BOARD)
    assert all(set(row) == set(BOARD["board"][0]) for row in body["board"])
    assert [(row["person"], row["level"]) for row in body["board"]] == [(CASE, 0), ("P-2077", 1), ("P-3000", 2)]
    assert body["board"][1]["since"] == "2021-07-09T02:30:00Z"
    assert body["as_of"] == 7


@pytest.mark.parametrize("query", ["level=1,2", "level=1&level=2", "level=2,%201"])
def test_levels_are_a_set(call, engine, query):
    assert [row["level"] for row in call.get(f"/v1/board?{query}").json()["board"]] == [1, 2]
    assert engine.asked["board"] == (frozenset({1, 2}), None, None)


@pytest.mark.parametrize("query", ["level=3", "level=-1", "level=F1", "since=yesterday", "since=-1", "as_of=1.5"])
def test_a_bad_parameter_is_named(call, query):
    reply = call.get(f"/v1/board?{query}")
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_parameter")
    assert reply.json()["detail"].startswith(query.partition("=")[0])


def test_since_is_a_number_or_a_moment(call, engine):
    call.get("/v1/board?since=4&area=760")
    assert engine.asked["board"] == (None, "760", 4)
    call.get("/v1/board?since=2021-07-09T02:30:00Z")
    assert engine.asked["seq_at"] == T
    assert engine.asked["board"] == (None, None, 5)


def test_pages_turn(call):
    first = call.get("/v1/board?limit=2").json()
    rest = call.get(f"/v1/board?limit=2&cursor={first['next']}").json()
    assert [row["person"] for row in first["board"] + rest["board"]] == [CASE, "P-2077", "P-3000"]
    assert rest["next"] is None


@pytest.mark.parametrize("role", ["map", "feed", "admin", "epidemiologist"])
@pytest.mark.parametrize("path", ["/v1/board"])
def test_only_officers_see_who(call, role, path):
    assert call.get(path, role=role).status_code == 403


@pytest.mark.parametrize(
    "path", ["/v1/board", "/v1/cases", f"/v1/cases/{CASE}", TRACE, f"/v1/cases/{CASE}/sources", "/v1/risk/hexes"]
)
def test_the_past_answers_with_its_own_number(call, engine, path):
    reply = call.get(f"{path}?as_of=4")
    assert (reply.json()["as_of"], reply.headers["as-of"], engine.asked["at"]) == (4, "4", 4)
    assert call.get(path).json()["as_of"] == 7
    assert call.get(f"{path}?as_of=2021-07-09T09:30:00%2B07:00").json()["as_of"] == 5
    gone = call.get(f"{path}?as_of=1")
    assert (gone.status_code, gone.json()["code"]) == (410, "history_gone")


def test_maps_of_two_moments_have_two_tags(call):
    tags = {call.get(f"/v1/risk/hexes{query}").headers["etag"] for query in ("", "?as_of=4", "?as_of=5")}
    assert len(tags) == 3


@pytest.mark.parametrize("form", ["csv", "xlsx", "geojson"])
def test_files_of_the_past(call, form):
    assert call.get(f"{TRACE}?as_of=4&format={form}").headers["as-of"] == "4"
