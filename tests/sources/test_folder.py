"""The watched folder: waiting for whole files, reports, names, failures that pass and failures that stay."""

import gzip
import hashlib
import json
import logging
import os
import shutil
import threading
import time

import pytest

from engine.sources import folder as module
from engine.sources.folder import FolderSource
from tests.sources.sinks import MemorySink, Running, fixes
from tests.waiting import until


class Hand:
    """A clock set by hand."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """By which a file keeps still: a busy machine stops the writer, too."""
    clock = Hand(100.0)
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def quick(inbox, **more):
    return FolderSource(
        inbox, **{"still_s": 0.05, "every_s": 0.02, "clock": lambda: 1_700_000_000, "retry": (0.05, 0.2), **more}
    )


def lines(events):
    return "".join(json.dumps(e) + "\n" for e in events)


def report(path):
    return json.loads(path.with_name(path.name + ".report.json").read_text())


def test_a_file_is_taken_reported_and_kept(inbox):
    events = fixes(0, 30)
    events[7]["lat"] = 99
    events[9].pop("person")
    body = lines(events)
    (inbox / "location-1.ndjson").write_text(body)
    sink = MemorySink()
    done = inbox / "done" / "location-1.ndjson"
    with Running(quick(inbox, batch_rows=8), sink):
        until(done.exists)
    assert done.read_text() == body
    told = report(done)
    assert told.pop("seconds") >= 0
    assert [r.pop("detail")[:3] for r in told["rejected_rows"]] == ["lat", "per"]
    assert told == {
        "file": "location-1.ndjson",
        "kind": "location",
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
        "at": "2023-11-14T22:13:20Z",
        "accepted": 28,
        "duplicates": 0,
        "rejected": {"missing_field": 1, "out_of_bounds": 1},
        "rejected_rows": [{"row": 7, "code": "out_of_bounds"}, {"row": 9, "code": "missing_field"}],
        "as_of": 4,
        "error": None,
    }
    assert set(sink.sources) == {"folder:location-1.ndjson"}


def test_a_growing_file_is_waited_for(inbox, clock):
    sink = MemorySink()
    with Running(quick(inbox, still_s=25), sink):
        with (inbox / "location.ndjson").open("w") as file:
            for event in fixes(0, 12):
                file.write(json.dumps(event) + "\n")
                file.flush()
                clock.now += 20
                time.sleep(0.05)
                assert not sink.batches
        until(lambda: _later(clock, inbox / "done" / "location.ndjson"))
    assert (len(sink.batches), len(sink.events)) == (1, 12)


def _later(clock, file):
    clock.now += 1
    return file.exists()


def test_a_file_that_grew_while_it_was_read_is_read_again(inbox):
    path = inbox / "location.ndjson"
    path.write_text(lines(fixes(0, 5)))

    class Grows(MemorySink):
        def take(self, *given):
            if not self.batches:
                with path.open("a") as file:
                    file.write(lines(fixes(5, 5)))
            return super().take(*given)

    sink = Grows()
    with Running(quick(inbox), sink):
        until((inbox / "done" / "location.ndjson").exists)
    assert len(sink.events) == 10
    assert sink.duplicates >= 5


@pytest.mark.parametrize("name", [".location.csv", "location.csv.part", "location.csv.tmp", "location.csv~"])
def test_unfinished_names_are_left_alone(inbox, name):
    (inbox / name).write_text("person,at,lat,lng\n")
    (inbox / "location.ndjson").write_text(lines(fixes(0, 1)))
    with Running(quick(inbox), MemorySink()):
        until((inbox / "done" / "location.ndjson").exists)
        time.sleep(0.2)
    assert (inbox / name).exists()


def test_an_empty_file_is_given_more_time(inbox, clock):
    path = inbox / "location.ndjson"
    path.touch()
    with Running(quick(inbox, still_s=1), MemorySink()):
        time.sleep(0.1)
        clock.now += module.EMPTY_STILL_S - 1
        time.sleep(0.1)
        assert path.exists()
        until(lambda: _later(clock, inbox / "done" / "location.ndjson"))
    assert report(inbox / "done" / "location.ndjson")["accepted"] == 0


TORN = gzip.compress(lines(fixes(0, 2000)).encode())[:-40]


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("notes.txt", b"hi", "must end in one of"),
        ("fixes.csv", b"a,b\n", "must begin with a kind"),
        ("location.parquet", b"PAR1 not really", "not a whole Parquet file"),
        ("location.ndjson.gz", TORN, "compressed data are damaged"),
        ("case.json", b'{"cases": []}', 'must be {"events"'),
    ],
)
def test_what_cannot_be_read_goes_to_failed_with_the_reason(inbox, name, body, told, caplog):
    caplog.set_level(logging.INFO)
    (inbox / name).write_bytes(body)
    failed = inbox / "failed" / name
    with Running(quick(inbox), MemorySink()):
        until(failed.exists)
    assert failed.read_bytes() == body
    assert told in report(failed)["error"]
    assert not (inbox / "done").exists()
    assert name not in caplog.text


def test_the_same_name_twice_gets_a_number(inbox):
    with Running(quick(inbox), MemorySink()):
        for number in range(3):
            (inbox / "location.2021.csv").write_text(f"person,at,lat,lng\np{number},2021-07-01T00:00:00Z,10,106\n")
            until(lambda: not (inbox / "location.2021.csv").exists())
    files = ["location.2021.csv", "location-2.2021.csv", "location-3.2021.csv"]
    assert sorted(p.name for p in (inbox / "done").iterdir()) == sorted([*files, *(f + ".report.json" for f in files)])
    assert [(inbox / "done" / f).read_text().splitlines()[1][:2] for f in files] == ["p0", "p1", "p2"]


def test_folders_within_are_searched_and_kept_apart(inbox):
    (inbox / "hcm" / "day1").mkdir(parents=True)
    (inbox / "hcm" / "day1" / "location.ndjson").write_text(lines(fixes(0, 2)))
    with Running(quick(inbox), MemorySink()):
        until((inbox / "done" / "hcm" / "day1" / "location.ndjson").exists)


def test_while_nothing_can_be_stored_files_stay(inbox, caplog):
    (inbox / "location.ndjson").write_text(lines(fixes(0, 5)))
    sink = MemorySink(failures=2)
    with Running(quick(inbox), sink):
        until((inbox / "done" / "location.ndjson").exists)
    assert [what for what, *_ in sink.log] == ["failed", "failed", "stored"]
    assert "cannot be stored now (journal)" in caplog.text
    assert not (inbox / "failed").exists()


def test_places_come_before_what_happens_there(inbox):
    (inbox / "check_in.csv").write_text("person,place,entered_at\na,q,2021-07-01T00:00:00Z\n")
    (inbox / "place.csv").write_text("place,kind\nq,market\n")
    sink = MemorySink()
    with Running(quick(inbox, still_s=0.2), sink):
        until((inbox / "done" / "check_in.csv").exists)
    assert [kind for _, kind, _ in sink.log] == ["place", "check_in"]


def test_a_file_that_cannot_be_moved_is_not_stored_over_and_over(inbox, monkeypatch):
    (inbox / "location.ndjson").write_text(lines(fixes(0, 5)))
    real, failures = os.rename, [3]

    def rename(old, new):
        if failures[0]:
            failures[0] -= 1
            raise PermissionError(13, "no")
        real(old, new)

    monkeypatch.setattr(os, "rename", rename)
    sink = MemorySink()
    with Running(quick(inbox), sink):
        until((inbox / "done" / "location.ndjson").exists)
    assert len(sink.batches) == 1


def test_the_folder_may_go_away_and_come_back(inbox):
    sink = MemorySink()
    with Running(quick(inbox), sink):
        shutil.rmtree(inbox)
        time.sleep(0.1)
        inbox.mkdir(exist_ok=True)
        draft = inbox / "location.ndjson.part"
        draft.write_text(lines(fixes(0, 5)))
        draft.rename(inbox / "location.ndjson")
        until(lambda: len(sink.events) == 5)


def test_stop_between_files(inbox):
    stop = threading.Event()

    class Stops(MemorySink):
        def take(self, *given):
            stop.set()
            return super().take(*given)

    for number in range(3):
        (inbox / f"location-{number}.ndjson").write_text(lines(fixes(number, 1)))
    sink = Stops()
    source = quick(inbox, still_s=0)
    source.run(sink, stop)
    assert len(sink.batches) == 1
    assert len(list(inbox.glob("*.ndjson"))) == 2


def test_what_was_put_away_goes_when_its_time_is_over(inbox):
    clock = Hand(int(time.time()))
    asked = []
    source = quick(inbox, clock=clock, keep_days=lambda: asked.append(1) or 14)
    for name in ("done", "failed"):
        (inbox / name).mkdir()
        (inbox / name / "case.ndjson").write_text("{}")
    source._sweep()
    assert len(list(inbox.rglob("*.ndjson"))) == 2
    clock.now += 15 * 86_400
    source._sweep()
    assert list(inbox.rglob("*.ndjson")) == []
    assert len(asked) == 2  # a question to the database: not one a file


@pytest.mark.parametrize(
    "name",
    [
        b"location-" + b"a" * 238 + b".ndjson",  # there is no room for the report's name
        b"location-" + "ế".encode() * 79 + b".ndjson",
        b"location-\xff.ndjson",  # no UTF-8
        b"notes-\xff." + b"b" * 240,
    ],
)
def test_a_file_with_a_strange_name_is_put_away_with_its_report(inbox, name):
    row = lines(fixes(0, 1))
    with open(os.path.join(os.fsencode(inbox), name), "w") as file:
        file.write(row)
    (inbox / "location-zz.ndjson").write_text(lines(fixes(1, 1)))
    source, sink = quick(inbox), MemorySink()
    with Running(source, sink):
        until(lambda: not any(path.is_file() for path in inbox.iterdir()))
    assert (inbox / "done" / "location-zz.ndjson").exists()
    where = inbox / ("done" if name.startswith(b"location") else "failed")
    (put,) = [p for p in where.iterdir() if not p.name.startswith("location-zz") and not p.name.endswith(".json")]
    assert put.read_text() == row
    assert report(put)["file"] == os.fsdecode(name).encode("utf-8", "replace").decode()
    assert put.suffix == ".ndjson" or where.name == "failed"


def test_a_file_that_cannot_be_moved_holds_nobody_up(inbox, monkeypatch):
    moved = module.put_away

    def jammed(path, folder, told):
        if path.name == "location-1.ndjson":
            raise OSError(13, "it is locked")
        return moved(path, folder, told)

    monkeypatch.setattr(module, "put_away", jammed)
    for n in (1, 2):
        (inbox / f"location-{n}.ndjson").write_text(lines(fixes(n, 1)))
    sink = MemorySink()
    with Running(quick(inbox), sink):
        until((inbox / "done" / "location-2.ndjson").exists)
    assert len(sink.events) == 2


def test_an_error_nobody_foresaw_in_one_file_holds_up_no_other(inbox):
    class Breaking(MemorySink):
        def take(self, kind, batch, source):
            if source.endswith("location-1.ndjson"):
                raise ZeroDivisionError("nobody foresaw this")
            return super().take(kind, batch, source)

    for n in (1, 2):
        (inbox / f"location-{n}.ndjson").write_text(lines(fixes(n, 1)))
    source, sink, stop = quick(inbox), Breaking(), threading.Event()
    with pytest.raises(ZeroDivisionError):
        source.run(sink, stop)
    assert (inbox / "done" / "location-2.ndjson").exists()
    assert (inbox / "location-1.ndjson").exists()


def test_what_is_no_file_is_left_alone(inbox):
    os.mkfifo(inbox / "location-1.ndjson")
    (inbox / "location-2.ndjson").symlink_to(inbox / "nothing")
    (inbox / "location-3.ndjson").write_text(lines(fixes(0, 1)))
    with Running(quick(inbox), MemorySink()):
        until((inbox / "done" / "location-3.ndjson").exists)
        time.sleep(0.2)
    assert (inbox / "location-1.ndjson").exists()
