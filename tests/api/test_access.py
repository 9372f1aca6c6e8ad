"""Who may do what, at the edge and in the token file."""

import json
import threading

import pytest

from api.access import ALLOWED
from engine.errors import UnreadableFileError
from engine.service.access import ROLES, curl_line, load_or_make_tokens, make_tokens, role_of
from tests.api.fake_engine import CASE

READS = {
    "/v1/cases": {"officer"},
    f"/v1/cases/{CASE}": {"officer"},
    f"/v1/cases/{CASE}/exposures": {"officer"},
    f"/v1/cases/{CASE}/sources": {"officer"},
    f"/v1/persons/{CASE}": {"officer"},
    f"/v1/persons/{CASE}/contacts": {"officer"},
    f"/v1/persons/{CASE}/chains": {"officer"},
    "/v1/clusters": {"officer", "epidemiologist"},
    "/v1/risk/hexes": {"officer", "epidemiologist", "map", "admin"},
    "/v1/policies": {"officer", "epidemiologist", "admin"},
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", READS)
def test_each_role_reads_what_the_table_says_and_nothing_else(call, path, role):
    assert call.get(path, role=role).status_code == (200 if role in READS[path] else 403)


@pytest.mark.parametrize(
    ("role", "kind", "status"),
    [
        ("feed", "bluetooth", 200),
        ("feed", "case", 200),
        ("admin", "place", 200),
        ("officer", "case", 200),
        ("officer", "test_result", 200),
        ("officer", "quarantine", 200),
        ("officer", "bluetooth", 403),
        ("map", "case", 403),
        ("epidemiologist", "case", 403),
    ],
)
def test_each_role_posts_its_own_kinds(call, role, kind, status):
    assert call.post(f"/v1/events/{kind}", role=role, json={"events": []}).status_code == status


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic b2ZmaWNlcg==", "Bearer ", "Bearer é"])
def test_without_a_known_token_every_route_is_401(call, path, header):
    sent = {} if header is None else {"Authorization": header.encode("latin-1")}
    reply = call.get(path, role=None, headers=sent)
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized")
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_token_is_asked_before_parameters_and_body(call, engine):
    assert call.get(f"/v1/cases/{CASE}/exposures?depth=99", role=None).status_code == 401
    assert call.post("/v1/events/bluetooth", role=None, content=b"x" * 20_000).status_code == 401
    assert engine.ingests == 0


def test_open_routes_need_no_token(call):
    for path in ("/", "/healthz", "/readyz", "/docs", "/openapi.json"):
        assert call.get(path, role=None).status_code == 200, path


def test_every_v1_route_asks_for_a_token(call):
    spec = call.get("/openapi.json", role=None).json()
    for path, item in spec["paths"].items():
        for op in item.values():
            assert bool(op.get("security")) == path.startswith("/v1/"), path


def test_every_role_can_do_something():
    assert set().union(*ALLOWED.values()) == set(ROLES)


def test_clusters_name_people_for_officers_only(call):
    officer = call.get("/v1/clusters").json()["clusters"][0]
    other = call.get("/v1/clusters", role="epidemiologist")
    assert officer["cases"] == [CASE, "P-2077"]
    assert other.json()["clusters"][0]["case_count"] == 2
    assert CASE not in other.text


def test_tokens_are_made_once_and_kept_private(tmp_path):
    tokens = load_or_make_tokens(tmp_path / "new" / "data")
    path = tmp_path / "new" / "data" / "tokens.json"
    assert set(tokens) == set(ROLES)
    assert len(set(tokens.values())) == len(ROLES)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == tokens == load_or_make_tokens(path.parent)
    assert [p.name for p in path.parent.iterdir()] == ["tokens.json"]


def test_missing_roles_are_added_and_modes_repaired(tmp_path):
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps({"officer": "o" * 20}))
    path.chmod(0o644)
    tokens = load_or_make_tokens(tmp_path)
    assert tokens["officer"] == "o" * 20
    assert json.loads(path.read_text()) == tokens
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"officer": 3}',
        '{"officer": "short"}',
        json.dumps({"officer": "x" * 20, "map": "x" * 20}),
        json.dumps({"officer": "é" * 20}),
        json.dumps({"officer": "\ud800" * 20}),
        json.dumps({"officer": "two words " * 3}),
    ],
)
def test_unusable_token_files_are_refused(tmp_path, text):
    (tmp_path / "tokens.json").write_text(text)
    with pytest.raises(UnreadableFileError):
        load_or_make_tokens(tmp_path)


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for data in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UnreadableFileError, match="give a folder"):
            load_or_make_tokens(data)


def test_several_starts_at_once_agree(tmp_path):
    found = []
    starts = [threading.Thread(target=lambda: found.append(load_or_make_tokens(tmp_path))) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert all(tokens == found[0] for tokens in found)
    assert len(found) == 8


def test_role_of_knows_each_token_and_no_other():
    tokens = make_tokens()
    assert [role_of(tokens, token) for token in tokens.values()] == list(tokens)
    assert role_of(tokens, "") is None
    assert role_of(tokens, tokens["map"][:-1]) is None


def test_curl_line_can_be_pasted():
    assert curl_line("http://h:1", "/v1/cases", "t") == "curl -H 'Authorization: Bearer t' 'http://h:1/v1/cases'"
