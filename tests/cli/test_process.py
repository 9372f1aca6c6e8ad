"""What only a process of its own shows: pipes, signals, help in another language."""

import fcntl
import os
import signal
import subprocess
import sys
import termios

import pytest

from tests.cli.conftest import TINY
from tests.waiting import PATIENCE_S, until

COMMAND = [sys.executable, "-c", "from engine.cli.main import run; run()"]
QUIET = {**os.environ, "TRUYVET_LANG": "", "TRUYVET_DATA": ""}


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_reader_that_leaves_is_no_mistake(form):
    words = ["trace", "son", "--from", str(TINY), "--format", form]
    read, write = os.pipe()
    os.close(read)
    process = subprocess.run([*COMMAND, *words], stdout=write, stderr=subprocess.PIPE, env=QUIET, check=False)
    os.close(write)
    assert (process.returncode, process.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["risk", "--from", str(TINY)], "--png"),
        (["risk", "--from", str(TINY)], "--geojson"),
        (["chain", "chi", "--from", str(TINY)], "--svg"),
    ],
)
def test_a_file_asked_for_is_written_though_the_reader_left(words, option, tmp_path):
    read, write = os.pipe()
    os.close(read)
    file = tmp_path / f"file.{option[2:]}"
    process = subprocess.run(
        [*COMMAND, *words, option, str(file)], stdout=write, stderr=subprocess.PIPE, env=QUIET, check=False
    )
    os.close(write)
    assert process.returncode == 0, process.stderr
    assert file.stat().st_size > 0


def _emptied(pipe):
    """Whether all that was written to a pipe was read."""
    return fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)) == bytes(4)


def test_ctrl_c_ends_with_130_and_a_line(tmp_path):
    words = ["ingest", "-", "--kind", "case", "--data", str(tmp_path / "d")]
    process = subprocess.Popen([*COMMAND, *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=QUIET)
    # More than a pipe holds: when it is written, it is being read.
    os.write(process.stdin.fileno(), b"\n" * (fcntl.fcntl(process.stdin, fcntl.F_GETPIPE_SZ) + 1))
    until(lambda: _emptied(process.stdin))
    process.send_signal(signal.SIGINT)
    # Standard input stays open until the process has gone: it was waiting for rows.
    process.wait(PATIENCE_S)
    told = process.communicate()[1].decode()
    assert (process.returncode, told) == (130, "Interrupted. What was accepted stays.\n")


def test_help_speaks_vietnamese():
    process = subprocess.run(
        [*COMMAND, "trace", "--help", "--lang", "vi"], capture_output=True, env={**QUIET, "COLUMNS": "120"}, check=True
    )
    told = process.stdout.decode()
    for words in ("Tùy chọn", "Đối số", "Hiện trợ giúp này rồi thoát.", "Mã của ca F0", "[mặc định: 2]", "[bắt buộc]"):
        assert words in told
    assert "Options ─" not in told
