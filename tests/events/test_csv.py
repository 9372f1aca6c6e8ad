"""CSV as the world writes it: quotes, separators, line ends, torn lines."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UnreadableFileError
from engine.events import csv_rows
from engine.events.batches import whole
from engine.events.readers import parse_ndjson
from tests.events.files import read_all

HEAD = b"place,name,kind\n"


def places(tmp_path: Path, text: bytes, block_bytes: int = 1 << 20) -> tuple[list[tuple], list[tuple[int, str]]]:
    """(place, name, kind) of the good rows, (row, code) of the others."""
    path = tmp_path / "place.csv"
    path.write_bytes(text)
    table, refused = read_all(path, "place", block_bytes=block_bytes)
    rows = table.to_pylist()
    return [(r["place"], r["name"], r["kind"]) for r in rows], [(r.row, r.code) for r in refused]


@pytest.mark.parametrize("block_bytes", [40, 1 << 20])
def test_torn_lines_are_refused_alone(tmp_path: Path, block_bytes: int) -> None:
    text = HEAD + b'm1,A,\n\nm2,B\nm3,"x, ""y""",cafe\nm4,C,bus,9\nm5,\xff,\nm6,"open,\nm7,D,\r\nm8,"two\nlines",park'
    rows, refused = places(tmp_path, text, block_bytes)
    assert rows == [("m1", "A", None), ("m3", 'x, "y"', "cafe"), ("m7", "D", None), ("m8", "two\nlines", "park")]
    assert refused == [(row, "malformed_row") for row in (1, 3, 4, 5)]


def test_an_open_quote_at_the_end_does_not_swallow_the_rows_after_it(tmp_path: Path) -> None:
    rows, refused = places(tmp_path, HEAD + b'm0,"open,\n' + b"".join(b"m%d,,\n" % i for i in range(1, 200)))
    assert refused == [(0, "malformed_row")]
    assert [r[0] for r in rows] == [f"m{i}" for i in range(1, 200)]


@pytest.mark.parametrize(
    "text",
    [
        b"place,name,kind\nm,A,bus\n",
        b"\xef\xbb\xbfplace,name,kind\r\nm,A,bus\r\n",
        b"place;name;kind\nm;A;bus",
        b"place\tname\tkind\nm\tA\tbus",
        b'"place","name","kind"\n"m","A","bus"\n',
        b"kind, place ,zip,name,\nbus,m,7000,A,\n",
        b"\n\nplace,name,kind\n\n\nm,A,bus\n\n",
    ],
)
def test_spellings_of_one_file(tmp_path: Path, text: bytes) -> None:
    assert places(tmp_path, text) == ([("m", "A", "bus")], [])


def test_empty_values_are_missing_and_empty_ids_are_bad(tmp_path: Path) -> None:
    assert places(tmp_path, HEAD + b'm,"",\n,A,bus\n') == ([("m", None, None)], [(1, "bad_id")])


@pytest.mark.parametrize("text", [b"", b"\n\n", HEAD, HEAD.strip()])
def test_a_file_without_rows_has_no_rows(tmp_path: Path, text: bytes) -> None:
    assert places(tmp_path, text) == ([], [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"m1,A,bus\nm2,B,bus\n", "place"),
        (b"place,name,place\nm,A,n\n", "twice"),
        (b"pl\xffce,name\n", "UTF-8"),
        (b'"place,name\n', "quote"),
    ],
)
def test_a_header_that_cannot_be_used_is_an_error_with_the_file(tmp_path: Path, text: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why) as caught:
        places(tmp_path, text)
    assert "place.csv" in str(caught.value)


CELLS = st.text(st.sampled_from('ab",\r \né'), max_size=4)


@settings(max_examples=150, deadline=None)
@given(cells=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6))
def test_the_fast_and_the_careful_parser_agree(cells: list[list[str]]) -> None:
    block = "".join(",".join(row) + "\n" for row in cells).encode()
    shape = csv_rows._shape(b"place,name,kind", "place")
    careful, rest = csv_rows._by_line(block, shape, 0, last=True)
    mixed, _ = csv_rows._parsed(block, shape, 0, last=True)
    assert rest == b""
    assert mixed.table.to_pylist() == careful.table.to_pylist()
    assert [r.row for r in mixed.malformed] == [r.row for r in careful.malformed]


@settings(max_examples=100, deadline=None)
@given(
    names=st.lists(st.text(st.sampled_from('ab",;\t \néễ'), min_size=1), max_size=8),
    block_bytes=st.sampled_from([64, 1 << 20]),
)
def test_what_the_standard_writer_writes_is_read_back(names: list[str], block_bytes: int) -> None:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["place", "name"], *([f"m{i}", name] for i, name in enumerate(names))])
    batch = whole(csv_rows.csv_pieces(io.BytesIO(out.getvalue().encode()), "place", block_bytes), "place")
    assert batch.malformed == ()
    assert (batch.table["name"].to_pylist() if names else []) == names


def test_blank_lines_of_ndjson_are_no_rows() -> None:
    batch = parse_ndjson(b'\xef\xbb\xbf{"person":"a"}\r\n\r\n  \n{"person":"b"', "case")
    assert batch.table["person"].to_pylist() == ["a"]
    assert [r.row for r in batch.malformed] == [1]
