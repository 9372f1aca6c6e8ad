"""The command, run in this process on the hand-worked sample and on one small city."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.city.build import CityPlan, build_city
from engine.cli import main

TINY = Path(__file__).parents[2] / "data" / "samples" / "tiny"


@dataclass(frozen=True)
class Run:
    """What a run of the command left behind."""

    status: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()


def call(*words: object, stdin: bytes = b"") -> Run:
    """``truyvet WORDS`` in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    err = io.StringIO()
    old = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as stop:
            main.run([str(w) for w in words])
    finally:
        sys.stdin = old
    out.flush()
    return Run(int(stop.value.code or 0), out.buffer.getvalue(), err.getvalue())


def table_rows(text: str) -> list[list[str]]:
    """Cells of the body rows of every table in ``text``."""
    return [[c.strip() for c in line.strip("│").split("│")] for line in text.splitlines() if line.startswith("│")]


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """No setting of this machine, and no ``var/`` of this checkout."""
    for name in ("TRUYVET_LANG", "TRUYVET_DATA", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    build_city(CityPlan(people=300, days=5, seed=1), folder)
    return folder


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """A data folder that holds the hand-worked sample."""
    folder = tmp_path_factory.mktemp("stored") / "data"
    assert call("ingest", TINY, "--data", folder).status == 0
    return folder
