"""Graphs for the benchmarks, made from columns of codes without going through files."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from engine.events.schemas import canonical_schema
from engine.graph.graph import ContactGraph
from engine.ids import Keys

START = 1_625_011_200
"""Midnight UTC."""
MOMENT = pa.timestamp("s", tz="UTC")
CHUNK = 2_000_000


def keys_of(prefix: str, count: int) -> tuple[Keys, pa.Array]:
    """A namespace in which code n is the n-th name, and the names."""
    names = pa.array([f"{prefix}{i:07d}" for i in range(count)])
    keys = Keys()
    keys.encode(names)
    return keys, names


def named(codes: np.ndarray, names: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), names)


def canonical(kind: str, columns: Mapping[str, object]) -> pa.Table:
    """A canonical table in which ids may be dictionaries, as readers leave them."""
    n = len(next(iter(columns.values())))
    rest = {"retract": pa.array(np.zeros(n, np.bool_)), "revision": pa.array(np.zeros(n, np.int32))}
    given = {**columns, **rest}
    ordered = {}
    for field in canonical_schema(kind):
        column = given[field.name]
        if isinstance(column, np.ndarray):
            column = pa.array(column).cast(field.type)
        ordered[field.name] = column
    return pa.table(ordered)


def check_ins(graph: ContactGraph, names: tuple[pa.Array, pa.Array], person, place, came, left) -> None:
    """Take in check-ins by code, in batches as a feed would bring them: in the order of time."""
    order = np.argsort(came, kind="stable")
    for at in range(0, len(order), CHUNK):
        part = order[at : at + CHUNK]
        columns = {"person": named(person[part], names[0]), "place": named(place[part], names[1])}
        columns |= {"entered_at": came[part], "left_at": left[part]}
        graph.apply("check_in", canonical("check_in", columns))


def fixes(graph: ContactGraph, names: pa.Array, person, at, lat, lng, accuracy_m) -> None:
    """Take in location fixes by code."""
    for first in range(0, len(person), CHUNK):
        part = slice(first, first + CHUNK)
        columns = {"person": named(person[part], names), "at": at[part], "lat": lat[part], "lng": lng[part]}
        graph.apply("location", canonical("location", {**columns, "accuracy_m": accuracy_m[part]}))


def zipf(rng: np.random.Generator, n: int, ranks: int, exponent: float = 1.0) -> np.ndarray:
    """Ranks 0.. drawn with chances that fall as 1 / rank ** exponent."""
    share = 1 / np.arange(1, ranks + 1) ** exponent
    return np.searchsorted(np.cumsum(share) / share.sum(), rng.random(n)).astype(np.int64)
