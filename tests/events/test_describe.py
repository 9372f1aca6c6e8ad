"""The documentation of formats says what the code does."""

import json
import re
from pathlib import Path

import pytest

from engine.events.codes import CODES
from engine.events.describe import BEGIN, END, embedded, markdown
from engine.events.json_rows import table_of
from engine.events.readers import FORMATS
from engine.events.schemas import COMMON, KINDS
from engine.events.validate import check
from tests.events.rows import NOW

DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()


def test_the_tables_are_the_generated_ones() -> None:
    assert DOCUMENT.count(BEGIN) == DOCUMENT.count(END) == 1
    assert embedded(DOCUMENT) == DOCUMENT, "run: make docs"


def test_every_kind_column_and_code_is_described() -> None:
    text = markdown()
    for kind in KINDS.values():
        for field in (*kind.fields, *COMMON):
            assert f"`{field.name}`" in text
    for code in CODES:
        assert f"| `{code}` |" in text


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_named(suffix: str) -> None:
    assert f"`{suffix}`" in DOCUMENT


def examples() -> list[tuple[str, str]]:
    """(kind, line) of every JSON line in a block marked ``json`` with a kind."""
    blocks = re.findall(r"```json (\w+)\n(.*?)```", DOCUMENT, re.DOTALL)
    return [(kind, line) for kind, block in blocks for line in block.splitlines() if line.strip()]


def test_the_examples_are_valid_events() -> None:
    found = examples()
    assert {kind for kind, _ in found} == set(KINDS)
    for kind, line in found:
        checked = check(kind, table_of([json.loads(line)], kind), NOW)
        assert checked.rejected == (), line
