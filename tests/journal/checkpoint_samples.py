"""Small checkpoints to write, and how to say that one came back whole."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.journal.checkpoint_parts import OpenedPart, Part
from engine.journal.checkpoints import Checkpoints, Opened

JOURNAL = "3f6c"


def parts(seed: int = 0, rows: int = 100) -> list[Part]:
    """What a state may look like: the first part depends on the seed, the second never."""
    rng = np.random.default_rng(seed)
    changing = {"k1": rng.integers(0, 1 << 40, rows), "duration_s": rng.integers(0, 900, rows).astype(np.uint16)}
    steady = {"keys": pa.array(["P1", "Đặng", "", "🦠"]), "open": np.array([True, False])}
    return [Part("bluetooth/18824/0", changing, {"seed": seed}), Part("people", steady, {"cases": ["P1"]})]


def store(folder: Path, *seqs: int) -> Checkpoints:
    """Checkpoints after these batches, each of its own content."""
    checkpoints = Checkpoints(folder)
    for seq in seqs:
        checkpoints.write(seq, JOURNAL, parts(seq), received_at=1_625_000_000 + seq)
    return checkpoints


def same(part: Part, back: OpenedPart) -> bool:
    return (
        dict(part.meta) == dict(back.meta)
        and list(part.arrays) == list(back.arrays)
        and all(equal(array, back.arrays[name]) for name, array in part.arrays.items())
    )


def equal(one: np.ndarray | pa.Array, other: np.ndarray | pa.Array) -> bool:
    if isinstance(one, np.ndarray):
        # By bytes, so that NaN and negative zero count.
        return (
            isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    return bool(one.equals(other))


def whole(found: Opened | None, wanted: list[Part]) -> bool:
    return (
        found is not None
        and list(found.parts) == [part.name for part in wanted]
        and all(same(part, found.parts[part.name]) for part in wanted)
    )


def files(folder: Path) -> Mapping[str, bytes]:
    """Every file of a folder of checkpoints, but for the lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }
