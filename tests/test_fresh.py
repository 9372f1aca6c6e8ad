"""Kernels compiled of older source are thrown away, and no others."""

import pytest

from engine.fresh import forget_stale

FILES = {
    "a.py": "from numba import njit\n\nfrom house import layout\nfrom house.parts import (\n    inner,\n)\n",
    "layout.py": "WIDTH = 8\n",
    "parts.py": "from house.deep.down import x as inner\n",
    "deep/down.py": "x = 1\n",
    "alone.py": "import numba\n",
    "plain.py": "import json\n",
}


@pytest.fixture
def house(tmp_path):
    package = tmp_path / "house"
    for name, text in FILES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    (package / "__pycache__").mkdir()
    forget_stale(package)
    return package


def compiled(package):
    kept = [package / "__pycache__" / f"{name}.f-1.py311{end}" for name in ("a", "alone") for end in (".nbi", ".1.nbc")]
    for path in kept:
        path.touch()
    return kept


@pytest.mark.parametrize("name", ["a.py", "layout.py", "parts.py", "deep/down.py"])
def test_what_a_kernel_imports_is_a_part_of_it(house, name):
    kept = compiled(house)
    assert forget_stale(house) == []
    (house / name).write_text(FILES[name] + "y = 2\n")
    assert sorted(forget_stale(house)) == sorted(kept[:2])
    assert [path.exists() for path in kept] == [False, False, True, True]
    assert forget_stale(house) == []


def test_other_files_and_new_times_change_nothing(house):
    kept = compiled(house)
    (house / "plain.py").write_text("import sys\n")
    (house / "a.py").touch()
    assert forget_stale(house) == []
    assert all(path.exists() for path in kept)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"looks": "", "made_of": []}'])
def test_of_kernels_that_nobody_noted_nothing_is_believed(house, text):
    kept = compiled(house)
    (house / "__pycache__" / "kernels.json").write_text(text)
    assert sorted(forget_stale(house)) == sorted(kept)
    assert forget_stale(house) == []
