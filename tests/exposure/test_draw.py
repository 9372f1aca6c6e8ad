"""Chains as a picture: merged by common beginnings, laid out without overlap, the same file every time."""

import pytest

from engine.errors import BadParameterError
from engine.exposure.draw import Step, draw_chains, forest, layout, walk

AT = 1_625_270_400  # 03/07/2021 07:00 in Viet Nam


def step(source, person, level, at=AT, minutes=7.0, probability=0.25):
    return Step(source, person, level, at, minutes, probability)


A = step("son", "a", 1)
CHAINS = [[A, step("a", "x", 2)], [A, step("a", "y", 2)], [step("son", "x", 1)], [step("nga", "x", 1)]]


def test_chains_are_merged_by_common_beginnings():
    roots = forest(CHAINS)
    assert [(r.person, r.level) for r in roots] == [("son", 0), ("nga", 0)]
    assert [[c.person for c in r.children] for r in roots] == [["a", "x"], ["x"]]
    assert [c.person for c in roots[0].children[0].children] == ["x", "y"]


def test_another_moment_is_another_way():
    (root,) = forest([[A], [step("son", "a", 1, at=AT + 60)]])
    assert [c.person for c in root.children] == ["a", "a"]


def test_empty_chains_are_left_out():
    assert forest([[], []]) == []


def test_leaves_have_rows_of_their_own_and_parents_stand_between():
    roots = forest(CHAINS)
    width, height = layout(roots)
    nodes = [n for r in roots for n in walk(r)]
    leaves = [n.y for n in nodes if not n.children]
    assert len(set(leaves)) == len(leaves)
    assert max(leaves) == pytest.approx(height)
    for node in nodes:
        assert 0 <= node.x < width
        if node.children:
            assert node.children[0].y <= node.y <= node.children[-1].y
        assert all(c.x > node.x for c in node.children)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PNG"])
def test_the_same_chains_give_the_same_file(tmp_path, suffix):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    for path in (first, second):
        draw_chains(CHAINS, path, "vi", "Chuỗi tiếp xúc")
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG" if suffix.lower() == ".png" else b"<?xml")


def svg(tmp_path, chains, lang="en"):
    draw_chains(chains, tmp_path / "c.svg", lang, "Title $x")
    return (tmp_path / "c.svg").read_text("utf-8")


def test_every_step_says_when_how_long_and_how_surely(tmp_path):
    told = svg(tmp_path, [[step("son", "a", 1, minutes=7.5, probability=0.123)]])
    for words in (">son<", ">a<", ">03/07/2021 07:00<", ">7.5 min · 12 %<", ">F0<", ">F1<", "UTC+07:00"):
        assert words in told
    assert ">7.5 phút · 12 %<" in svg(tmp_path, [[step("son", "a", 1, minutes=7.5, probability=0.123)]], "vi")


@pytest.mark.parametrize(("p", "text"), [(0.0, "0 %"), (1e-17, "&lt; 0.01 %"), (0.0123, "1.2 %"), (0.999, "100 %")])
def test_probabilities_are_readable(tmp_path, p, text):
    assert f"· {text}<" in svg(tmp_path, [[step("son", "a", 1, probability=p)]])


def test_ids_are_drawn_as_they_are_and_long_ones_are_cut(tmp_path):
    told = svg(tmp_path, [[step("$a_b^$", "y" * 128, 1)]])
    assert ">$a_b^$<" in told
    assert ">Title $x<" in told
    assert f">{'y' * 31}…<" in told


def test_many_chains_fit_into_a_png(tmp_path):
    chains = [[step("son", f"p{i}", 1, at=AT + i)] for i in range(500)]
    draw_chains(chains, tmp_path / "c.png", "en")
    assert (tmp_path / "c.png").stat().st_size > 0


@pytest.mark.parametrize(("chains", "name"), [([], "c.png"), ([[]], "c.png"), (CHAINS, "c.pdf")])
def test_nothing_to_draw_and_other_suffixes_are_refused(tmp_path, chains, name):
    with pytest.raises(BadParameterError):
        draw_chains(chains, tmp_path / name, "en")
    assert not (tmp_path / name).exists()
