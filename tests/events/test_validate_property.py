"""Validation of a table against a slow oracle that looks at one row at a time."""

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events.json_rows import table_of
from engine.events.schemas import KINDS
from engine.events.validate import Checked, check
from tests.events.rows import NOW, rows, tables
from tests.oracles.validation import judge


def plain(checked: Checked) -> dict[int, dict[str, object] | str]:
    """Row -> canonical event (moments as seconds) or code."""
    table = checked.table
    for i, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(i, column.name, table.column(i).cast(pa.int64()))
    found: dict[int, dict[str, object] | str] = {r.pop("row"): r for r in table.to_pylist()}
    return found | {r.row: r.code for r in checked.rejected}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_table_is_judged_as_the_oracle_judges_its_rows(kind: str, data: st.DataObject) -> None:
    given_rows = data.draw(tables(kind))
    checked = check(kind, table_of(given_rows, kind), NOW)
    assert plain(checked) == {i: judge(kind, row, NOW) for i, row in enumerate(given_rows)}
    assert checked.rows == len(given_rows)
    assert list(checked.rejected) == sorted(checked.rejected)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_row_alone_is_judged_as_among_others(kind: str, data: st.DataObject) -> None:
    given_rows = data.draw(tables(kind))
    together = check(kind, table_of(given_rows, kind), NOW)
    alone = [check(kind, table_of([row], kind), NOW, first_row=i) for i, row in enumerate(given_rows)]
    assert plain(together) == {k: v for one in alone for k, v in plain(one).items()}
    assert list(together.rejected) == [r for one in alone for r in one.rejected]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_canonical_table_is_its_own_canonical_table(kind: str, data: st.DataObject) -> None:
    once = check(kind, table_of(data.draw(tables(kind, spoilt=False)), kind), NOW).table.drop_columns("row")
    again = check(kind, once, NOW)
    assert again.rejected == ()
    assert again.table.drop_columns("row").equals(once)


@settings(max_examples=30, deadline=None)
@given(row=rows("location"), names=st.permutations(["person", "at", "lat", "lng", "accuracy_m", "unknown"]))
def test_column_order_and_unknown_columns_do_not_matter(row: dict[str, object], names: list[str]) -> None:
    row = {"person": "p", **row, "unknown": 7}
    raw = table_of([row], "location").append_column("unknown", pa.array([7]))
    assert plain(check("location", raw.select([*names, "retract", "revision"]), NOW)) == plain(
        check("location", raw, NOW)
    )


def test_the_oracle_refuses_and_accepts() -> None:
    assert judge("location", {"person": "p", "at": "2021-07-01T00:00:00Z", "lat": "91", "lng": 1}, NOW) == (
        "out_of_bounds"
    )
    good = judge("location", {"person": "p", "at": "2021-07-01T00:00:00Z", "lat": "9.5", "lng": 1}, NOW)
    assert isinstance(good, dict)
    assert math.isclose(good["lat"], 9.5)
    assert good["accuracy_m"] == 50
