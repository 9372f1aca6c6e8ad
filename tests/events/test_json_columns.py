"""JSON read without the interpreter: the same tables, refusals and errors as the other way, or not taken."""

import io
import json
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import UnreadableFileError
from engine.events import json_columns, json_rows
from engine.events.batches import Piece
from engine.events.json_columns import usual_table
from engine.events.schemas import KINDS, column_names
from engine.events.validate import check
from tests.events.rows import NOW, good_value, rows, tables

COMMON = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pieces(body: bytes, kind: str, lines: bool) -> list[Piece]:
    if lines:
        return list(json_rows.ndjson_pieces(io.BytesIO(body), kind))
    return [json_rows.document_piece(body, kind)]


def bits(table: pa.Table) -> list[tuple[str, pa.DataType, list[object]]]:
    """Every column with reals as text: so -0.0 is not 0.0."""
    return [
        (n, c.type, [repr(v) for v in c.to_pylist()]) for n, c in zip(table.column_names, table.columns, strict=True)
    ]


def outcome(body: bytes, kind: str, lines: bool, least: int) -> object:
    """All that is seen of a body: the raw columns, the canonical table, the refused rows, or the error's words."""
    with patch.object(json_columns, "LEAST_BYTES", least):
        try:
            found = pieces(body, kind, lines)
        except UnreadableFileError as error:
            return str(error)
    seen: list[object] = []
    first = 0
    for piece in found:
        piece.table.validate(full=True)
        checked = check(kind, piece.table, NOW, first, piece.malformed)
        first += checked.rows
        seen.append((bits(piece.table), bits(checked.table), checked.rows, checked.rejected))
    return seen


def same(body: bytes, kind: str, lines: bool = False) -> None:
    assert outcome(body, kind, lines, 0) == outcome(body, kind, lines, 1 << 62)


def taken(body: bytes, kind: str = "location", lines: bool = False) -> bool:
    same(body, kind, lines)
    with patch.object(json_columns, "LEAST_BYTES", 0):
        return usual_table(body, kind, lines) is not None


# -- any document whatever -----------------------------------------------------------------------------
SPACE = st.sampled_from(["", "", "", " ", "\t", "\n", "\r\n", "  \r", "\x0b", "\xa0"])
TEXTS = st.text(max_size=12) | st.sampled_from(["2021-07-01T08:00:00+07:00", "p1", "\x00", "😀", "\ud800", "é" * 70])
NUMBERS = (
    st.floats().map(repr)
    | st.integers().map(str)
    | st.integers(-(2**70), 2**70).map(str)
    | st.floats(-200, 200).map(lambda x: f"{x:.7f}")
    | st.from_regex(r"\A-?[0-9]{1,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,3})?\Z")
    | st.sampled_from(["-0", "-0.0", "0e0", "1e400", "1e-400", "5e-324", "01", "1.", ".5", "+1", "NaN", "9" * 70])
    | st.sampled_from(["2.2250738585072011e-308", "9007199254740993", "1.7976931348623159e308", "0." + "0" * 30 + "1"])
)


def quoted(text: str, ascii_only: bool) -> str:
    """``text`` as JSON; a half of a surrogate pair only as an escape."""
    found = json.dumps(text, ensure_ascii=ascii_only)
    return found.encode(errors="backslashreplace").decode()


VALUES = st.one_of(
    st.builds(quoted, TEXTS, st.booleans()),
    NUMBERS,
    st.sampled_from(
        ["null", "true", "false", "[]", "{}", '{"a":[1]}', "nul", "", '"\\x"', '"\\u12"', '"\\/\\b\\ud83d"']
    ),
)


@st.composite
def member(draw: st.DrawFn, kind: str) -> str:
    name = draw(st.sampled_from([*column_names(kind), "extra", "events", "pers\\u006fn", "a\\n", "é"]))
    field = next((f for f in KINDS[kind].fields if f.name == name), None)
    usual = st.just("1") if field is None else good_value(field).map(json.dumps)
    value = draw(usual | usual | VALUES)
    return "".join([draw(SPACE), '"', name, '"', draw(SPACE), ":", draw(SPACE), value, draw(SPACE)])


@st.composite
def documents(draw: st.DrawFn, kind: str, lines: bool) -> bytes:
    """Events as somebody may write them: columns of one type or of several, white space, odd values, damage."""
    objects = draw(st.lists(st.lists(member(kind), max_size=6).map(lambda m: "{" + ",".join(m) + "}"), max_size=5))
    if draw(st.booleans()):
        objects = [json.dumps(row, ensure_ascii=draw(st.booleans())) for row in draw(tables(kind))] + objects
    if lines:
        text = "".join(draw(SPACE) + one + draw(SPACE) + "\n" for one in objects)
    else:
        text = "[" + draw(SPACE) + (draw(SPACE) + "," + draw(SPACE)).join(objects) + draw(SPACE) + "]"
        wrap = draw(
            st.sampled_from(["%s", '{"events":%s}', ' { "events" : %s } ', '{"events":%s,"a":1}', '{"event":%s}'])
        )
        text = wrap.replace("%s", text)
    body = text.encode(errors="surrogatepass")
    if draw(st.integers(0, 3)) == 0 and body:
        at = draw(st.integers(0, len(body) - 1))
        cut = draw(st.integers(0, 3))
        body = (
            body[:at]
            + draw(st.binary(max_size=3) | st.sampled_from(list(b'"\\,:{}[]0-.e\n')).map(lambda c: bytes([c])))
            + body[at + cut :]
        )
    return body


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@COMMON
@given(data=st.data())
def test_both_ways_say_the_same_of_any_body(kind: str, lines: bool, data: st.DataObject) -> None:
    same(data.draw(documents(kind, lines)), kind, lines)


@settings(max_examples=150, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4), st.sampled_from(["lat", "extra"]))
def test_both_ways_read_the_same_numbers(numbers: list[str], name: str) -> None:
    events = ",".join(f'{{"person":"somebody","{name}":{number}}}' for number in numbers)
    same(f'{{"events":[{events}]}}'.encode(), "location")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=8) | st.text(max_size=8).map(str.encode), st.sampled_from(["person", "extra"]))
def test_both_ways_read_the_same_texts(text: bytes, name: str) -> None:
    same(b'[{"at":"somewhen","%s":"%s"}]' % (name.encode(), text), "location")


# -- what is taken, and what is not --------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_the_usual_body_of_each_kind_is_taken(kind: str, data: st.DataObject) -> None:
    usual = {f.name: TYPICAL[f.type] if not f.choices else f.choices[0] for f in KINDS[kind].fields}
    optional = [f.name for f in KINDS[kind].fields if not f.required]
    gone = data.draw(
        st.lists(st.sets(st.sampled_from(optional)) if optional else st.just(set()), min_size=30, max_size=40)
    )
    events = [{n: v for n, v in usual.items() if n not in left_out} | {"extra": 1.5} for left_out in gone]
    for body in (json.dumps(events), json.dumps({"events": events}, indent=1, ensure_ascii=False)):
        same(body.encode(), kind)
        assert usual_table(body.encode(), kind, lines=False) is not None
    for ending in ("\n", "\r\n", "\n\n"):
        text = "".join(json.dumps(event, separators=(",", ":")) + ending for event in events).encode()
        same(text, kind, lines=True)
        assert usual_table(text, kind, lines=True) is not None


TYPICAL = {
    "key": "p1", "text": 'chợ "Bến Thành" \\ 😀', "time": "2021-07-01T08:00:00+07:00", "real": 10.776889123456789,
    "int": 60, "bool": True,
}  # fmt: skip
GOOD = '{"person":"p","at":"2021-07-01T08:00:00+07:00","lat":10.5,"lng":106}'


@pytest.mark.parametrize(
    "row",
    [
        GOOD,
        GOOD.replace("10.5", "null"),
        GOOD.replace("10.5", "10"),
        GOOD.replace("10.5", "1e1"),
        GOOD.replace("10.5", "123456789012345678901234567890"),
        GOOD.replace("10.5", "10.776889123456789123456789"),
        GOOD.replace('"p"', '"\\u1ebf\\ud83d\\ude00\\n\\/\\u0000"'),
        GOOD.replace('"p"', '"ế😀\x7f"'),
        GOOD.replace("{", '{"extra":false,"extra":"twice",'),
        GOOD.replace("{", ' { \t\r"retract" : true , "revision" : 3 , ').replace("}", " } "),
    ],
)
def test_a_usual_row_is_taken(row: str) -> None:
    assert taken(f'{{"events":[{row}]}}'.encode())
    assert taken(f"[ {row} ,\n{row}]\r\n".encode())
    assert taken(f"\n{row}\n \n{row}".encode(), lines=True)


@pytest.mark.parametrize(
    "row",
    [
        GOOD.replace("10.5", "[10.5]"),
        GOOD.replace("10.5", '{"lat":10.5}'),
        GOOD.replace("{", '{"extra":[],'),
        GOOD.replace("{", '{"person":"q",'),
        GOOD.replace('"person"', '"pers\\u006fn"'),
        GOOD.replace("{", '{"lat\\n":1,'),
        *(GOOD.replace("10.5", n) for n in ("NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "-", "1e", "-0")),
        *(GOOD.replace("10.5", n) for n in ("-0.0", "1e400", "-1e-400", "1" * 400, "0x1", "1_0", "True", "nul")),
        GOOD.replace("{", '{"extra":1e400,'),
        GOOD.replace("{", '{"extra":01,'),
        *(
            GOOD.replace('"p"', f'"{t}"')
            for t in ("\\ud800", "\\ud800\\u0041", "\\udc00", "\\x", "\\u12", "a\x01", "\x1f")
        ),
        GOOD.replace('"p"', '"a\nb"'),
        GOOD.replace('"p"', "'p'"),
        GOOD.replace("}", ",}"),
        GOOD.replace(",", ",,", 1),
        GOOD.replace(":", "", 1),
        GOOD + " // remark",
        GOOD.replace("{", "{\x0b"),
        GOOD[:-1],
        "{}" * 2,
        *("1", '"p"', "null", "[]", "true", "[" + GOOD + "]"),
    ],
)
def test_an_odd_row_is_left_to_the_other_way(row: str) -> None:
    assert not taken(f'{{"events":[{GOOD},{row}]}}'.encode())
    assert not taken(f"{GOOD}\n{row}\n{GOOD}\n".encode(), lines=True)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"[]", b'{"events":[]}', b"{}", b"null", b"[{},{}]", b"[{},{},{}]",
        b"\xef\xbb\xbf[%s]", b'{"events":[%s],"a":1}', b'{"a":1,"events":[%s]}', b'{"events":[%s],"events":[]}',
        b'{"event":[%s]}', b'{"\\u0065vents":[%s]}', b'{"events":{"events":[%s]}}', b'{"events":%s}', b"%s",
        b"[%s", b"[%s]]", b"[%s,]", b"[,%s]", b"[%s %s]", b"[%s]x", b'{"events":[%s]', b'{"events":[%s]}}',
        b'{"events" [%s]}', b"[%s]\x00", b'{"events"', b'{"events":', b'{"events":[', b'{"events":[{', b'[{"',
        b'[{"person":',
        b'[{"person":"', b'[{"person":"\\', b'[{"person":"\\u00', b'[{"person":"\\ud83d\\', b'[{"lat":1', b'[{"lat":-',
        b'[{"lat":1.', b'[{"lat":1e', b'[{"lat":1e+', b'[{"lat":t', b'[{"lat":true', b'[{"person":"\xe1\xba',
    ],
)  # fmt: skip
def test_an_odd_document_is_left_to_the_other_way(body: bytes) -> None:
    assert not taken(body.replace(b"%s", GOOD.encode()))


@pytest.mark.parametrize(
    "letters",
    [
        b"\x80",
        b"\xc0\xaf",
        b"\xc3",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xff",
    ],
)
@pytest.mark.parametrize("where", [b'"p"', b'"person"'])
def test_what_is_no_utf8_is_left_to_the_other_way(letters: bytes, where: bytes) -> None:
    assert not taken(b"[%s]" % GOOD.encode().replace(where, b'"%s"' % letters))
    assert not taken(b"[%s]" % GOOD.encode().replace(b"{", b'{"extra":"%s",' % letters))


@pytest.mark.parametrize("values", [("1", '"1"'), ("true", "1"), ('"true"', "false"), ("0.5", "true", "null", '"1"')])
def test_a_column_of_several_types_is_left_to_the_other_way(values: tuple[str, ...]) -> None:
    for name in ("lat", "retract"):
        events = ",".join(f'{{"person":"somebody","{name}":{v}}}' for v in values)
        assert not taken(f"[{events}]".encode())


def test_short_bodies_and_bodies_of_no_kind_go_the_other_way() -> None:
    assert usual_table(f"[{GOOD}]".encode(), "location", lines=False) is None
    body = f"[{','.join([GOOD] * 40)}]".encode()
    assert usual_table(body, None, lines=False) is None
    assert usual_table(body, "location", lines=False) is not None


def test_the_two_ways_may_alternate_within_a_stream() -> None:
    odd = GOOD.replace("10.5", "[1]")
    text = "".join(f"{odd if 100 <= i < 110 else '7' if i == 250 else GOOD}\n" for i in range(400)).encode()

    def read() -> list[Piece]:
        return list(json_rows.ndjson_pieces(io.BytesIO(text), "location", 4_000))

    mixed = read()
    with patch.object(json_columns, "LEAST_BYTES", 1 << 62):
        slow = read()
    assert [bits(p.table) for p in mixed] == [bits(p.table) for p in slow]
    assert [p.malformed for p in mixed] == [p.malformed for p in slow]
    assert [r.row for p in mixed for r in p.malformed] == [250]


@COMMON
@given(data=st.data())
def test_good_rows_of_any_spelling_come_out_alike(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(KINDS)))
    events = data.draw(st.lists(rows(kind, spoilt=False), min_size=1, max_size=20))
    same(json.dumps({"events": events}).encode(), kind)
    same("".join(json.dumps(event) + "\n" for event in events).encode(), kind, lines=True)
