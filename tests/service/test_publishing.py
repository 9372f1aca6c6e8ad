"""Releases of an engine: what is behind them, when they are made, what they show and what they never hold."""

from time import monotonic

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from engine import params
from engine.clock import DAY, HOUR, from_rfc3339, in_viet_nam
from engine.errors import BadParameterError
from engine.risk.disclosure_windows import Window, midnight, slot, window_due
from engine.service.publishing import LOOK_S, behind_of, chains
from engine.service.releases import SCHEMA
from tests.service.published import EIGHT, HALLS, LAST, MONDAY, PLACES, TICK, WORLD, crowd
from tests.service.stored import Hand, opened
from tests.waiting import until
from tests.worlds import load


def cell_of(lat: float, lng: float, resolution: int) -> str:
    """A point belongs to its cell of resolution 11, and to the ancestors of that."""
    return h3.int_to_str(h3.cell_to_parent(h3.latlng_to_cell(lat, lng, 11), resolution))


@pytest.fixture
def engine():
    from engine.service.engine import Engine, Settings

    return load(WORLD, engine=Engine.open(Settings(), clock=lambda: EIGHT + 60))


def test_a_release_holds_the_cells_and_nothing_else(engine):
    made = engine.publish()
    assert (made.at, made.start, made.end) == (EIGHT, LAST - DAY, LAST)
    shown = made.columns(9)
    assert shown.unit == tuple(sorted(cell_of(lat, lng, 9) for _, lat, lng in HALLS))
    assert shown.unit_resolution.tolist() == [9, 9]
    assert all(score % 5 == 0 for score in shown.score.tolist())
    assert (shown.band == np.digitize(shown.score, params.HEX_BANDS)).all()
    assert set(shown.since.tolist()) == {made.at}
    assert made.table.schema.names == SCHEMA.names
    assert engine.release() is not None
    assert engine.release().id == made.id


def test_its_number_is_known_without_the_database_for_as_long_as_nothing_was_to_be_looked_up(engine, monkeypatch):
    assert engine.release_id() is None
    assert engine.release() is None
    assert engine.release_id() == 0
    made = engine.publish()
    assert engine.release_id() is None
    assert engine.release().id == made.id
    assert engine.release_id() == made.id
    engine.release(made.at - 1)
    assert engine.release_id() == made.id
    monkeypatch.setattr("engine.service.publishing.monotonic", lambda: monotonic() + LOOK_S)
    assert engine.release_id() is None


def test_it_is_made_once(engine):
    assert engine.publish() is not None
    assert engine.publish() is None
    assert engine.publish(EIGHT + 6 * DAY) is None
    assert len(engine.releases()) == 1


def test_too_few_publish_nothing_and_the_next_time_tries_again():
    from engine.service.engine import Engine, Settings

    few = [*PLACES, *crowd("hall-0", 9, 9, LAST - DAY), *TICK]
    engine = load(few, engine=Engine.open(Settings(), clock=lambda: EIGHT))
    assert engine.publish() is None
    assert engine.release() is None
    load(crowd("hall-0", 3, 0, LAST - DAY, 90), engine=engine)
    assert engine.publish() is not None


def test_what_is_learnt_later_changes_no_release(engine):
    before = engine.publish().columns(9)
    load(crowd("hall-0", 5, 5, LAST - DAY, 200), engine=engine)
    assert engine.publish() is None
    assert engine.release().columns(9).score.tolist() == before.score.tolist()


def test_coarser_and_boxed(engine):
    made = engine.publish()
    eight, seven = made.columns(8), made.columns(7)
    assert eight.unit == tuple(sorted(cell_of(lat, lng, 8) for _, lat, lng in HALLS))
    assert len(seven.unit) == 2
    assert made.columns(10).unit == made.columns(9).unit
    box = made.columns(9, (106.68, 10.76, 106.70, 10.78))
    assert box.unit == (cell_of(10.77, 106.69, 9),)
    assert made.columns(9, (0, 0, 1, 1)).unit == ()
    for asked in (6, 11):
        with pytest.raises(BadParameterError, match="7 to 9"):
            made.columns(asked)
    with pytest.raises(BadParameterError, match="bbox"):
        made.columns(9, (0, 1, 1, 0))


def test_a_box_shows_every_remainder():
    from engine.service.engine import Engine, Settings

    world = [*WORLD, ("place", {"place": "far", "lat": 10.95, "lng": 106.9}), *crowd("far", 2, 1, LAST - DAY, 300)]
    made = load(world, engine=Engine.open(Settings(), clock=lambda: EIGHT)).publish()
    shown = made.columns(9, (0, 0, 1, 1))
    assert (shown.unit, shown.unit_resolution.tolist()) == (("",), [-1])


def test_floors_and_days_come_from_the_settings():
    from engine.service.engine import Engine, Settings

    with pytest.raises(BadParameterError, match="only be raised"):
        Engine.open(Settings(publish_people=9))
    with pytest.raises(BadParameterError, match="1 to 14 days"):
        Engine.open(Settings(publish_days=15))
    engine = load(WORLD, engine=Engine.open(Settings(publish_people=12, publish_days=3), clock=lambda: EIGHT))
    made = engine.publish()
    assert made.end - made.start == 3 * DAY
    assert made.columns(9).unit_resolution.tolist() == [-1]


def test_releases_survive_and_expire(tmp_path):
    clock = Hand(EIGHT)
    engine = load(WORLD, engine=opened(tmp_path, clock))
    made = engine.publish()
    assert "publish" in {row.action for row in engine.journal.audit_rows()}
    engine.close()
    again = opened(tmp_path, clock)
    assert again.publish() is None
    assert again.release().table.equals(made.table)
    assert again.release(made.at - 1) is None
    assert again.release(made.at).id == made.id
    assert again.release(LAST + 14 * DAY - 1) is not None
    assert again.release(LAST + 14 * DAY) is None
    later = MONDAY + 12 * DAY
    clock.now = later
    load([("location", {**TICK[0][1], "at": later})], engine=again)
    again.releases()
    assert again.release() is None or again.release().until > later
    again.close()


def test_windows_never_overlap_and_a_second_release_takes_the_next_days(tmp_path):
    clock = Hand(EIGHT)
    engine = load(WORLD, engine=opened(tmp_path, clock))
    first = engine.publish()
    clock.now += 7 * DAY
    load(
        [*crowd("hall-0", 20, 8, LAST + DAY, 400), ("location", {**TICK[0][1], "at": MONDAY + 7 * DAY})], engine=engine
    )
    second = engine.publish()
    assert second.start >= first.end
    assert [r.id for r in engine.releases()] == [first.id, second.id]
    assert engine.release(second.at - 1).id == first.id
    assert engine.release(second.at).id == second.id
    halls = [cell_of(*HALLS[n][1:], 9) for n in (0, 1)]
    since = dict(zip(second.columns(9).unit, second.columns(9).since.tolist(), strict=True))
    assert since == {halls[0]: second.at, halls[1]: first.at}
    engine.close()


def test_no_person_is_in_what_is_stored(tmp_path):
    engine = load(WORLD, engine=opened(tmp_path, Hand(EIGHT)))
    made = engine.publish()
    payload = engine.journal.documents.read(made.id).payload
    table = pa.ipc.open_stream(payload).read_all()
    assert table.schema.names == ["view", "unit_resolution", "unit", "score", "band", "since"]
    assert set(table.schema.metadata) == {b"at", b"start", b"end", b"as_of"}
    (record,) = engine.journal.documents.all("release_record")
    kept = engine.journal.documents.read(record.id).payload
    assert pa.ipc.open_stream(kept).read_all().schema.names == ["resolution", "unit", "infectious", "present"]
    assert b"p50" not in payload + kept
    engine.close()


def test_behind_is_what_loops_find():
    end = LAST
    start = end - 7 * DAY
    onset, early = end - 2 * DAY, end - 6 * DAY
    world = [
        *PLACES,
        ("place", {"place": "unknown", "kind": "market"}),
        ("case", {"person": "f0", "onset_at": onset, "confirmed_at": onset + DAY, "isolated_at": onset + 2 * DAY}),
        ("check_in", {"person": "f0", "place": "hall-0", "entered_at": onset, "left_at": onset + 3 * HOUR}),
        ("check_in", {"person": "f0", "place": "hall-0", "entered_at": early, "left_at": early + 9}),
        ("check_in", {"person": "f0", "place": "unknown", "entered_at": onset, "left_at": onset + HOUR}),
        ("check_in", {"person": "x", "place": "hall-0", "entered_at": end - HOUR, "left_at": end + HOUR}),
        ("check_in", {"person": "y", "place": "hall-1", "entered_at": start - HOUR, "left_at": start + 60}),
        ("check_in", {"person": "z", "place": "hall-1", "entered_at": end, "left_at": end + HOUR}),
        ("location", {"person": "x", "at": end - 2 * DAY, "lat": 10.80, "lng": 106.72, "accuracy_m": 5.0}),
    ]  # fmt: skip
    engine = load(world)
    state = engine.snapshot()
    rows = behind_of(state, engine._known, Window(start, end))
    stays = [
        ("f0", 0, onset, onset + 3 * HOUR),
        ("f0", 0, early, early + 9),
        ("x", 0, end - HOUR, end),
        ("y", 1, start, start + 60),
        ("x", 1, end - 2 * DAY, end - 2 * DAY + 900),
    ]

    law = gamma(params.HE_SHAPE.value, loc=-params.HE_SHIFT_D.value, scale=1 / params.HE_RATE.value)
    top = law.pdf((params.HE_SHAPE.value - 1) / params.HE_RATE.value - params.HE_SHIFT_D.value)

    def decay(t):
        return 2 ** (-(end - t) / DAY / params.HEX_HALF_LIFE_D.value)

    expected: dict[tuple[int, str], list[float]] = {}
    for person, hall, a, b in stays:
        one = expected.setdefault((h3.str_to_int(cell_of(*HALLS[hall][1:], 9)), person), [0.0, 0.0])
        one[1] += quad(decay, a, b)[0]
        if person == "f0" and a >= onset - 3 * DAY:
            one[0] += quad(lambda t: decay(t) * law.pdf((t - onset) / DAY) / top, a, b)[0]
    names = state.person_keys.keys(rows.person.tolist())
    found = {
        (c, p): [n / 2**20, d / 2**10]
        for c, p, n, d in zip(rows.cell.tolist(), names, rows.infectious.tolist(), rows.present.tolist(), strict=True)
    }
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, abs=0.01)


def test_the_areas_of_cells_are_nested_and_may_be_missing():
    import shapely

    from engine.geo.units import Unit, Units

    box = shapely.box
    units = Units(
        [
            Unit("VN", "country", None, "Việt Nam", "Viet Nam"),
            Unit("79", "province", "VN", "Hồ Chí Minh", "Ho Chi Minh City"),
            Unit("760", "district", "79", "Quận 1", "District 1"),
            Unit("26734", "commune", "760", "Tân Định", "Tan Dinh"),
        ],
        [box(100, 5, 110, 20), box(106, 10, 107, 11), box(106.6, 10.7, 106.8, 10.8), box(106.6, 10.7, 106.7, 10.8)],
    )
    spots = [(10.75, 106.65), (10.75, 106.75), (10.5, 106.5), (8, 104)]
    cells = np.array([h3.latlng_to_cell(*spot, 7) for spot in spots], np.uint64)
    codes = [c.codes for c in chains(units, cells, in_viet_nam(EIGHT).date())]
    assert codes == [("26734", "760", "79"), ("760", "79"), ("79",), ()]


TIMES = {"07:59": "-20:00", "08:00": "08:00", "12:59": "08:00", "13:00": "13:00", "19:59": "13:00", "23:59": "20:00"}


@pytest.mark.parametrize(("text", "expected"), TIMES.items())
def test_publishing_times(text, expected):
    at = from_rfc3339(f"2021-07-12T{text}:00+07:00")
    day = "11" if expected[0] == "-" else "12"
    assert slot(at) == from_rfc3339(f"2021-07-{day}T{expected.lstrip('-')}:00+07:00")


def test_the_next_publishing_time(engine):
    for hour, expected in ((7, 8), (8, 13), (13, 20), (20, 32), (23, 32)):
        assert engine.next_publishing(MONDAY + hour * HOUR) == MONDAY + expected * HOUR


def test_windows_are_whole_days_that_were_not_published():
    assert midnight(MONDAY) == MONDAY == midnight(MONDAY + DAY - 1)
    assert window_due(EIGHT, EIGHT, None, 7, 2) == Window(LAST - 7 * DAY, LAST)
    assert window_due(EIGHT - 1, EIGHT, None, 7, 0) == Window(MONDAY - 8 * DAY, MONDAY - DAY)
    assert window_due(EIGHT, MONDAY - 1, None, 7, 0) == Window(MONDAY - 8 * DAY, MONDAY - DAY)
    assert window_due(EIGHT, EIGHT, MONDAY - 7 * DAY, 7, 0) == Window(MONDAY - 7 * DAY, MONDAY)
    assert window_due(EIGHT, EIGHT, MONDAY - 7 * DAY + 1, 7, 0) is None
    assert window_due(EIGHT, EIGHT, MONDAY - 11 * DAY, 7, 0) == Window(MONDAY - 11 * DAY, MONDAY)
    assert window_due(EIGHT, EIGHT, MONDAY - 15 * DAY, 7, 0) == Window(MONDAY - 7 * DAY, MONDAY)
    published, windows = None, []
    for now in range(EIGHT, EIGHT + 30 * DAY, 5 * HOUR):
        window = window_due(now, now, published, 3, 1)
        if window is not None:
            assert published is None or window.start >= published
            published = window.end
            windows.append(window)
    assert len(windows) == 10


def test_processes_that_share_a_database_publish_once(tmp_path):
    one, other = (opened(tmp_path, Hand(EIGHT)) for _ in range(2))
    load(WORLD, engine=one)
    assert other.release() is None
    other.close()
    other = opened(tmp_path, Hand(EIGHT))
    assert one.journal.tasks.claim("release", EIGHT, HOUR)
    assert other.publish() is None
    one.journal.tasks.done("release", EIGHT, "")
    made = other.publish()
    assert made is not None
    assert one.publish() is None
    assert [r.id for r in one.releases()] == [made.id]
    one.close()
    other.close()


def test_the_server_tries_once_a_publishing_time(tmp_path, monkeypatch):
    engine = load([*PLACES, *TICK], engine=opened(tmp_path, Hand(EIGHT)))
    tried = []
    monkeypatch.setattr(engine._publishing, "publish", lambda now, actor: tried.append((now, actor)))
    for now in (EIGHT, EIGHT + 10, EIGHT + 5 * HOUR - 1, EIGHT + 5 * HOUR, EIGHT + 6 * HOUR):
        engine._publishing.publish_if_due(now)
    assert tried == [(EIGHT, "server"), (EIGHT + 5 * HOUR, "server")]
    engine.close()


def _publishers(server):
    return [row.actor for row in server.journal.audit_rows() if row.action == "publish"]


def test_a_server_publishes_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.service.maintenance.LOOK_S", 0.05)
    load(WORLD, engine=opened(tmp_path, Hand(EIGHT))).close()
    from engine.service.engine import Engine, Settings

    server = Engine.begin(Settings(data=tmp_path), Hand(EIGHT))
    until(lambda: server.ready)
    until(lambda: _publishers(server))
    assert _publishers(server) == ["server"]
    assert len(server.releases()) == 1
    taken = server._held._state
    assert taken is not None  # though nobody has asked for levels
    assert server.purge(EIGHT + 30 * DAY).rows > 0
    assert server._held._state is not taken
    server.close()


def test_the_release_that_is_asked_for_most_stays_in_memory(engine, monkeypatch):
    from engine.service import publishing

    read = []
    monkeypatch.setattr(publishing, "from_bytes", lambda ident, payload: read.append(ident) or ident)
    idents = [engine._publishing._documents.add("release", "", EIGHT, b"") for _ in range(2 * publishing.READ)]
    for ident in idents:
        engine._publishing._get(ident)
        engine._publishing._get(idents[0])
    assert read == idents


def test_where_no_events_come_any_more_the_last_release_stays(tmp_path):
    """Its 14 days are those of the data: demonstrations of 2021 are shown in other years."""
    clock = Hand(EIGHT)
    engine = load(WORLD, engine=opened(tmp_path, clock))
    made = engine.publish()
    clock.now = EIGHT + 365 * DAY
    engine.releases()  # looks at once
    assert engine.release().id == made.id
    engine.close()


def test_a_damaged_release_says_what_to_do():
    from engine.errors import JournalError
    from engine.service.releases import from_bytes, records_from_bytes

    for read in (lambda body: from_bytes(1, body), records_from_bytes):
        for body in (b"", b"no release"):
            with pytest.raises(JournalError, match="restore"):
                read(body)


def test_days_that_were_taken_are_not_published_again_when_the_release_was_lost(tmp_path, monkeypatch):
    engine = load(WORLD, engine=opened(tmp_path, Hand(EIGHT)))
    monkeypatch.setattr("engine.service.publishing.views", lambda records: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.publish()
    monkeypatch.undo()
    assert engine.releases() == []
    assert engine.publish() is None
    engine.close()
