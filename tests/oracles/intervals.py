"""Half-open intervals of whole seconds as sorted lists of pairs."""

from collections.abc import Iterable

Interval = tuple[int, int]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Disjoint sorted intervals; overlapping and touching ones join, empty ones vanish."""
    joined: list[Interval] = []
    for start, end in sorted(i for i in intervals if i[0] < i[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def clip(intervals: Iterable[Interval], window: Interval) -> list[Interval]:
    """What of the intervals lies in the window."""
    cut = ((max(s, window[0]), min(e, window[1])) for s, e in intervals)
    return [(s, e) for s, e in cut if s < e]


def length(intervals: Iterable[Interval]) -> int:
    """Seconds covered, each counted once."""
    return sum(e - s for s, e in union(intervals))


def most_in_24h(intervals: Iterable[Interval]) -> int:
    """Greatest number of seconds covered within any 24 hours."""
    day = 86_400
    joined = union(intervals)
    starts = [s for s, _ in joined] + [e - day for _, e in joined]
    return max((length(clip(joined, (s, s + day))) for s in starts), default=0)
