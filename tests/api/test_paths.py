"""Ids in paths are any text, and HEAD asks like GET."""

from urllib.parse import quote

import pytest

IDS = (
    "a/b",
    "a/contacts",
    "contacts",
    "/",
    "a/",
    "//",
    "a\nb",
    "a\n",
    "\n",
    "a\x00b",
    "a?b#c;d",
    "sp ace",
    "😀",
    "x" * 128,
)


@pytest.mark.parametrize("person", IDS)
@pytest.mark.parametrize("rest", ["", "/contacts", "/chains"])
def test_any_id_is_understood_as_it_is(call, person, rest):
    body = call.get(f"/v1/persons/{quote(person, safe='')}{rest}").json()
    assert body["person"] == person
    assert ("contacts" in body, "chains" in body) == (rest == "/contacts", rest == "/chains")


@pytest.mark.parametrize("person", IDS)
def test_any_id_of_a_case_reaches_the_engine_as_it_is(call, engine, person):
    call.get(f"/v1/cases/{quote(person, safe='')}/exposures")
    assert engine.asked["exposures"]["person"] == person


def test_bare_slashes_are_part_of_an_id_where_no_longer_route_fits(call):
    assert call.get("/v1/persons/a/b").json()["person"] == "a/b"
    assert "contacts" in call.get("/v1/persons/a/b/contacts").json()


def test_an_unknown_kind_with_a_slash_is_an_unknown_kind(call):
    reply = call.post("/v1/events/a%2Fb", role="feed", json={"events": []})
    assert (reply.status_code, reply.json()["code"]) == (404, "unknown_kind")
    assert "a/b" in reply.json()["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/v1/cases", "/v1/risk/hexes"])
def test_head_is_get_without_a_body(call, path):
    got, head = call.get(path), call.request("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers == got.headers


def test_head_needs_a_token_too(call):
    assert call.request("HEAD", "/v1/cases", role=None).status_code == 401
