"""The contact table as other people's graphs: networkx and SciPy. The only place that knows networkx."""

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse


def to_networkx(contacts: pa.Table, directed: bool = False) -> "nx.Graph[str]":
    """Graph of a materialised table: nodes are person keys, in order of the table.

    Edge attributes: ``seconds`` (credited time, summed over the rows of the pair), ``contacts`` (rows), ``first`` and
    ``last`` (UTC datetimes). Give a table made without ``by_channel``: otherwise an hour seen on two channels is two
    rows. With slack contacts are directed: ask for ``directed`` and edges run from the infectious person.
    Cost: about 10 us a pair; for large tables use :func:`to_scipy`.
    """
    columns = [("seconds", "sum"), ("seconds", "count"), ("t_start", "min"), ("t_end", "max")]
    totals = contacts.group_by(["person", "other"], use_threads=False).aggregate(columns)
    graph: nx.Graph[str] = nx.DiGraph() if directed else nx.Graph()
    named = {"seconds": "seconds_sum", "contacts": "seconds_count", "first": "t_start_min", "last": "t_end_max"}
    edges = [totals.column(name).to_pylist() for name in ("person", "other", *named.values())]
    for person, other, *values in zip(*edges, strict=True):
        graph.add_edge(person, other, **dict(zip(named, values, strict=True)))
    return graph


def to_scipy(contacts: pa.Table, directed: bool = False) -> tuple[sparse.csr_array, list[str]]:
    """Sparse matrix of credited seconds, float64 (n, n), and the person key of each row, ascending.

    Symmetric, or with ``directed`` rows infect columns; what is said of ``by_channel`` at :func:`to_networkx` holds.
    """
    both = pa.chunked_array(contacts.column("person").chunks + contacts.column("other").chunks, pa.string())
    people = both.unique().sort()
    i, j = (pc.index_in(contacts.column(name), people).to_numpy() for name in ("person", "other"))
    seconds = contacts.column("seconds").to_numpy().astype(np.float64)
    n = len(people)
    half = sparse.coo_array((seconds, (i, j)), shape=(n, n))
    return sparse.csr_array(half if directed else half + half.T), people.to_pylist()
