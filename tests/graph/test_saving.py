"""A log taken apart and put together again."""

from dataclasses import replace

import numpy as np
import pytest

from engine.graph.saving import load, pieces_of
from tests.graph.test_parts import COLUMNS, log_of
from tests.graph.test_store import batch, told


@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location"])
@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_pieces_of_today_and_of_old_give_the_same_segments(kind: str, width: type[np.signedinteger]) -> None:
    """Earlier releases kept the starts of groups as int64."""
    log = log_of(kind)
    log.apply(batch(kind, [told(7 * k % 101, day=k % 2, duration_s=k, left_at=k, lat_e7=k) for k in range(60)]))
    kept = [
        replace(p, columns={n: c.astype(width) if n == "group_start" else c for n, c in p.columns.items()})
        for p in pieces_of(log)
    ]
    again = log_of(kind)
    load(again, kept)
    for one, other in zip(log.seal(), again.seal(), strict=True):
        for name in COLUMNS:
            before, after = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
            assert (before.dtype, before.tolist()) == (after.dtype, after.tolist())
