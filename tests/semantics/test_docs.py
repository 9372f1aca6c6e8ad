"""Every ``python`` block of docs/semantics and docs/python.md runs; the blocks of a page share one namespace."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs" / "semantics").glob("*.md")), ROOT / "docs" / "python.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[str]:
    """Code blocks, each padded so that its line numbers are those of the page."""
    return ["\n" * text.count("\n", 0, m.start(1)) + m.group(1) for m in BLOCK.finditer(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_page_runs_and_its_asserts_hold(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = blocks(page.read_text())
    assert any("assert" in block for block in found), f"{page.name} asserts nothing"
    namespace: dict[str, object] = {"__name__": page.stem}
    for block in found:
        exec(compile(block, str(page), "exec"), namespace)


def test_all_topics_have_a_page() -> None:
    topics = {"events-as-a-set", "contacts", "levels", "windows-and-policies", "dose", "backward"}
    assert topics <= {p.stem for p in PAGES}
