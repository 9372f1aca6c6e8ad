import json
import math
import re
import string
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text as MplText

from engine.errors import BadInputError, BadParameterError
from engine.params import REGISTRY
from engine.scenarios import files
from engine.scenarios.model import Distribution, Part, PolicyStudy, PolicyVariant, Simulation
from engine.scenarios.report import chains, charts, pictures, settings, style, texts
from engine.scenarios.report.facts import commands, facts, notes
from engine.scenarios.report.folder import read_folder
from engine.scenarios.report.naming import key_of, part_type, setting_name
from engine.scenarios.report.numbers import interval, number, percent, plain, ranged, whole_percent
from engine.scenarios.report.page import write_report
from engine.scenarios.report.parameters import base_rows, variant_rows
from engine.scenarios.report.settings import PARTS, SETTINGS
from engine.scenarios.report.studies import study_sentences
from engine.texts import LANGS
from tests.scenarios.report_folders import simulation_folder, study_folder

EVIL = "<script>alert(1)</script> & \"x\" 'y' $a_b$"
SIMULATION = f"""
name: made-up
title: {{vi: 'Thử nghiệm {EVIL.replace("'", "''")}', en: 'A trial {EVIL.replace("'", "''")}'}}
source: a paper
simulation:
  days: 69
  seed: 2020
  population: {{table: {{file: contacts.csv, weight: w, day: null}}}}
  course: {{recovery: {{fixed: 7}}, incubation: {{weibull: [2.322737, 6.492272]}}}}
  measures: {{isolation: {{on: true}}}}
chains: true
variants:
  - name: nothing
    title: {{vi: 'Không <b>làm</b> gì', en: 'Nothing <b>at</b> all'}}
    set: {{measures.isolation.on: false}}
  - {{name: tracing, set: {{measures.quarantine: {{stops_onward: false}}, measures.tracing: {{depth: 2}}}}}}
"""
SWEEP = "sweep: {course.asymptomatic_share: [0.1, 0.4]}\n"
SWEEP_2 = "sweep: {course.asymptomatic_share: [0.1, 0.4], course.fatality: [0.01, 0.02, 0.03]}\n"
STUDY = """
name: study
study: {base: {policy: vn-2021-07}}
variants: [{name: all}, {name: qr-only, set: {channels: [check_in]}}, {name: who, set: {policy: who}}]
"""
STRENGTH = {"nothing": 1.0, "tracing": 0.3}


class Page(HTMLParser):
    """A page as a reader's program sees it; complains about tags that do not close."""

    EMPTY = frozenset({"meta", "img", "br", "link", "hr", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.ids: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("runs")
    return {
        "simulation": simulation_folder(root / "simulation", SIMULATION, STRENGTH, 12),
        "sweep": simulation_folder(root / "sweep", SIMULATION + SWEEP, STRENGTH, 5),
        "heat": simulation_folder(root / "heat", SIMULATION + SWEEP_2, STRENGTH, 5),
        "study": study_folder(root / "study", STUDY),
    }


@pytest.fixture(scope="module")
def pages(folders) -> dict[tuple[str, str], str]:
    return {
        (name, lang): write_report(path, lang).read_text("utf-8") for name, path in folders.items() for lang in LANGS
    }


# -- the page ------------------------------------------------------------------------------------------
def test_every_page_is_well_formed_with_unique_ids_and_links_that_lead_somewhere(pages):
    for html in pages.values():
        page = Page(html)
        assert len(set(page.ids)) == len(page.ids)
        for link in page.of("a"):
            assert link["href"].startswith("#")
            assert link["href"][1:] in page.ids
        for section in page.of("section"):
            assert section["aria-labelledby"] in page.ids


def test_nothing_is_loaded_from_anywhere_and_no_script_is_needed(pages):
    for html in pages.values():
        page = Page(html)
        addresses = [
            value for _, attrs in page.tags for name, value in attrs.items() if name in {"src", "href", "action"}
        ]
        assert all(value.startswith(("data:image/svg+xml;base64,", "#")) for value in addresses)
        assert not page.of("script")
        assert not page.of("link")
        assert "url(" not in html
        assert "@import" not in html
        assert "Content-Security-Policy" in html


def test_every_picture_has_an_alt_text_of_its_own_with_numbers(pages):
    for html in pages.values():
        alts = [img["alt"] for img in Page(html).of("img")]
        assert alts
        assert len(set(alts)) == len(alts)
        assert all(re.search(r"\d", alt) and len(alt) > 30 for alt in alts)


def test_headings_go_down_one_step_at_a_time(pages):
    for html in pages.values():
        levels = [int(tag[1]) for tag, _ in Page(html).tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_hostile_texts_are_shown_and_not_run(pages):
    for page in (("simulation", "vi"), ("simulation", "en"), ("sweep", "vi"), ("heat", "en")):
        assert "<script" not in pages[page]
        assert "<b>làm" not in pages[page]
        assert "<b>at" not in pages[page]
        assert EVIL in Page(pages[page]).words


def test_pages_say_their_language(pages):
    for (_, lang), html in pages.items():
        assert Page(html).of("html")[0]["lang"] == lang
        assert texts.text("section.limits", lang) in Page(html).words


def test_the_same_folder_gives_the_same_bytes(folders, pages):
    assert write_report(folders["study"], "vi").read_text("utf-8") == pages["study", "vi"]
    assert not list(folders["study"].glob(".report-*"))


def test_the_answer_stands_before_pictures_and_parameters_and_names_the_paired_difference(pages):
    words = Page(pages["simulation", "en"]).words
    assert (
        words.index("The answer") < words.index("The course of the epidemic", 400) < words.index("Every parameter", 400)
    )
    assert re.search(r"tracing: [\d.]+ % \[[\d.]+–[\d.]+\]; [\d.]+ percentage points lower than", words)
    assert "lower in 100 % of the replicates" in words


def test_the_page_says_what_it_has_to_say_about_its_limits(pages):
    words = Page(pages["simulation", "en"]).words
    for key in ("interval", "contacts", "forecast", "quarantine"):
        assert texts.text(f"limit.{key}", "en") in words
    study = Page(pages["study", "vi"]).words
    assert texts.text("limit.study_recorded", "vi") in study
    assert texts.text("limit.interval", "vi") not in study


def test_fingerprint_versions_and_commands_are_there(pages):
    words = Page(pages["simulation", "vi"]).words
    assert "cd" * 32 in words
    assert "numpy 2.4.6" in words
    assert "truyvet scenario run scenario.yml --out ../simulation-2" in words


def test_commands_of_a_run_are_those_that_were_typed_where_they_were_typed(tmp_path):
    folder = simulation_folder(tmp_path / "run", SIMULATION, STRENGTH, 3)
    path = folder / "manifest.json"
    told = json.loads(path.read_text("utf-8"))
    told |= {"command": "truyvet scenario run docs/a.yml --out 'my results'", "cwd": "/home/an official"}
    path.write_text(json.dumps(told), "utf-8")
    assert commands(read_folder(folder), "en") == [
        "cd '/home/an official'",
        "truyvet scenario run docs/a.yml --out 'my results'",
        "truyvet scenario report 'my results' --lang en",
    ]


def test_a_study_says_infected_by_whom_and_up_to_when(tmp_path):
    folder = study_folder(tmp_path / "study", STUDY)
    path = folder / "manifest.json"
    told = json.loads(path.read_text("utf-8")) | {"data": {"as_of": 8, "until": 1626023699}}
    path.write_text(json.dumps(told), "utf-8")
    run = read_folder(folder)
    kind = run.tables["study"]["truth"][0].as_py()
    assert texts.text(f"study.whom.{kind}", "en") in study_sentences(run, "en")[0]
    assert dict(facts(run, "en"))["Data up to"] == "as_of 8; until 2021-07-11T17:14:59Z"


def test_one_swept_setting_gives_lines_two_give_heat_maps(pages):
    assert "sweep_attack_rate" in Page(pages["sweep", "vi"]).ids
    ids = Page(pages["heat", "en"]).ids
    assert {"heat_attack_rate_nothing", "heat_attack_rate_tracing"} <= set(ids)
    assert "Show all 12 rows" in Page(pages["heat", "en"]).words


def test_chains_are_summed_up(pages):
    assert "Chains by variant" in Page(pages["simulation", "en"]).words
    assert "offspring" in Page(pages["simulation", "en"]).ids


def test_a_study_has_its_table_its_curves_and_what_counts_as_infected(pages):
    page = Page(pages["study", "en"])
    assert {"study_frontier", "study_curve", "study_share", "study_cases"} <= set(page.ids)
    assert "109,200" in page.words
    assert "+7.0 %" in page.words
    assert texts.text("study.truth.transmissions", "en") in page.words


def test_tables_that_are_not_there_leave_their_part_out(folders, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("manifest.json", "scenario.yml", "totals.parquet"):
        (bare / name).write_bytes((folders["simulation"] / name).read_bytes())
    page = Page(write_report(bare, "en").read_text("utf-8"))
    assert not page.of("img")
    assert "Attack rate" in page.words


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="no folder of a finished run"):
        write_report(tmp_path, "vi")


def test_persons_whom_the_file_names_are_not_in_the_report(tmp_path):
    named = SIMULATION.replace("  measures:", "  initial: {people: [Nguyen-Van-A, Le-Thi-B]}\n  measures:")
    folder = simulation_folder(tmp_path / "named", named, STRENGTH, 3)
    html = write_report(folder, "en").read_text("utf-8")
    assert "Nguyen-Van-A" not in html
    assert "2 people (not named here)" in Page(html).words
    assert texts.text("again.hidden", "en") in Page(html).words


# -- texts and settings ----------------------------------------------------------------------------------
def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(texts.TEXTS))
def test_both_languages_have_every_text_with_the_same_fields(key):
    vi, en = texts.TEXTS[key]
    assert vi
    assert en
    assert _fields(vi) == _fields(en)


def test_texts_of_settings_are_in_both_languages_and_of_known_units():
    for unit, vi, en in SETTINGS.values():
        assert unit in settings.UNITS
        assert vi
        assert en
    assert all(vi and en for vi, en in [*PARTS.values(), *settings.WORDS.values()])
    assert set(settings.MISSING) | set(settings.DEFAULTS) | settings.NAMED <= set(SETTINGS)
    assert set(settings.MISSING.values()) <= set(texts.TEXTS)
    assert all(p.name in REGISTRY for declared in settings.DEFAULTS.values() for p in declared)


def _parts(owner: type[Part]) -> set[type[Part]]:
    below = {part for f in owner.model_fields if (part := part_type(owner, f)) is not None and part is not Distribution}
    return {owner}.union(*(_parts(part) for part in below))


def test_every_setting_of_the_model_has_a_name():
    for owner in _parts(Simulation) | _parts(PolicyStudy):
        for field in owner.model_fields:
            part = part_type(owner, field)
            if part is None or part is Distribution or field in {"profile"}:
                assert key_of(owner, field) in SETTINGS, f"{owner.__name__}.{field}"


def test_a_text_that_is_not_there_is_refused():
    with pytest.raises(BadParameterError, match=r"nothing\.such"):
        texts.text("nothing.such", "vi")


def test_settings_say_where_they_are_from():
    scenario = files.parse(SIMULATION, "here")
    rows = {row.path: row for row in base_rows(scenario, "en", {"course.latent": 1})}
    assert rows["course.recovery"].source == "set in the file"
    assert rows["course.incubation"].value == "Weibull, shape 2.322737, scale 6.492272"
    assert rows["course.latent"].source == "estimated from the data"
    assert "Ferretti" in rows["transmission.scale"].source
    assert rows["transmission.scale"].mark == "P"
    assert (rows["measures.isolation.days"].mark, rows["measures.isolation.days"].unit) == ("T", "days")
    assert rows["measures.isolation.end"].value == "the end"
    assert rows["course.asymptomatic_share"].value == "43\u00a0%"


def test_variants_list_the_settings_that_come_with_a_new_measure():
    changed = dict(variant_rows(files.parse(SIMULATION, "here"), "vi"))
    assert [(row.path, row.value) for row in changed["nothing"]] == [("measures.isolation.on", "không")]
    paths = {row.path for row in changed["tracing"]}
    assert {"measures.tracing.depth", "measures.tracing.methods.0.ascertainment", "measures.quarantine.days"} <= paths


def test_paths_have_names():
    simulation, study = files.parse(SIMULATION, "here"), files.parse(STUDY, "here")
    assert setting_name("measures.isolation.compliance", simulation, "en") == "Isolation of cases: compliance"
    assert setting_name("measures.tracing.methods.0.adoption", simulation, "vi") == "Tỷ lệ người có ứng dụng"
    assert setting_name("course.incubation.gamma", simulation, "en").startswith("Incubation")
    assert setting_name("min_minutes", study, "en") == "Least time"
    assert setting_name("no.such", simulation, "en") == "no.such"
    assert set(PolicyVariant.model_fields) >= {"min_minutes"}


# -- numbers -------------------------------------------------------------------------------------------
def test_numbers_are_written_by_language():
    assert number(1234567.891, "vi", 1) == "1.234.567,9"
    assert number(1234567.891, "en", 1) == "1,234,567.9"
    assert number(-0.04, "vi", 1) == "0,0"
    assert number(-5, "en") == "−5"
    assert number(math.nan, "vi") == number(None, "en") == "–"
    assert plain(0.011, "vi") == "0,011"
    assert plain(14.0, "en") == "14"
    assert percent(0.483, "vi") == "48,3\u00a0%"


def test_intervals_with_negative_ends_have_a_word_between():
    assert interval("1", "2", "vi") == "[1–2]"
    assert interval("−2", "1", "vi") == "[−2\u00a0đến\u00a01]"
    assert interval("–", "1", "en") == ""
    assert ranged(3, 1, 5, "en") == ("3", "[1–5]")
    assert ranged(0.4833, 0.419, 0.536, "vi", share=True) == ("48,3\u00a0%", "[41,9–53,6]")


# -- pictures ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(pictures.PICTURES))
def test_pictures_can_be_had_in_a_notebook(folders, name):
    figure = pictures.draw_comparison(folders["simulation"], name, "vi")
    assert isinstance(figure, Figure)
    assert style.svg_uri(figure) == style.svg_uri(figure)


def test_pictures_that_cannot_be_drawn_are_refused(folders):
    with pytest.raises(BadParameterError, match="there are infections"):
        pictures.draw_comparison(folders["simulation"], "nonsense")
    with pytest.raises(BadParameterError, match="no numbers"):
        pictures.draw_comparison(folders["study"], "infections")


def test_the_baseline_is_grey_and_colours_stay_the_same(folders):
    run = read_folder(folders["simulation"])
    assert [pictures.shade(run, info) for info in run.runs] == [style.BASELINE, style.COLOURS[0]]


def test_labels_do_not_cover_each_other():
    heights = [0.1, 0.2, 0.1, 0.1]
    middles = style.spread([0.5, 0.5, 0.52, 0.9], heights)
    order = np.argsort(middles)
    for below, above in pairwise(order):
        assert middles[above] - middles[below] >= (heights[above] + heights[below]) / 2 - 1e-3


def test_share_of_people_behind_most_infections():
    assert chains.behind(np.array([8, 1, 1, 0, 0, 0, 0, 0, 0, 0]), 0.8) == 0.1
    assert chains.behind(np.array([1, 1, 1, 1, 1]), 0.8) == 0.8
    assert math.isnan(chains.behind(np.zeros(3, np.int64), 0.8))


def test_trees_count_each_infection_of_its_infector(folders):
    run = read_folder(folders["simulation"])
    trees = chains._trees(run, folders["simulation"] / "chains.parquet", "nothing", "x", "#000000")
    assert trees is not None
    assert 0.8 < trees.offspring.mean() < 1.2
    assert trees.generations > 3


def test_paper_gets_tables_and_only_small_screens_get_cards(pages):
    style_of = re.findall(r"@media[^{]*", pages["simulation", "en"])
    assert "@media screen and (max-width:45rem)" in style_of
    assert not any("max-width" in rule and "screen" not in rule for rule in style_of)


def test_days_of_f2_in_quarantine_are_not_divided_by_infected_f1(tmp_path):
    folder = study_folder(tmp_path / "study", STUDY)
    table = pq.read_table(folder / "study.parquet")
    many = pa.array([40.0] * table.num_rows)
    pq.write_table(table.append_column("infected_quarantined", many), folder / "study.parquet")
    days = table["person_days"][0].as_py()
    assert "infected person found" in study_sentences(read_folder(folder), "en")[0]
    path = folder / "scenario.yml"
    path.write_text(re.sub(r"(?m)^study:.*\n", "study:\n  levels: [1, 2]\n", path.read_text("utf-8"), count=1), "utf-8")
    said = study_sentences(read_folder(folder), "en")[0]
    assert f"{number(days / 40, 'en')} person-days for each infected person in quarantine" in said


def test_one_is_a_person_and_nobody_has_no_unit():
    text = "name: a\nsimulation:\n  population: {observed: {}}\n  days: 1\n"
    rows = {row.path: row for row in base_rows(files.parse(text, "f"), "en", {})}
    assert (rows["initial.infected"].value, rows["initial.infected"].unit) == ("1", "person")
    assert rows["days"].unit == "day"
    assert rows["outside.days"].unit == ""


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "100\u00a0%"),
        (0.995, ">\u00a099\u00a0%"),
        (0.5, "50\u00a0%"),
        (0.004, "<\u00a01\u00a0%"),
        (0.0, "0\u00a0%"),
    ],
)
def test_all_and_none_are_said_only_of_all_and_none(share, said):
    assert whole_percent(share, "en") == said


def test_few_replicates_are_said_to_be_few(tmp_path):
    folder = simulation_folder(tmp_path / "few", SIMULATION, STRENGTH, 12)
    run = read_folder(folder)
    assert notes(run, "en") == []
    about = [{**row, "replicates": 12} for row in run.manifest["runs"]]
    said = notes(replace(run, manifest={**run.manifest, "runs": about}), "en")
    assert said == [texts.text("few", "en", n="12")]


def test_a_study_says_that_f1_are_pairs(pages):
    for lang in LANGS:
        assert texts.text("study.pairs", lang) in Page(pages["study", lang]).words


@pytest.mark.parametrize("keyed", [True, False])
def test_long_names_of_many_lines_are_all_within_the_picture(keyed):
    x = np.arange(30.0)
    names = [f"definition {i} with a name that takes three lines" for i in range(8)]
    many = [charts.Series(name, x, x * i, None, None, "#0072b2") for i, name in enumerate(names)]
    figure = charts.lines(many, "en", "up", "across", keyed=keyed)
    figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if t.get_text().startswith("definition")]
    assert len(boxes) == 8
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.height for box in boxes)
    tops = sorted((box.y0, box.y1) for box in boxes)
    assert all(below[1] <= above[0] + 1 for below, above in pairwise(tops))


@pytest.mark.parametrize("lang", LANGS)
def test_names_in_the_plane_cover_neither_bars_nor_one_another(lang):
    steps = [(1400 + 400 * i, 40.0 + 5 * i) for i in range(8)]
    cloud = [
        charts.Point(f"Definition {i} of a contact", x, y, None, (y - 3, y + 3), "#0072b2")
        for i, (x, y) in enumerate(steps)
    ]
    ax = charts.points(cloud, lang, "across", "up", steps).axes[0]
    ax.figure.canvas.draw()
    boxes = [MplText.get_window_extent(text) for text in ax.texts if text.get_text().startswith("Definition")]
    assert len(boxes) == len(cloud)
    for n, box in enumerate(boxes):
        for p in cloud:
            x, low = ax.transData.transform((p.x, p.y_range[0]))
            high = ax.transData.transform((p.x, p.y_range[1]))[1]
            assert not (box.x0 < x < box.x1 and box.y0 < high and low < box.y1)
        assert not any(box.overlaps(other) for other in boxes[n + 1 :])


def test_numbers_that_are_not_known_are_drawn_without_a_warning(recwarn):
    x, none = np.arange(5.0), np.full(5, np.nan)
    some = np.array([np.nan, 1.0, 2.0, np.nan, np.nan])
    series = [
        charts.Series("known", x, some, none, none, "#0072b2"),
        charts.Series("not known", x, none, none, none, "#d55e00"),
    ]
    for keyed in (True, False):
        charts.lines(series, "en", "up", "across", keyed=keyed)
    assert charts.greatest(none, None) == 0
    assert charts.greatest(none, some) == 2
    assert [str(w.message) for w in recwarn if issubclass(w.category, RuntimeWarning)] == []


@pytest.mark.parametrize(
    ("population", "more", "unit"),
    [
        ("{observed: {}}", "", "per hour at peak infectiousness"),
        ("{observed: {}}", "profile: flat", "per hour"),
        ("{table: {file: c.csv}}", "profile: {sd_after: 2}", "per unit of weight"),
        ("{table: {file: c.csv}}", "", "per unit of weight, at peak infectiousness"),
    ],
)
def test_the_hazard_is_per_hour_only_where_contacts_are_in_hours(population, more, unit):
    text = f"name: a\nsimulation:\n  population: {population}\n  transmission: {{{more}}}\n"
    rows = {row.path: row for row in base_rows(files.parse(text, "f"), "en", {})}
    assert rows["transmission.scale"].unit == unit


def test_choices_of_ours_are_said_in_the_language_of_the_report():
    text = "name: s\nsimulation: {days: 9, population: {observed: {}}, measures: {isolation: {}}}\n"
    scenario = files.parse(text, "here")
    rows = {r.path: r.source for r in base_rows(scenario, "vi", {})}
    assert rows["measures.isolation.delay"].startswith("lựa chọn kỹ thuật của chúng tôi (")
    assert not [source for source in rows.values() if "our choice" in source]
