"""Day segments: sorted runs, merged runs, the second order."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph.segments import (
    PAYLOAD,
    SECOND_BITS,
    WAYS,
    Rows,
    build_segment,
    major,
    merge_runs,
    second,
)  # fmt: skip


def run(rows: dict[tuple[int, int], int]) -> Rows:
    """A sorted run of check-ins: (k1, k2) -> left_at."""
    keys = sorted(rows)
    return Rows(
        "check_in",
        np.array([a for a, _ in keys], np.int64),
        np.array([b for _, b in keys], np.int32),
        {"left_at": np.array([rows[k] for k in keys], np.int32)},
    )


disjoint = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 3)), st.integers(0, 99), max_size=28)


@settings(max_examples=100, deadline=None)
@given(disjoint, st.integers(1, 2 * WAYS + 3), st.randoms(use_true_random=False))
def test_runs_that_share_no_key_become_one(rows: dict[tuple[int, int], int], parts: int, rng: Random) -> None:
    of = {key: rng.randrange(parts) for key in rows}
    split = [{key: v for key, v in rows.items() if of[key] == n} for n in range(parts)]
    whole, merged = run(rows), merge_runs([run(one) for one in split])
    for name in ("k1", "k2"):
        one, other = getattr(whole, name), getattr(merged, name)
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
    assert merged.payload["left_at"].tolist() == whole.payload["left_at"].tolist()


@pytest.mark.parametrize("kind", PAYLOAD)
def test_every_column_of_many_runs_is_merged(kind: str) -> None:
    rng, n = np.random.default_rng(4), 5_000
    k1 = rng.permutation(20_000)[:n] - 5_000  # negative ones as well: no first key has them, no kernel minds
    payload = {name: rng.integers(0, 30_000, n).astype(dtype) for name, dtype in PAYLOAD[kind].items()}
    rows = Rows(kind, k1, rng.integers(0, 9, n).astype(np.int32), payload)
    which = rng.integers(0, 9, n) ** 2 // 9
    runs = [rows.take(at[np.argsort(k1[at])]) for at in (np.flatnonzero(which == part) for part in range(9))]
    merged, wanted = merge_runs(runs), rows.take(np.argsort(k1))
    assert (merged.k1.tolist(), merged.k2.tolist()) == (wanted.k1.tolist(), wanted.k2.tolist())
    for name, column in wanted.payload.items():
        assert (merged.payload[name].dtype, merged.payload[name].tolist()) == (column.dtype, column.tolist())


def test_first_key_packs_code_and_second() -> None:
    k1 = np.array([(2**31 - 1) << SECOND_BITS | 86_399], np.int64)
    assert (int(major(k1)[0]), int(second(k1)[0])) == (2**31 - 1, 86_399)


def test_second_order_groups_people_ascending_in_time() -> None:
    rows = run({(1 << SECOND_BITS | 50, 7): 60, (1 << SECOND_BITS | 90, 3): 95, (2 << SECOND_BITS | 10, 7): 20})
    segment = build_segment(0, rows)
    assert segment.groups.tolist() == [3, 7]
    by_group = np.split(segment.by_group, segment.group_start[1:-1])
    assert [second(rows.k1[i]).tolist() for i in by_group] == [[90], [10, 50]]


def test_a_segment_knows_its_longest_stays_and_last_end() -> None:
    rows = run({(1 << SECOND_BITS | 50, 7): 200_000, (1 << SECOND_BITS | 90, 3): -1, (2 << SECOND_BITS | 10, 7): 20})
    segment = build_segment(1_000_000, rows)
    assert segment.longest_s == 199_950
    assert (segment.majors.tolist(), segment.major_longest.tolist()) == ([1, 2], [199_950, 10])
    assert segment.last_end == 1_200_000
