"""Answers about people are kept for as long as nothing changes: made once, and never out of date."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from engine.service.engine import Engine, Settings
from tests.api.conftest import TOKENS, Caller
from tests.api.fake_engine import CASE
from tests.worlds import load

PATHS = (
    "/v1/cases", f"/v1/cases/{CASE}", f"/v1/cases/{CASE}/exposures", f"/v1/cases/{CASE}/sources", "/v1/board",
    "/v1/persons/P-2077", "/v1/persons/P-2077/contacts", "/v1/persons/P-2077/chains", "/v1/clusters",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_they_are_made_once_for_a_state(call, engine, path, monkeypatch):
    first = call.get(path)
    assert first.status_code == 200
    made = []
    for name in ("cases", "case", "exposures", "sources", "board", "person", "contacts", "chains", "clusters"):
        ask = getattr(engine, name)
        monkeypatch.setattr(engine, name, lambda *a, ask=ask, **b: made.append(ask) or ask(*a, **b))
    again = call.get(path)
    assert (again.status_code, again.content, dict(again.headers)) == (200, first.content, dict(first.headers))
    assert again.headers["cache-control"] == "no-store"
    assert made == []
    call.get(path, headers={"If-None-Match": "*"})
    assert made == []
    for change in ("as_of", "data_time", "made_anew"):
        setattr(engine, change, getattr(engine, change) + 1)
        reply = call.get(path)
        assert reply.headers["as-of"] == str(engine.as_of)
    assert len(made) == 3


@pytest.mark.parametrize("path", PATHS)
def test_nobody_gets_what_was_made_for_another_role(call, path):
    assert call.get(path).status_code == 200
    allowed = {200} if path == "/v1/clusters" else {403}
    for role, answers in (
        ("epidemiologist", allowed),
        ("map", {403}),
        ("feed", {403}),
        ("admin", {403}),
        (None, {401}),
    ):
        assert call.get(path, role=role).status_code in answers
    if path == "/v1/clusters":
        assert "cases" not in call.get(path, role="epidemiologist").json()["clusters"][0]
        assert "cases" in call.get(path).json()["clusters"][0]


@pytest.mark.parametrize(
    ("name", "value"), [("Authorization", f"Bearer {TOKENS['map']}"), ("Accept", "x/y"), ("Host", "b")]
)
def test_an_answer_to_a_header_sent_twice_is_not_kept(call, app, name, value):
    first = {"Authorization": f"Bearer {TOKENS['officer']}", "Accept": "*/*", "Host": "a"}
    TestClient.request(call, "GET", "/v1/risk/hexes", headers=[*first.items(), (name, value)])
    assert len(app.state.replies) == 0
    assert "released_at" in call.get("/v1/risk/hexes", role="map").json()


def test_a_state_that_changes_meanwhile_keeps_nothing(call, app, engine, monkeypatch):
    board = engine.board

    def late(*asked):
        engine.as_of += 1
        return board(*asked)

    monkeypatch.setattr(engine, "board", late)
    for n in range(3):
        assert call.get("/v1/board").json()["as_of"] == 8 + n
    assert len(app.state.replies) == 0


def test_an_older_board_is_not_kept(call, app, engine, monkeypatch):
    board = engine.board
    monkeypatch.setattr(engine, "board", lambda *asked: replace(board(*asked), as_of=engine.as_of - 1))
    assert call.get("/v1/board").json()["as_of"] == engine.as_of - 1
    assert len(app.state.replies) == 0


@pytest.mark.parametrize("query", ["?as_of=3", "?format=csv", "?format=xlsx", "?format=geojson"])
def test_the_past_and_files_are_not_kept(call, app, query):
    path = f"/v1/cases/{CASE}/exposures{query}"
    assert call.get(path).status_code == 200
    assert len(app.state.replies) == 0


def test_every_answer_of_a_real_engine_is_of_its_newest_state(monkeypatch):
    monkeypatch.setattr("engine.service.paced.MOST_S", 0.0)  # a dear map would be shared for a moment
    monkeypatch.setattr("api.maps.MOST_S", 0.0)
    from tests.service.published import PLACES, crowd

    engine = load([*PLACES, *crowd("hall-0", 6, 2, 1_626_000_000)], engine=Engine.open(Settings()))
    call = Caller(create_app(engine, TOKENS))
    paths = (
        "/v1/cases",
        "/v1/cases/p0",
        "/v1/cases/p0/exposures",
        "/v1/cases/p0/sources",
        "/v1/board",
        "/v1/persons/p1",
    )
    for n in range(3):
        for path in paths:
            first, again = call.get(path), call.get(path)
            assert first.json()["as_of"] == engine.as_of
            assert again.content == first.content
        for resolution in (7, 9):
            shown = engine.hexes(resolution)
            assert engine.map_mark(resolution) == (shown.as_of, shown.at)
            assert engine.map_mark(resolution, shown.at - 60) == (engine.as_of, shown.at - 60)
            for _ in range(2):
                assert call.get(f"/v1/risk/hexes?resolution={resolution}").json()["as_of"] == engine.as_of
        assert len(call.get("/v1/cases/p0/exposures").json()["exposures"]) == 5 + 3 * n
        load(crowd("hall-0", 3, 0, 1_626_000_000, 100 + 10 * n), engine=engine)
