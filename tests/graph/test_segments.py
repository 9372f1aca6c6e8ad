"""Day segments: sorted runs, merged runs, the second order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.graph.segments import (
    SECOND_BITS,
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


disjoint = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 3)), st.integers(0, 99), max_size=20)


@settings(max_examples=50, deadline=None)
@given(disjoint, st.lists(st.integers(0, 3), min_size=20, max_size=20))
def test_runs_that_share_no_key_become_one(rows: dict[tuple[int, int], int], part: list[int]) -> None:
    split = [{k: v for (k, v), p in zip(rows.items(), part, strict=False) if p == n} for n in range(4)]
    whole, merged = run(rows), merge_runs([run(one) for one in split])
    for name in ("k1", "k2"):
        one, other = getattr(whole, name), getattr(merged, name)
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
    assert merged.payload["left_at"].tolist() == whole.payload["left_at"].tolist()


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
