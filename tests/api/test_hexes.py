"""The hex map over HTTP: columns, packing, tags, memory, days, why, and the release for those who see no more."""

import asyncio
import gzip
import threading
import time
from datetime import date

import h3
import numpy as np
import orjson
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from api.examples import replies
from api.maps import analytic_sheet
from api.negotiate import MEDIA
from api.packing import coding_of, packed
from api.present.hexes import days_body, hexes_body, texts
from api.replies import Replies, Reply, bridges
from engine.errors import JournalError
from engine.service.paced import DEAR_S, MOST_S
from engine.service.results import HexColumns
from tests.api.fake_engine import CASE, FakeRelease, T
from tests.waiting import PATIENCE_S

HEXES = "/v1/risk/hexes"
DAYS = f"{HEXES}/days?from=2021-07-09&to=2021-07-10"
WHY = f"{HEXES}/8965b56628fffff"


def test_columns_are_rounded_inside_their_band(call):
    assert call.get(f"{HEXES}?resolution=8&bbox=106,10,107,11").json() == {
        "resolution": 8,
        "at": "2021-07-10T02:30:00Z",
        "as_of": 7,
        "h3": ["8965b56628fffff", "8965b5662b7ffff"],
        "score": [89.9, 48.0],
        "band": [2, 0],
        "low": [74, 20],
        "high": [98, 71],
        "reliability": [2, 1],
    }


@pytest.mark.parametrize(
    ("query", "resolution"),
    [
        ("", 9),
        ("resolution=8", 8),
        ("zoom=5", 7),
        ("zoom=10.5", 8),
        ("zoom=12", 9),
        ("zoom=14", 10),
        ("zoom=5&resolution=10", 10),
    ],
)
def test_the_resolution_is_as_asked_or_as_the_zoom_needs(call, engine, query, resolution):
    call.get(f"{HEXES}?{query}&bbox=106,10,107,11&at=2021-07-09T02:30:00Z")
    assert engine.asked["hexes"] == (resolution, (106.0, 10.0, 107.0, 11.0), T)


@pytest.mark.parametrize("query", ["resolution=6", "resolution=11", "zoom=-1", "zoom=x", "bbox=1,2,3"])
def test_wrong_parameters_are_400(call, query):
    assert call.get(f"{HEXES}?{query}").status_code == 400


def test_arrow_has_the_same_columns(call):
    reply = call.get(HEXES, headers={"Accept": MEDIA["arrow"]})
    table = pa.ipc.open_stream(reply.content).read_all()
    told = call.get(HEXES).json()
    assert reply.headers["content-type"] == MEDIA["arrow"]
    assert table.schema.metadata[b"as_of"] == b"7"
    for name in ("h3", "score", "band", "low", "high", "reliability"):
        assert np.array_equal(table[name].to_pylist(), told[name])


@given(st.lists(st.integers(1, 2**60 - 1).map(lambda n: n | 8 << 56), max_size=9))
def test_cells_are_written_as_h3_writes_them(cells):
    column = np.array(cells, np.uint64)
    assert texts(column) == [h3.int_to_str(cell) for cell in cells]
    zero = np.zeros(len(cells))
    none = np.zeros(len(cells), np.int8)
    sheet = analytic_sheet(HexColumns(9, T, 7, column, zero, none, zero, zero, none, zero, zero, zero, none))
    assert orjson.loads(hexes_body(sheet, "json"))["h3"] == texts(column)
    assert pa.ipc.open_stream(hexes_body(sheet, "arrow")).read_all()["h3"].to_pylist() == texts(column)


# -- packing and memory -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", "identity"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("zstd;q=0, gzip;q=0", "identity"),
        ("*", "zstd"),
        ("br", "identity"),
    ],
)
def test_the_coding_is_what_the_reader_likes(header, coding):
    assert coding_of(header) == coding


def test_packed_bodies_unpack():
    body = b"0123456789" * 1_000
    assert zstandard.ZstdDecompressor().decompress(packed(body, "zstd")) == body
    assert gzip.decompress(packed(body, "gzip")) == body
    assert packed(body, "identity") == body


def many(engine, n=2_000):
    """Let the engine know a map of n cells."""
    cells = np.arange(n, dtype=np.uint64) * 64 + np.uint64(0x8965B5600000000)
    number = np.linspace(0, 99, n)
    whole = np.zeros(n, np.int8)

    def hexes(resolution=9, bbox=None, at=None):
        engine.asked["made"] = engine.asked.get("made", 0) + 1
        real = np.zeros(n)
        return HexColumns(
            resolution, at or engine.data_time, engine.as_of, cells, number, whole, number, number, whole, real, real,
            real, np.zeros(n, np.int64),
        )  # fmt: skip

    engine.hexes = hexes
    return engine


@pytest.mark.parametrize("accepted", ["zstd", "gzip", "identity"])
def test_a_map_is_made_and_packed_once_for_a_state(call, engine, accepted):
    many(engine)
    got = [call.get(HEXES, headers={"Accept-Encoding": accepted}) for _ in range(4)]
    assert engine.asked["made"] == 1
    assert {r.headers.get("content-encoding", "identity") for r in got} == {accepted}
    assert len({r.content for r in got}) == 1
    assert [dict(r.headers) for r in got[1:]] == [dict(got[0].headers)] * 3
    engine.as_of += 1
    assert call.get(HEXES, headers={"Accept-Encoding": accepted}).json()["as_of"] == 8
    engine.data_time += 1
    call.get(HEXES, headers={"Accept-Encoding": accepted})
    assert engine.asked["made"] == 3


def test_a_map_kept_is_counted_as_a_request(call, engine):
    for _ in range(3):
        call.get(HEXES)
    assert b'truyvet_http_requests_total{route="GET /v1/risk/hexes",status="200"} 3.0' in engine.metrics.text()


def test_an_older_map_is_not_kept_under_the_newest_tag(call, engine):
    """Under load a map may be older than the state: its tag must not stand for the newer one."""
    many(engine)
    made = engine.hexes
    engine.hexes = lambda *a: made(*a).__class__(**{**vars(made(*a)), "as_of": 6})
    old = call.get(HEXES)
    assert (old.json()["as_of"], old.headers["as-of"]) == (6, "6")
    engine.hexes = made
    new = call.get(HEXES, headers={"If-None-Match": old.headers["etag"]})
    assert (new.status_code, new.json()["as_of"]) == (200, 7)


def test_an_unchanged_map_is_304_and_is_not_made(call, engine):
    tag = call.get(HEXES).headers["etag"]
    engine.asked.clear()
    for query in (HEXES, f"{HEXES}?"):  # from memory, and through the route
        again = call.get(query, headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert engine.asked == {}


@pytest.mark.parametrize("change", ["as_of", "data_time", "resolution", "bbox", "format", "at"])
def test_the_tag_changes_with_all_that_the_map_depends_on(call, engine, change):
    tag = call.get(HEXES).headers["etag"]
    if change in ("as_of", "data_time"):
        setattr(engine, change, getattr(engine, change) + 1)
    query = {"resolution": "?resolution=8", "bbox": "?bbox=0,0,1,1", "format": "?format=arrow"}
    query["at"] = "?at=2021-07-09T02:30:00Z"
    reply = call.get(f"{HEXES}{query.get(change, '')}", headers={"If-None-Match": tag})
    assert reply.status_code == 200
    assert reply.headers["etag"] != tag


def test_another_token_gets_nothing_from_memory(call):
    call.get(HEXES)
    assert call.get(HEXES, role=None).status_code == 401
    assert call.get(HEXES, role="feed").status_code == 403
    assert call.get(HEXES, role=None, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert "released_at" in call.get(HEXES, role="map").json()
    assert "released_at" not in call.get(HEXES, role="epidemiologist").json()


def test_while_the_state_is_loaded_nothing_comes_from_memory(call, engine):
    call.get(HEXES)
    engine.ready = False
    assert call.get(HEXES).status_code == 503


def test_memory_is_bounded_by_bytes():
    kept = Replies(10_000)
    for n in range(20):
        kept.put(n, Reply(("map", n), None, 200, [], "", b"x" * 1_000, "r"))
    assert len(kept) == 4
    assert kept.bytes <= 10_000
    assert kept.get(0) is None
    assert kept.get(19) is not None
    kept.put(19, Reply(("map", 19), None, 200, [], "", b"x" * 20_000, "r"))
    assert kept.get(19) is None
    for n in range(20):
        kept.drop(n)
    assert kept.bytes == 0


@pytest.mark.parametrize("path", [HEXES, DAYS, WHY])
def test_nothing_made_before_a_purge_is_sent_after_it(call, app, engine, path):
    tag = call.get(path).headers["etag"]
    assert len(app.state.replies) == 1
    engine.made_anew += 1
    call.get("/v1/risk/tiles.json")
    assert len(app.state.replies) <= 1
    again = call.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["etag"] != tag) == (200, True)


def test_long_questions_are_answered_and_not_kept(call, app):
    assert call.get(f"{HEXES}?{'format=json&' * 200}").status_code == 200
    assert call.get(HEXES, headers={"Accept": "application/json" + ", text/plain" * 200}).status_code == 200
    assert len(app.state.replies) == 0
    call.get(f"{HEXES}?format=json")
    assert len(app.state.replies) == 1


def test_a_release_is_looked_up_beside_the_event_loop(call, engine, monkeypatch):
    loops = []

    def release(at=None):
        try:
            loops.append(asyncio.get_running_loop())
        except RuntimeError:
            loops.append(None)
        return FakeRelease()

    monkeypatch.setattr(engine, "release", release)
    for _ in range(3):
        assert call.get(HEXES, role="map").status_code == 200
    assert set(loops) == {None}


def test_a_kept_release_that_cannot_be_looked_up_is_a_problem_document(call, engine, monkeypatch):
    assert call.get(HEXES, role="map").status_code == 200

    def away(at=None):
        raise JournalError("the database is away")

    monkeypatch.setattr(engine, "release", away)
    reply = call.get(HEXES, role="map")
    assert (reply.status_code, reply.json()["code"]) == (503, "journal")


def test_two_releases_of_one_publishing_time_are_two(call, engine):
    tag = call.get(HEXES, role="map").headers["etag"]
    engine.released.append(FakeRelease(number=2))
    for headers in ({}, {"If-None-Match": tag}):
        reply = call.get(HEXES, role="map", headers=headers)
        assert (reply.status_code, reply.headers["etag"] != tag) == (200, True)


# -- while events stream in ---------------------------------------------------------------------------


def test_a_map_that_the_engine_shares_is_sent_whatever_comes_in(call, engine):
    many(engine)
    first = call.get(HEXES)
    engine.held = (engine.as_of, engine.data_time)
    engine.as_of, engine.data_time = engine.as_of + 1, engine.data_time + 60
    again = call.get(HEXES)
    assert (again.content, again.headers["as-of"]) == (first.content, "7")
    assert call.get(HEXES, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert call.get(f"{HEXES}?", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert engine.asked["made"] == 1
    engine.held = None
    newest = call.get(HEXES, headers={"If-None-Match": first.headers["etag"]})
    assert (newest.status_code, newest.headers["as-of"]) == (200, "8")


def hand(monkeypatch):
    """The time by which maps grow old, set by hand."""
    now = [100.0]
    for name in ("api.maps", "api.replies"):
        monkeypatch.setattr(f"{name}.monotonic", lambda: now[0])
    return now


def test_a_map_that_is_dear_to_write_is_shared_for_a_moment(call, engine, monkeypatch):
    many(engine)
    made, now = engine.hexes, hand(monkeypatch)
    monkeypatch.setattr("api.maps.DEAR_S", DEAR_S)

    def dear(*asked):
        began = time.thread_time()
        while time.thread_time() < began + 2 * DEAR_S:
            pass
        return made(*asked)

    engine.hexes = dear
    first = call.get(HEXES)
    engine.as_of += 1
    now[0] += DEAR_S
    assert call.get(HEXES).content == first.content
    now[0] += MOST_S
    assert call.get(HEXES).json()["as_of"] == 8
    engine.as_of, engine.made_anew = engine.as_of + 1, 1
    assert call.get(HEXES).json()["as_of"] == 9


def test_who_asks_while_a_newer_map_is_made_has_the_one_before_for_a_moment(call, app, engine, monkeypatch):
    many(engine)
    hand(monkeypatch)
    made, begun, go_on = engine.hexes, threading.Event(), threading.Event()
    engine.held = (engine.as_of, engine.data_time)
    with call:
        assert call.get(HEXES).headers["as-of"] == "7"
        engine.held, engine.as_of = None, 8
        engine.hexes = lambda *asked: begun.set() or (go_on.wait(PATIENCE_S) and made(*asked))
        first = []
        maker = threading.Thread(target=lambda: first.append(call.get(HEXES).headers["as-of"]))
        maker.start()
        assert begun.wait(PATIENCE_S)
        assert call.get(HEXES).headers["as-of"] == "7"
        go_on.set()
        maker.join()
        assert (first, call.get(HEXES).headers["as-of"]) == (["8"], "8")
    (key,) = app.state.replies._held
    assert not bridges(app.state.replies.get(key))  # made at little cost: nobody need do with it


def test_a_map_that_is_cheap_is_of_the_newest_state(call, engine):
    many(engine, 10)
    for n in range(5):
        assert call.get(HEXES).json()["as_of"] == 7 + n
        engine.as_of += 1


# -- days and why ---------------------------------------------------------------------------------------


def test_days_have_each_cell_once_and_a_column_a_day(call, engine):
    body = call.get(DAYS).json()
    assert set(body) == set(replies.HEX_DAYS)
    assert body["days"] == ["2021-07-09", "2021-07-10"]
    assert body["score"] == [[80.0, 40.0], [81.0, 40.0]]
    assert body["as_of"] == 7
    assert engine.asked["hex_days"] == (9, date(2021, 7, 9), date(2021, 7, 10), None)


def test_a_cell_that_a_day_lacks_is_null(call, engine):
    sheet = analytic_sheet(engine.hexes())
    less = sheet.none()
    body = orjson.loads(days_body(9, [date(2021, 7, 9)] * 2, [sheet, less]))
    assert body["score"] == [[89.9, 48.0], [None, None]]


@pytest.mark.parametrize(
    "query", ["", "?from=2021-07-10&to=2021-07-09", "?from=2021-01-01&to=2021-12-31", "?from=x&to=2021-07-09"]
)
def test_days_that_cannot_be_shown_are_400(call, query):
    assert call.get(f"{HEXES}/days{query}").status_code == 400


@pytest.mark.parametrize(("lang", "says"), [("en", "a day in Viet Nam"), ("vi", "một ngày ở Việt Nam")])
def test_a_missing_day_is_asked_for_as_a_day(call, lang, says):
    refused = call.get("/v1/risk/hexes/days", headers={"Accept-Language": lang})
    assert refused.status_code == 400
    assert refused.json()["detail"].count(says) == 2


def test_why_names_people_for_officers_alone(call, engine):
    officer, other = call.get(WHY), call.get(WHY, role="epidemiologist")
    assert set(officer.json()) == set(replies.HEX_WHY)
    assert officer.json()["people"][0]["person"] == CASE
    assert officer.json()["h3"] == "8965b56628fffff"
    assert officer.json()["at"] == "2021-07-09T02:30:00Z"
    assert other.json()["people"] == []
    assert CASE not in other.text
    assert engine.asked["hex_why"] == (0x8965B56628FFFFF, None, False)
    assert call.get(f"{HEXES}/8965b56628ffff0").status_code == 404
    assert call.get(f"{HEXES}/nonsense").status_code == 404


# -- releases -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["map", "admin"])
def test_a_release_is_whole_units_and_nothing_else(call, role):
    reply = call.get(f"{HEXES}?bbox=106,10,107,11", role=role)
    assert reply.json() == {
        "resolution": 9,
        "at": "2021-07-09T01:30:00Z",
        "as_of": 4,
        "released_at": "2021-07-09T01:30:00Z",
        "h3": ["8865b56629fffff", "8965b566223ffff"],
        "score": [55, 90],
        "band": [1, 3],
        "since": ["2021-07-09T00:30:00Z", "2021-07-09T01:30:00Z"],
        "areas": {"code": ["79-rest"], "score": [10], "band": [0], "since": ["2021-07-09T01:30:00Z"]},
    }
    assert reply.headers["cache-control"].startswith("public, max-age=")
    assert 0 < int(reply.headers["cache-control"].partition("=")[2]) <= 1_000
    assert "as-of" not in reply.headers


def test_a_release_stays_until_the_next_whatever_comes_in(call, engine):
    tag = call.get(HEXES, role="map").headers["etag"]
    engine.as_of += 5
    assert call.get(HEXES, role="map", headers={"If-None-Match": tag}).status_code == 304
    engine.released.append(FakeRelease(at=T))
    again = call.get(HEXES, role="map", headers={"If-None-Match": tag})
    assert again.json()["released_at"] == "2021-07-09T02:30:00Z"


def test_before_the_first_release_there_are_no_cells(call, engine):
    engine.released.clear()
    body = call.get(HEXES, role="map").json()
    assert (body["released_at"], body["h3"], body["areas"]["code"]) == (None, [], [])
    table = pa.ipc.open_stream(call.get(f"{HEXES}?format=arrow", role="map").content).read_all()
    assert table.num_rows == 0
    assert call.get(DAYS, role="map").json()["score"] == [[], []]


def test_days_of_releases_are_what_was_published_by_then(call, engine):
    engine.released.append(FakeRelease(at=T + 10 * 86_400))
    body = call.get(DAYS, role="map").json()
    assert body["at"] == ["2021-07-09T01:30:00Z"] * 2
    assert body["score"] == [[55, 90]] * 2
    assert call.get(f"{HEXES}?at=2021-07-01T00:00:00Z", role="map").json()["h3"] == []


@pytest.mark.parametrize("role", ["map", "admin"])
def test_releases_have_no_as_of_and_no_why(call, role):
    assert call.get(f"{HEXES}?as_of=3", role=role).status_code == 403
    assert call.get(WHY, role=role).status_code == 403


def test_a_city_fits_in_150_kb():
    """50,000 cells of resolution 9: an outbreak that is smooth in space, intervals, and many cells without any."""
    import h3.api.basic_int as h3

    cells = np.array(sorted(h3.grid_disk(h3.latlng_to_cell(10.77, 106.69, 9), 128)), np.uint64)
    rng = np.random.default_rng(1)
    lat, lng = (np.array(c) for c in zip(*(h3.cell_to_latlng(c) for c in cells.tolist()), strict=True))
    rate = np.zeros(len(cells))
    for _ in range(60):
        n, size = rng.integers(len(cells)), rng.uniform(0.004, 0.03)
        rate += rng.lognormal(-4, 1) * np.exp(-((lat - lat[n]) ** 2 + (lng - lng[n]) ** 2) / 2 / size**2)
    rate[rate < 1e-4] = 0
    score, low, high = (100 * (1 - 2 ** (-rate * by / 0.02)) for by in (1.0, 0.5, 1.9))
    zero = np.zeros(len(cells))
    far = np.hypot(lat - 10.77, lng - 106.69)
    reliability = np.where(rng.exponential(0.15 / (far + 0.05)) < 0.1, 0, np.where(high - low > 40, 1, 2)).astype(
        np.int8
    )
    columns = HexColumns(
        9, T, 7, cells, score, np.digitize(score, [50, 70, 90]).astype(np.int8), low, high,
        reliability, zero, zero, zero, zero.astype(np.int64),
    )  # fmt: skip
    assert len(packed(hexes_body(analytic_sheet(columns), "json"), "zstd")) < 150_000


def test_many_who_ask_at_once_share_one_map(call, engine):
    many(engine)
    made = engine.hexes

    def slow(*asked):
        time.sleep(0.2)
        return made(*asked)

    engine.hexes = slow
    got = []
    readers = [threading.Thread(target=lambda: got.append(call.get(HEXES).status_code)) for _ in range(8)]
    with call:  # one event loop for all of them
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    assert got == [200] * 8
    assert engine.asked["made"] == 1
