"""docs/real-data.md: every table it quotes is what its command prints, and its Python blocks run."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks import real_data, real_sets
from benchmarks.real_sets import Radio, World

PAGE = (Path(__file__).parents[2] / "docs" / "real-data.md").read_text()
QUOTED = dict(re.findall(r"^```console\n\$ python -m benchmarks\.real_data (\w+)\n(.*?)^```", PAGE, re.M | re.S))
PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
SHOWN: dict[str, Callable[[], real_data.Shown]] = {
    "ward": real_data.show_ward,
    "school": real_data.show_school,
    "haslemere": real_data.show_haslemere,
    "rssi": real_data.show_rssi,
}


def plain_text(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def test_the_page_quotes_every_command() -> None:
    assert set(QUOTED) == set(SHOWN)


@pytest.mark.parametrize("command", SHOWN)
def test_quoted_output_is_what_the_command_prints(
    ward: World, school: World, haslemere: World, radio: dict[str, Radio], command: str
) -> None:
    out = io.StringIO()
    real_data.show(SHOWN[command](), Console(file=out, width=real_data.WIDTH))
    assert plain_text(out.getvalue()) == plain_text(QUOTED[command])


@pytest.mark.parametrize("block", PYTHON, ids=range(len(PYTHON)))
def test_python_blocks_run(ward: World, haslemere: World, block: str) -> None:
    assert "assert" in block
    exec(compile(block, "docs/real-data.md", "exec"), {})


def test_without_the_data_a_command_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRUYVET_REAL_DATA", str(tmp_path))
    monkeypatch.setattr(real_data, "ward", lambda: real_sets.face_to_face("hospital_LH10"))
    result = CliRunner().invoke(real_data.app, ["ward"])
    assert result.exit_code == 1
    assert "set TRUYVET_REAL_DATA" in str(result.exception) + result.output


def test_real_rows_are_not_written_into_the_repository(ward: World) -> None:
    with pytest.raises(ValueError, match="do not belong"):
        real_sets.write_folder(ward, real_sets.REPO / "data" / "ward")
