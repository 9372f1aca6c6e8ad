"""A writer killed at any instant: what was complete stays complete, and its leftovers go."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine.journal.checkpoints import Checkpoints
from tests.journal.checkpoint_samples import JOURNAL, parts, store, whole

KILLS = 10
ROWS = 50_000
WRITER = f"""
import sys
from pathlib import Path
from tests.journal.checkpoint_samples import JOURNAL, parts
from engine.journal.checkpoints import Checkpoints

checkpoints, seq = Checkpoints(Path(sys.argv[1])), int(sys.argv[2])
while True:
    checkpoints.write(seq, JOURNAL, parts(seq, {ROWS}), 0)
    print(seq, flush=True)
    checkpoints.prune(lambda infos: {{info.seq for info in infos[-2:]}})
    seq += 1
"""


def test_killed_at_random_instants(tmp_path: Path) -> None:
    rng, said, seq = random.Random(5), 0, 1
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(seq)], stdout=subprocess.PIPE, text=True
        )
        said = max(said, int(process.stdout.readline()))
        time.sleep(rng.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        said = max([said, *(int(line) for line in rest.split())])
        again = Checkpoints(tmp_path)
        found = again.newest(JOURNAL)
        assert again.damaged == []
        assert found.seq >= said
        assert whole(found, parts(found.seq, ROWS))
        seq = found.seq + 1
    again.prune(lambda infos: {infos[-1].seq})
    named = {part.piece.path(again.segments) for part in found.parts.values()}
    assert set(again.segments.iterdir()) == named
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "segments", again.list()[0].path.name}


def test_leftovers_of_a_killed_writer_go_at_the_next_write(tmp_path: Path) -> None:
    checkpoints = store(tmp_path, 1)
    left = [tmp_path / "000000000002.json.tmp", checkpoints.segments / ("a" * 64 + ".seg.tmp")]
    left.append(checkpoints.segments / ("b" * 64 + ".seg"))
    for path in left:
        path.write_bytes(b"half")
    assert whole(checkpoints.newest(JOURNAL), parts(1))
    checkpoints.write(2, JOURNAL, parts(2), 0)
    assert not any(path.exists() for path in left)


def test_one_process_reads_while_another_writes_and_prunes(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "1"], stdout=subprocess.PIPE, text=True)
    try:
        process.stdout.readline()
        reader, last = Checkpoints(tmp_path), 0
        for _ in range(40):
            found = reader.newest(JOURNAL)
            assert found.seq >= last
            assert whole(found, parts(found.seq, ROWS))
            last = found.seq
        assert reader.damaged == []
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
