"""The independent checks of the wire contract that lie beside the project, where they are present."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT.parent / "shared" / "contract" / "check_trace"


@pytest.mark.skipif(not CHECK.exists(), reason="needs ../shared/contract, which lies beside the project, not in it")
@pytest.mark.skipif(
    not (ROOT / ".venv" / "bin" / "truyvet").exists(), reason="needs .venv with truyvet in it: run `make install`"
)
def test_random_worlds_over_http_equal_the_oracle():
    done = subprocess.run([str(CHECK), "2"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("6 of 6 traces equal the oracle"), done.stdout + done.stderr
    assert done.returncode == 0
