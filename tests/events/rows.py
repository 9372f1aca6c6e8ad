"""Rows as outside systems send them: good ones, and the many ways to spoil one."""

from hypothesis import strategies as st

from engine.clock import from_rfc3339
from engine.events.schemas import COMMON, KINDS, Field

NOW = from_rfc3339("2021-07-11T12:00:00+07:00")

KEYS = st.sampled_from(["p1", "p2", "p3", "Nguyễn", "x" * 128])
BAD_KEYS = st.sampled_from(["", "x" * 129, 7, True, 1.5, [1], None])
MOMENTS = st.sampled_from(
    [
        "2021-07-01T08:00:00+07:00",
        "2021-07-01T01:00:00Z",
        "2021-07-01t01:30:00.999z",
        " 2021-07-01 02:00:00-00:30",
        "1969-12-31T23:59:59.5Z",
        "2020-02-29T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2021-06-01T00:00:00+00:00",
    ]
)
BAD_MOMENTS = st.sampled_from(
    [
        "",
        "  ",
        "2021-07-01T08:00:00",
        "2021-07-01",
        "2021-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2021-13-01T00:00:00Z",
        "2021-07-01T24:00:00Z",
        "2021-07-01T08:00:60Z",
        "2021-07-01T08:00:00.Z",
        "2021-07-01T08:00:00+24:00",
        "2021-07-01T08:00:00+0700",
        "2021/07/01T08:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "2021-07-11T05:05:01Z",
        "2031-07-11T05:05:01Z",
        "yesterday",
        "2021-07-01T08:00:00Zz",
        1_625_000_000,
        1.5,
        True,
        {"at": 1},
        None,
    ]
)
BAD_NUMBERS = st.sampled_from(
    ["", " ", "abc", "1,5", "nan", "inf", "1e999", "0x10", "1_0", "-", True, [1.0], 1e300, -1e300, 10**19, None]
)
BAD_WORDS = st.sampled_from(["", "PCR", "maybe", 3, False, [], None])


def good_value(field: Field) -> st.SearchStrategy[object]:
    """Values that the field accepts, in every spelling."""
    if field.type == "key":
        return KEYS
    if field.choices:
        return st.sampled_from(field.choices)
    if field.type == "text":
        return st.sampled_from(["chợ Bến Thành", "market", "a,b", 'say "hi"', "two\nlines", " "])
    if field.type == "time":
        return MOMENTS
    if field.type == "bool":
        return st.sampled_from([True, False, "true", "False", "1", 0, 1.0])
    low, high = field.low or 0, min(field.high or 0, 30_000)
    numbers: st.SearchStrategy[object] = st.integers(int(low) + 1, int(high))
    if field.type == "real":
        numbers = numbers | st.floats(low, high)
    return numbers | numbers.map(str)


def bad_value(field: Field) -> st.SearchStrategy[object]:
    """Values that the field may refuse (or, when optional, take as missing)."""
    by_type = {"key": BAD_KEYS, "time": BAD_MOMENTS, "real": BAD_NUMBERS, "int": BAD_NUMBERS | st.just(1.5)}
    return by_type.get(field.type, BAD_WORDS)


@st.composite
def rows(draw: st.DrawFn, kind: str, spoilt: bool = True) -> dict[str, object]:
    """One row of ``kind``; with ``spoilt`` perhaps with a wrong value or two, or a retraction."""
    fields = [*KINDS[kind].fields, *COMMON]
    row: dict[str, object] = {}
    for field in fields:
        if field in COMMON and draw(st.integers(0, 5)):
            continue
        if field.required or draw(st.booleans()):
            row[field.name] = draw(good_value(field))
    if spoilt and draw(st.booleans()):
        for field in draw(st.lists(st.sampled_from(fields), min_size=1, max_size=2)):
            row[field.name] = draw(bad_value(field))
    return row


def tables(kind: str, spoilt: bool = True) -> st.SearchStrategy[list[dict[str, object]]]:
    """Some rows of ``kind``."""
    return st.lists(rows(kind, spoilt), max_size=12)
