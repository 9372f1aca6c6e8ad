"""ingest: good rows are kept, bad rows are refused with a reason, torn files are named."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import TINY, call, table_rows

START = datetime(2021, 7, 1, tzinfo=UTC)


def fixes(n, bad):
    """A CSV of ``n`` fixes, with the lines of ``bad`` in place of good ones."""
    lines = [f"p{i % 50},{(START + timedelta(minutes=i)).isoformat()},10.77,106.7" for i in range(n)]
    for row, line in bad.items():
        lines[row] = line
    return "person,at,lat,lng\n" + "\n".join(lines) + "\n"


BAD = {
    17: "p1,2021-07-01T00:00:00Z,99.5,106.7",
    500: "p1,2091-07-01T00:00:00Z,10.7,106.7",
    899: "p1,yesterday,10.7,106.7",
}


def test_three_bad_rows_in_a_thousand(tmp_path):
    (tmp_path / "location.csv").write_text(fixes(1000, BAD))
    run = call("ingest", tmp_path / "location.csv", "--data", tmp_path / "data")
    assert run.status == 0
    assert "Accepted 997, duplicates 0, rejected 3." in run.out
    told = {r[0]: r[1:] for r in table_rows(run.out) if r[0] in ("out_of_bounds", "in_future", "bad_time")}
    assert {code: row[:2] for code, row in told.items()} == {
        "out_of_bounds": ["1", "17"],
        "in_future": ["1", "500"],
        "bad_time": ["1", "899"],
    }
    assert "lat = 99.5 is outside -90..90" in told["out_of_bounds"][3]
    assert told["in_future"][3].startswith("at = 2091-07-01T00:00:00Z is later than")
    again = call("ingest", tmp_path / "location.csv", "--data", tmp_path / "data")
    assert (again.status, "Accepted 0, duplicates 997, rejected 3." in again.out) == (0, True)


def test_reasons_are_told_in_vietnamese(tmp_path):
    (tmp_path / "location.csv").write_text(fixes(1000, BAD))
    run = call("ingest", tmp_path / "location.csv", "--lang", "vi")
    for words in ("Nhận 997, trùng 0, từ chối 3.", "thời điểm ở tương lai", "Lý do"):
        assert words in run.out
    assert "Chỉ kiểm tra, không lưu" in run.err


def test_many_refusals_are_counted_whole(tmp_path):
    (tmp_path / "location.csv").write_text(fixes(1500, dict.fromkeys(range(1200), "p1,x,1,1")))
    run = call("ingest", tmp_path / "location.csv")
    assert "Accepted 300, duplicates 0, rejected 1\N{NO-BREAK SPACE}200." in run.out
    assert "0, 1, 2, 3, 4 ..." in run.out
    assert "Only the first 1\N{NO-BREAK SPACE}000 of 1\N{NO-BREAK SPACE}200 rejected rows are listed." in run.out


def test_nothing_good_is_status_3(tmp_path):
    (tmp_path / "location.csv").write_text(fixes(1, {0: "p1,x,1,1"}))
    run = call("ingest", tmp_path / "location.csv")
    assert run.status == 3
    assert "Nothing was accepted." in run.err


def test_without_data_nothing_is_stored_even_beside_var(tmp_path):
    (tmp_path / "var" / "data").mkdir(parents=True)
    run = call("ingest", TINY)
    assert "nothing stored" in run.err
    assert not list((tmp_path / "var" / "data").iterdir())


def test_truyvet_data_stores(tmp_path, monkeypatch):
    monkeypatch.setenv("TRUYVET_DATA", str(tmp_path / "d"))
    assert f"Stored in {tmp_path / 'd'}." in call("ingest", TINY).err
    assert call("cases").status == 0


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_standard_input(form):
    body = {
        "ndjson": b'{"person": "a", "onset_at": "2021-07-01T00:00:00Z"}\n',
        "csv": b"person,onset_at\na,2021-07-01T00:00:00Z\n",
    }
    run = call("ingest", "-", "--kind", "case", "--stdin-format", form, stdin=body[form])
    assert (run.status, "Accepted 1," in run.out) == (0, True)


@pytest.mark.parametrize("name", ["case.parquet", "case.csv", "case.ndjson.gz", "case.arrow"])
def test_a_torn_file_is_named_with_what_to_do(name, tmp_path, city):
    torn = (city / "case.parquet").read_bytes()[:700] if name == "case.parquet" else bytes(range(256))
    (tmp_path / name).write_bytes(torn)
    for lang, hint in (("en", "see docs/formats.md"), ("vi", "xem docs/formats.md")):
        run = call("ingest", tmp_path / name, "--lang", lang)
        assert run.status == 1
        assert str(tmp_path / name) in run.err
        assert hint in run.err


def test_what_is_left_out_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("hi")
    (tmp_path / "case.ndjson").write_bytes((TINY / "case.ndjson").read_bytes())
    assert f"Ignored {tmp_path / 'notes.txt'}: unknown format" in call("ingest", tmp_path).err
    assert "không rõ định dạng" in call("ingest", tmp_path, "--lang", "vi").err


def test_refused_rows_of_a_question_are_told(tmp_path):
    (tmp_path / "case.ndjson").write_bytes((TINY / "case.ndjson").read_bytes())
    (tmp_path / "location.csv").write_text(fixes(1000, BAD))
    run = call("cases", "--from", tmp_path)
    assert run.status == 0
    assert "Refused rows: 3" in run.err
    assert "Refused" not in call("cases", "--from", TINY).err
