"""Parts made by a thread before they are asked for: order, failures, an early end."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cores import ahead


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(), max_size=20), st.integers(0, 4))
def test_parts_come_in_order(parts: list[int], most: int) -> None:
    assert list(ahead(iter(parts), most)) == parts


def test_what_making_a_part_raised_comes_after_the_parts_before_it() -> None:
    def broken() -> Iterator[int]:
        yield from (1, 2)
        raise KeyError("third")

    parts = ahead(broken(), 2)
    assert [next(parts), next(parts)] == [1, 2]
    with pytest.raises(KeyError, match="third"):
        next(parts)


def test_no_more_is_made_than_may_wait_and_who_leaves_ends_the_thread() -> None:
    made: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            made.append(len(made))
            yield made[-1]

    parts = ahead(endless(), 2, "maker-of-parts")
    for asked in range(1, 5):
        assert next(parts) == asked - 1
        assert len(made) <= asked + 3
    parts.close()  # type: ignore[attr-defined]  # a generator
    assert not [t for t in threading.enumerate() if t.name == "maker-of-parts"]
