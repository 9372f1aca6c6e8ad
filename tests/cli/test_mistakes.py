"""Every mistake gives one clear line, the right status, in the language asked for, and never a traceback."""

import pytest

from engine.cli import main
from tests.cli.conftest import TINY, call

TRACE = ("trace", "son", "--from", TINY)
MISTAKES = {
    "near case": (("trace", "SON", "--from", TINY), 1, "Did you mean: son?", "Gần giống: son."),
    "no case": (("trace", "zzzzzz", "--from", TINY), 1, "'zzzzzz', and no event", "không có F0 nào mang mã 'zzzzzz'"),
    "no F0": (("trace", "binh", "--from", TINY), 1, "'binh' is known but no F0", "không phải F0"),
    "near person": (("chain", "Chi", "--from", TINY), 1, "Did you mean: chi?", "Gần giống: chi."),
    "no F0 of chain": (("chain", "chi", "--case", "an", "--from", TINY), 1, "'an' is known", "không phải F0"),
    "policy": ((*TRACE, "--policy", "vn-2099"), 2, "there is no 'vn-2099'; there are: vn", "không có 'vn-2099'"),
    "until": ((*TRACE, "--until", "2021-07-05"), 2, "a moment with time zone is needed", "cần thời điểm có múi giờ"),
    "until, words": ((*TRACE, "--until", "soon"), 2, "--until soon", "--until soon"),
    "range": (("risk", "--from", TINY, "--days", 61), 2, "(≤ 60)", "(≤ 60)"),
    "ident": (("publish", "show", "abc"), 2, "the value of ID ", "giá trị của ID "),
    "at": (("risk", "--from", TINY, "--at", "now"), 2, "--at now", "--at now"),
    "depth": ((*TRACE, "--depth", 9), 2, "--depth cannot be used: How many levels, 1 to 6.", "--depth không dùng được"),
    "depth, word": ((*TRACE, "--depth", "x"), 2, "--depth cannot be used", "--depth không dùng được"),
    "probability": ((*TRACE, "--min-probability", 2), 2, "--min-probability cannot", "--min-probability không"),
    "format": ((*TRACE, "--format", "pdf"), 2, "there are table, json, csv, xlsx, geojson", "chỉ có table, json"),
    "ending": ((*TRACE, "--out", "f1.pdf"), 2, "does not tell the format", "không cho biết định dạng"),
    "xlsx": ((*TRACE, "--format", "xlsx"), 2, "format xlsx needs --out FILE", "xlsx cần --out"),
    "channels": ((*TRACE, "--channels", "wifi"), 2, "there are bluetooth, check_in", "chỉ có bluetooth"),
    "picture": (("chain", "chi", "--from", TINY, "--png", "x.gif"), 2, "ends in .png or .svg", "đuôi .png hoặc .svg"),
    "both": ((*TRACE, "--data", "x"), 2, "either --data or --from, not both", "chỉ đưa một trong"),
    "no data": (("trace", "son"), 1, "run `truyvet demo`", "hãy chạy `truyvet demo`"),
    "no folder": (("trace", "son", "--data", "nowhere"), 1, "no data in nowhere", "không có dữ liệu ở nowhere"),
    "no events": (("trace", "son", "--from", "nowhere"), 1, "nowhere does not exist", "không có nowhere"),
    "empty": (("trace", "son", "--from", "."), 1, "no event files in .", "không có tệp sự kiện"),
    "option": (("trace", "son", "--dept", 1), 2, "no option --dept. Did you mean: --depth", "không có tùy chọn --dept"),
    "command": (("tarce", "son"), 2, "there is no command tarce", "không có lệnh tarce"),
    "argument": (("trace",), 2, "CASE is missing", "thiếu CASE"),
    "people": (("city", "--people", 0, "--out", "c"), 2, "--people 0: it must be 50 to", "--people 0: phải từ 50"),
    "log": (("serve", "--log", "xml"), 2, "--log xml: there are json, text", "--log xml: chỉ có json, text"),
    "public people": (("serve", "--publish-people", 9), 2, "--publish-people 9: it must be 10", "9: phải từ 10"),
    "public days": (("serve", "--publish-days", 15), 2, "15: it must be 1 to 14", "15: phải từ 1 đến 14"),
    "max rows": (("serve", "--max-rows", 0), 2, "--max-rows 0: it must be 1", "--max-rows 0: phải từ 1"),
    "start": (("city", "--start", "x", "--out", "c"), 2, "a date is needed", "cần một ngày"),
    "last start": (("city", "--start", "9999-12-31", "--out", "c"), 2, "a date is needed", "cần một ngày"),
    "truth": (("evaluate", TINY), 1, "has no truth", "không có truth"),
    "ingest nothing": (("ingest", "nowhere.csv"), 1, "nowhere.csv does not exist", "không có nowhere.csv"),
    "ingest empty": (("ingest", "."), 1, "no event files in .", "không có tệp sự kiện"),
    "kind": (("ingest", TINY, "--kind", "cases"), 2, "there is no 'cases'", "không có 'cases'"),
    "stdin": (("ingest", "-"), 2, "standard input needs --kind", "đầu vào chuẩn cần --kind"),
    "stdin form": (("ingest", "-", "--kind", "case", "--stdin-format", "x"), 2, "--stdin-format x:", "chỉ có ndjson"),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_explained(name, lang):
    words, status, en, vi = MISTAKES[name]
    told = en if lang == "en" else vi
    run = call(*words, "--lang", lang) if lang == "vi" else call(*words)
    assert run.status == status, run.err
    assert told in run.err
    assert run.out == ""


def test_a_language_there_is_not():
    run = call("--lang", "fr", "cases", "--from", TINY)
    assert (run.status, run.out) == (2, "")
    assert "--lang fr: there are vi and en." in run.err


def test_a_data_folder_given_as_events_is_named(stored):
    run = call("cases", "--from", stored)
    assert (run.status, run.out) == (1, "")
    assert f"use --data {stored}" in run.err


def test_truyvet_data_names_the_folder(stored, monkeypatch, tmp_path):
    monkeypatch.setenv("TRUYVET_DATA", str(stored))
    assert call("cases").status == 0
    monkeypatch.setenv("TRUYVET_DATA", str(tmp_path / "gone"))
    assert f"no data in {tmp_path / 'gone'}" in call("cases").err
    assert call("cases", "--data", stored).status == 0


def test_truyvet_lang_chooses_and_the_option_wins(monkeypatch):
    monkeypatch.setenv("TRUYVET_LANG", "vi_VN.UTF-8")
    assert "Bậc" not in call("cases", "--from", TINY, "--lang", "en").out
    assert "Các ca F0" in call("--lang", "vi", "cases", "--from", TINY).out


@pytest.mark.parametrize("place", ["before", "after", "joined"])
def test_the_language_may_stand_anywhere(place):
    words = ["cases", "--from", TINY]
    words = {"before": ["--lang", "vi", *words], "after": [*words, "--lang", "vi"], "joined": [*words, "--lang=vi"]}[
        place
    ]
    assert "Các ca F0" in call(*words).out


@pytest.mark.parametrize("words", [("chain", "chi", "--png"), ("risk", "--png"), ("risk", "--geojson")])
def test_a_place_that_cannot_be_written_is_named(words, tmp_path):
    (tmp_path / "file").write_text("")
    run = call(*words, tmp_path / "file" / "x.png", "--from", TINY)
    assert run.status == 1
    assert "x.png cannot be written" in run.err


@pytest.mark.parametrize("words", [("city", "--people", 50, "--days", 1, "--out"), ("ingest", TINY, "--data")])
def test_a_folder_that_cannot_be_made_is_named(words, tmp_path):
    (tmp_path / "file").write_text("")
    run = call(*words, tmp_path / "file" / "x")
    assert run.status in (1, 2)
    assert str(tmp_path / "file" / "x") in run.err


def test_a_city_never_covers_what_is_there(tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "mine.csv").write_text("")
    run = call("city", "--people", 50, "--days", 1, "--out", tmp_path / "c")
    assert run.status == 1
    assert "--force" in run.err
    assert call("city", "--people", 50, "--days", 1, "--out", tmp_path / "c", "--force").status == 0
    assert (tmp_path / "c" / "mine.csv").exists()


def test_what_nobody_foresaw_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        main.explain(main.Session(), ZeroDivisionError())
