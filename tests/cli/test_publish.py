"""publish: make, list, show."""

import json

import pytest

from engine.clock import DAY, from_rfc3339, to_rfc3339
from tests.cli.conftest import call
from tests.service.published import WORLD
from tests.worlds import wire

NOW = "2021-07-12T09:00:00+07:00"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "events"
    folder.mkdir()
    for kind in {kind for kind, _ in WORLD}:
        lines = [json.dumps(wire(event)) for k, event in WORLD if k == kind]
        (folder / f"{kind}.ndjson").write_text("\n".join(lines))
    assert call("ingest", folder, "--data", tmp_path / "data").status == 0
    return tmp_path / "data"


def test_a_release_is_made_listed_and_shown(data):
    made = call("publish", "make", "--now", NOW, "--data", data)
    assert made.status == 0, made.err
    assert "about 09/07/2021: 2 cells, 0 remainders" in made.out
    number = made.out.split()[2]
    assert "No release is due" in call("publish", "make", "--now", NOW, "--data", data).out
    listed = call("publish", "list", "--data", data).out
    assert "12/07/2021 08:00" in listed
    assert "24/07/2021 00:00" in listed
    shown = call("publish", "show", "--data", data)
    assert shown.status == 0, shown.err
    assert "8965b5" in shown.out
    assert "8765b5" in call("publish", "show", number, "--resolution", "7", "--data", data).out


def test_a_remainder_has_words(data):
    spot = {"at": to_rfc3339(from_rfc3339(NOW) - 3 * DAY), "lat": 11.2, "lng": 107.2, "accuracy_m": 5}
    extra = [{"person": f"q{n}"} | spot for n in range(2)]
    (data.parent / "location.ndjson").write_text("\n".join(map(json.dumps, extra)))
    assert call("ingest", data.parent / "location.ndjson", "--data", data).status == 0
    assert "1 cells, 1 remainders" in call("publish", "make", "--now", NOW, "--data", data).out
    assert "everything else" in call("publish", "show", "--data", data).out
    assert "mọi nơi còn lại" in call("publish", "show", "--data", data, "--lang", "vi").out


def test_nothing_was_published(data):
    assert "Nothing was published yet" in call("publish", "list", "--data", data).out
    run = call("publish", "show", "--data", data)
    assert (run.status, "no such release" in run.err.lower()) == (1, True)


def test_now_needs_a_time_zone(data):
    assert call("publish", "make", "--now", "2021-07-12", "--data", data).status == 2
