"""rejects: listed, shown, exported, corrected, sent again, dropped."""

import csv
import io
import json
from contextlib import closing

import pytest

from engine.journal.entries import Entry, RejectRow
from engine.journal.journal import Journal
from tests.cli.conftest import call, table_rows

ROWS = """person,at,lat,lng
a,2021-07-01T00:00:00Z,99.5,106.7
b,yesterday,10.7,106.7
c,2021-07-01T00:00:00Z,10.7,106.7
,2021-07-01T00:00:00Z,10.7,106.7
"""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "location.csv").write_text(ROWS)
    (tmp_path / "case.ndjson").write_text(
        '{"person": "k", "onset_at": "2021-07-01T00:00:00Z"}\n{torn\n{"person": "m"}\n'
    )
    assert call("ingest", tmp_path / "location.csv", tmp_path / "case.ndjson", "--data", tmp_path / "data").status == 0
    return tmp_path / "data"


def listed(data, *words):
    run = call("rejects", "list", "--format", "json", "--data", data, *words)
    assert run.status == 0, run.err
    return [json.loads(line) for line in run.out.splitlines()]


def ids(data, **wanted):
    return [r["id"] for r in listed(data) if all(r[k] == v for k, v in wanted.items())]


def test_a_list_has_the_rows_and_their_reasons(data):
    run = call("rejects", "list", "--data", data)
    rows = [r for r in table_rows(run.out) if r[0]]
    assert [(r[1], r[2], r[5]) for r in rows] == [
        ("declared cases", "malformed_row", "1"),
        ("declared cases", "no_date", "2"),
        ("location fixes", "out_of_bounds", "0"),
        ("location fixes", "bad_time", "1"),
        ("location fixes", "bad_id", "3"),
    ]
    assert [r["code"] for r in listed(data, "--kind", "location", "--code", "bad_time")] == ["bad_time"]
    assert listed(data, "--since", "2091-01-01T00:00:00Z") == []
    assert "No refused rows." in call("rejects", "list", "--state", "sent", "--data", data).out
    assert "Không có dòng nào" in call("rejects", "list", "--state", "sent", "--data", data, "--lang", "vi").out


def test_csv_and_files(data, tmp_path):
    run = call("rejects", "list", "--format", "csv", "--data", data, "--out", tmp_path / "r.csv")
    assert run.status == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text())))
    assert len(rows) == 5
    assert json.loads(rows[2]["event"])["person"] == "a"


def test_show_says_all_in_both_languages(data):
    (ident,) = ids(data, code="out_of_bounds")
    run = call("rejects", "show", ident, "--data", data)
    for words in (
        "out_of_bounds: a number is out of bounds",
        "lat = 99.5 is outside -90..90",
        '"person": "a"',
        "Row: 0",
    ):
        assert words in run.out
    assert "số ngoài giới hạn" in call("rejects", "show", ident, "--data", data, "--lang", "vi").out
    (torn,) = ids(data, code="malformed_row")
    assert "{torn" in call("rejects", "show", torn, "--data", data).out


def test_exported_corrected_and_sent_again(data, tmp_path):
    file = tmp_path / "fix.ndjson"
    assert "resend" in call("rejects", "export", "--data", data, "--out", file).err
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        if row["code"] == "out_of_bounds":
            row["event"]["lat"] = 10.77
        elif row["code"] == "malformed_row":
            row["event"] = {"person": "n", "onset_at": "2021-07-02T00:00:00Z"}
    file.write_text("\n\n".join(json.dumps(row) for row in rows))
    run = call("rejects", "resend", file, "--data", data)
    assert run.status == 0, run.err
    assert "Sent again 2, refused again 3, passed over 0" in run.out
    assert len(listed(data)) == 3, "those that are still wrong are not refused a second time"
    assert {r["code"] for r in listed(data, "--state", "sent")} == {"out_of_bounds", "malformed_row"}
    assert "n" in [r[0] for r in table_rows(call("cases", "--data", data).out)]
    assert "Sent again 0, refused again 3, passed over 2" in call("rejects", "resend", file, "--data", data).out


def test_one_row_is_fixed(data):
    (ident,) = ids(data, code="bad_time")
    wrong = call("rejects", "fix", ident, "at=tomorrow", "--data", data)
    assert (wrong.status, "Sent again 0, refused again 1" in wrong.out) == (0, True)
    assert "bad_time" in wrong.out
    run = call("rejects", "fix", ident, "at=2021-07-02T08:00:00+07:00", "accuracy_m=", "--data", data)
    assert "Sent again 1, refused again 0" in run.out
    assert ids(data, code="bad_time") == []
    assert "passed over 1" in call("rejects", "fix", ident, "at=2021-07-02T08:00:00+07:00", "--data", data).out


def test_a_retracted_key_stays_open_until_its_revision_is_higher(data, tmp_path):
    (ident,) = ids(data, code="no_date")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "case.ndjson").write_text('{"person": "m", "retract": true}\n')
    assert call("ingest", tmp_path / "gone", "--data", data).status == 0
    run = call("rejects", "fix", ident, "onset_at=2021-07-02T00:00:00Z", "--data", data)
    assert "refused again 1" in run.out
    assert "higher revision" in run.out
    assert len(listed(data)) == 5
    run = call("rejects", "fix", ident, "onset_at=2021-07-02T00:00:00Z", "revision=1", "--data", data)
    assert "Sent again 1" in run.out


def test_dropped_rows_are_out_of_the_way(data):
    some = ids(data)[:2]
    assert "Dropped 2 rows" in call("rejects", "drop", *some, "--data", data).out
    assert [r["id"] for r in listed(data, "--state", "dropped")] == some
    assert not set(some) & set(ids(data))


def test_rows_dealt_with_are_not_dropped_and_none_counts_twice(data):
    (sent,), (open_,) = ids(data, code="bad_time"), ids(data, code="no_date")
    assert call("rejects", "fix", sent, "at=2021-07-02T08:00:00+07:00", "--data", data).status == 0
    run = call("rejects", "drop", sent, open_, open_, sent, "--data", data)
    assert "Dropped 1 rows, passed over 1" in run.out
    assert [r["id"] for r in listed(data, "--state", "sent")] == [sent]


def test_an_export_replaces_no_corrections_and_says_when_there_is_nothing(data, tmp_path):
    file = tmp_path / "fix.ndjson"
    file.write_text("hours of work")
    for lang, told in (("en", "--force replaces it"), ("vi", "--force để ghi đè")):
        run = call("rejects", "export", "--out", file, "--data", data, "--lang", lang)
        assert (run.status, told in run.err) == (1, True), run.err
    assert file.read_text() == "hours of work"
    assert call("rejects", "export", "--out", file, "--force", "--data", data).status == 0
    assert len(file.read_text().splitlines()) == 5
    none = call("rejects", "export", "--kind", "place", "--out", tmp_path / "none", "--data", data)
    assert (none.status, "0 rows" in none.err, "resend" in none.err) == (0, True, False)


def test_kinds_and_codes_that_rows_have_may_be_asked_for(data):
    with closing(Journal.open(data)) as journal:
        row = RejectRow("nonsense", "nats:TRUYVET/1", 0, "own_code", "", "x")
        journal.append([Entry("nonsense", 0, 0, 0, b"", "", 0, (row,))])
    assert [r["code"] for r in listed(data, "--kind", "nonsense")] == ["own_code"]
    assert [r["kind"] for r in listed(data, "--code", "own_code")] == ["nonsense"]
    assert listed(data, "--code", "malformed_body") == listed(data, "--kind", "quarantine") == []


MISTAKES = {
    "no id": (("show", 99), 1, "no refused row has the number 99", "99"),
    "no id, drop": (("drop", 99), 1, "no refused row has the number 99", "99"),
    "state": (("list", "--state", "closed"), 2, "--state closed: there are open,", "--state closed: chỉ có open,"),
    "kind": (("list", "--kind", "fix"), 2, "--kind fix: there are bluetooth,", "--kind fix: chỉ có bluetooth,"),
    "code": (("export", "--code", "bad"), 2, "malformed_body", "--code bad: chỉ có malformed_row,"),
    "format": (("list", "--format", "xml"), 2, "there are table, json, csv", "chỉ có table, json, csv"),
    "since": (("list", "--since", "today"), 2, "--since today", "--since today"),
    "no file": (("resend", "nowhere.ndjson"), 1, "nowhere.ndjson does not exist", "không có nowhere.ndjson"),
    "command": (("lost",), 2, "lost", "lost"),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name, lang, data):
    words, status, en, vi = MISTAKES[name]
    more = () if name == "command" else ("--data", data)
    run = call("rejects", *words, *more, "--lang", lang)
    assert run.status == status
    assert (en if lang == "en" else vi) in run.err
    assert "Traceback" not in run.err


def test_mistakes_of_a_correction(data, tmp_path):
    (torn,), (far,) = ids(data, code="malformed_row"), ids(data, code="out_of_bounds")
    for words, told in (
        ((far, "latitude=1"), "field=value is needed"),
        ((far, "lat"), "field=value"),
        ((torn, "person=a"), "no JSON object"),
    ):
        run = call("rejects", "fix", *words, "--data", data)
        assert run.status in (1, 2)
        assert told in run.err
    bad = {
        "{": "not JSON",
        '{"reject_id": "1", "kind": "case", "event": {}}': "needs reject_id",
        '{"reject_id": 1, "kind": "case", "event": "x"}': "must be a JSON object",
        '{"reject_id": 1, "kind": "cases", "event": {}}': "there is no 'cases'",
        '{"reject_id": 1, "kind": "case", "event": {}}\n{"reject_id": 1, "kind": "case", "event": {}}': "there twice",
        '{"reject_id": 99, "kind": "case", "event": {}}': "no refused row has the number 99",
    }
    for text, told in bad.items():
        (tmp_path / "bad.ndjson").write_text(text)
        run = call("rejects", "resend", tmp_path / "bad.ndjson", "--data", data)
        assert run.status in (1, 2), text
        assert told in run.err, text
    assert len(listed(data)) == 5


def test_no_data():
    run = call("rejects", "list")
    assert (run.status, "there is no data" in run.err) == (1, True)
