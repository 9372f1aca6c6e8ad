"""The contact table as other people's graphs: networkx and SciPy. The only place that knows networkx."""

import networkx as nx
import numpy as np
import pyarrow as pa
from scipy import sparse


def to_networkx(contacts: pa.Table) -> "nx.Graph[str]":
    """Undirected graph of a materialised table: nodes are person keys.

    Edge attributes: ``seconds`` (credited time), ``contacts`` (episodes), ``first`` and ``last`` (UTC datetimes).
    Cost: about 10 us a pair; for large tables use :func:`to_scipy`.
    """
    totals = contacts.group_by(["person", "other"]).aggregate([
        ("seconds", "sum"), ("seconds", "count"), ("t_start", "min"), ("t_end", "max"),
    ])  # fmt: skip
    graph: nx.Graph[str] = nx.Graph()
    for row in totals.to_pylist():
        graph.add_edge(
            row["person"],
            row["other"],
            seconds=row["seconds_sum"],
            contacts=row["seconds_count"],
            first=row["t_start_min"],
            last=row["t_end_max"],
        )
    return graph


def to_scipy(contacts: pa.Table) -> tuple[sparse.csr_array, list[str]]:
    """Symmetric sparse matrix of credited seconds, float64 (n, n), and the person key of each row, ascending."""
    people = sorted({*contacts.column("person").to_pylist(), *contacts.column("other").to_pylist()})
    code = {key: i for i, key in enumerate(people)}
    i = np.array([code[k] for k in contacts.column("person").to_pylist()], np.int32)
    j = np.array([code[k] for k in contacts.column("other").to_pylist()], np.int32)
    seconds = contacts.column("seconds").to_numpy().astype(np.float64)
    n = len(people)
    half = sparse.coo_array((seconds, (i, j)), shape=(n, n))
    return sparse.csr_array(half + half.T), people
