"""The contact table as other people's graphs: networkx and SciPy. The only place that knows networkx."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_networkx(contacts: pa.Table, directed: bool = False) -> "nx.Graph[str]":
    """Graph of a materialised table: nodes are person keys, in order of the table.

    Edge attributes: ``seconds`` (credited time, summed over the rows of the pair), ``contacts`` (rows), ``first`` and
    ``last`` (UTC datetimes). Give a table made without ``by_channel``: otherwise an hour seen on two channels is two
    rows. With slack contacts are directed: ask for ``directed`` and edges run from the infectious person.
    Cost: about 2 us a pair; for large tables use :func:`to_scipy`.
    """
    graph: nx.Graph[str] = nx.DiGraph() if directed else nx.Graph()
    people, i, j = _ends(contacts)
    order = np.stack([i, j], axis=1).ravel()
    _, firsts = np.unique(order, return_index=True)
    graph.add_nodes_from(people[code] for code in order[np.sort(firsts)].tolist())
    graph.add_edges_from(_edges(contacts, people, i, j))
    return graph


def _ends(contacts: pa.Table) -> tuple[list[str], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Person keys, ascending, and the index of both people of each row."""
    both = pa.chunked_array(contacts.column("person").chunks + contacts.column("other").chunks, pa.string())
    people = both.unique().sort()
    i, j = (pc.index_in(contacts.column(name), people).to_numpy() for name in ("person", "other"))
    return people.to_pylist(), i, j


def _edges(
    contacts: pa.Table, people: list[str], i: npt.NDArray[np.int32], j: npt.NDArray[np.int32]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(person, other, attributes) of each pair; keys of one person are one object, whose hash is known."""
    rows = pa.table({
        "pair": i.astype(np.int64) * len(people) + j,
        "seconds": contacts.column("seconds"),
        **{name: contacts.column(name).cast(pa.int64()) for name in ("t_start", "t_end")},
    })  # fmt: skip
    columns = [("seconds", "sum"), ("seconds", "count"), ("t_start", "min"), ("t_end", "max")]
    pairs = rows.group_by("pair", use_threads=False).aggregate(columns)
    pair = pairs.column("pair").to_numpy()
    totals = (pairs.column("_".join(name)).to_pylist() for name in columns)
    ends = (pair // max(1, len(people))).tolist(), (pair % max(1, len(people))).tolist()
    for a, b, seconds, count, first, last in zip(*ends, *totals, strict=True):
        yield (
            people[a],
            people[b],
            {
                "seconds": seconds,
                "contacts": count,
                "first": _EPOCH + timedelta(0, first),
                "last": _EPOCH + timedelta(0, last),
            },
        )


def to_scipy(contacts: pa.Table, directed: bool = False) -> tuple[sparse.csr_array, list[str]]:
    """Sparse matrix of credited seconds, float64 (n, n), and the person key of each row, ascending.

    Symmetric, or with ``directed`` rows infect columns; what is said of ``by_channel`` at :func:`to_networkx` holds.
    """
    people, i, j = _ends(contacts)
    seconds = contacts.column("seconds").to_numpy().astype(np.float64)
    n = len(people)
    half = sparse.coo_array((seconds, (i, j)), shape=(n, n))
    return sparse.csr_array(half if directed else half + half.T), people
