"""Equal answers, exactly: without measures the final size is that of percolation on the same network."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order
from scipy.stats import ks_2samp

from benchmarks.scenarios.common import Edges, Free

SEED = 7
OF_ORACLE = 400
Sizes = npt.NDArray[np.float64]


def percolation(edges: Edges, free: Free) -> Sizes:
    """The same without time: whom everybody would infect is drawn first, then all whom the first ones reach count.

    A person who infects on D days (geometric) passes it on over a contact with chance 1 - (1 - risk)^D.
    """
    rng = np.random.default_rng(SEED)
    source, target = np.concatenate([edges, edges[::-1]], axis=1)
    sizes = np.empty(OF_ORACLE)
    for replicate in range(OF_ORACLE):
        days = rng.geometric(1 - free.stay, free.people)
        passed = rng.random(len(source)) < 1 - (1 - free.risk) ** days[source]
        first = rng.choice(free.people, free.infected, replace=False)
        tail = np.concatenate([source[passed], np.full(free.infected, free.people)])
        head = np.concatenate([target[passed], first])
        graph = csr_array((np.ones(len(tail), np.int8), (tail, head)), shape=(free.people + 1,) * 2)
        reached = breadth_first_order(graph, free.people, return_predecessors=False)
        sizes[replicate] = (len(reached) - 1) / free.people
    return sizes


def compared(sizes: Sizes, oracle: Sizes) -> tuple[float, float]:
    """The difference of the means in standard errors, and the p-value that both are of one distribution (KS)."""
    error = np.hypot(sizes.std(ddof=1) / len(sizes) ** 0.5, oracle.std(ddof=1) / len(oracle) ** 0.5)
    return float((sizes.mean() - oracle.mean()) / error), float(ks_2samp(sizes, oracle).pvalue)
