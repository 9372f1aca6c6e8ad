"""People of a list in the order of a number each, in place: a heap sort, which needs no memory."""

from engine.scenarios.kernels.compiling import kernel


@kernel
def comes_after(order, row, i, j):
    """Whether item ``i`` comes after item ``j``: by number, then by person."""
    return order[i] > order[j] or (order[i] == order[j] and row[i] > row[j])


@kernel
def sink(order, row, root, size):
    """Restores the heap of the first ``size`` items under ``root``."""
    while 2 * root + 1 < size:
        child = 2 * root + 1
        if child + 1 < size and comes_after(order, row, child + 1, child):
            child += 1
        if not comes_after(order, row, child, root):
            return
        order[root], order[child] = order[child], order[root]
        row[root], row[child] = row[child], row[root]
        root = child


@kernel
def sort_by(order, row, size):
    """Sorts the first ``size`` people of ``row`` by ``order``, which is sorted along."""
    for i in range(size // 2):
        sink(order, row, size // 2 - 1 - i, size)
    for i in range(size - 1):
        last = size - 1 - i
        order[0], order[last] = order[last], order[0]
        row[0], row[last] = row[last], row[0]
        sink(order, row, 0, last)
