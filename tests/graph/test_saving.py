"""A log taken apart and put together again."""

from dataclasses import replace

import numpy as np
import pytest

from engine.graph.saving import load, pieces_of
from tests.graph.test_parts import COLUMNS, log_of
from tests.graph.test_store import batch, told

NEW = ("order", "cells", "begins", "far_start")


@pytest.mark.parametrize("kind", ["bluetooth", "check_in", "location"])
@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_pieces_of_today_and_of_old_give_the_same_segments(kind: str, width: type[np.signedinteger]) -> None:
    """Earlier releases kept cells and starts of groups as int64, and the numbers of rows in four bytes each."""
    log = log_of(kind)
    log.apply(batch(kind, [told(7 * k % 101, day=k % 2, duration_s=k, left_at=k, lat_e7=k) for k in range(60)]))
    segments = iter(log.seal())
    kept = []
    for piece in pieces_of(log):
        columns = dict(piece.columns)
        if "order" in columns and width is np.int64:
            held = next(segments)
            columns |= {"groups": held.groups, "group_start": held.group_start.astype(width), "by_group": held.by_group}
            columns = {name: column for name, column in columns.items() if name not in NEW}
        kept.append(replace(piece, columns=columns))
    again = log_of(kind)
    load(again, kept)
    for one, other in zip(log.seal(), again.seal(), strict=True):
        assert type(one.grouped) is type(other.grouped)
        for name in COLUMNS:
            before, after = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
            assert (before.dtype, before.tolist()) == (after.dtype, after.tolist())
