"""A book of who was near whom, by person: what traces of many cases look up instead of searching round every fix.

Made once of all fixes of a view (:mod:`engine.graph.near_many`), when so many searches are to be done in it that the
book costs less; it goes with the view.
"""

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.cores import Turn
from engine.graph.atlas import Kept
from engine.graph.eligibility import Eligibility
from engine.graph.kernels import found
from engine.graph.kernels.near_book import lines_of
from engine.graph.layout import SECOND_BITS
from engine.graph.near_many import A_SEARCH, Near, near_of_many
from engine.graph.presences import Queries
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
PAGES = 2
"""How much more a book of everybody costs than looking at every fix once."""
MOST_ROWS = 8_000_000
"""No book is kept beyond, 32 bytes each: cases are then searched one by one."""
_turn = Turn()


class Book:
    """The evidence of the location channel between any two people, in all the time of a view."""

    def __init__(self, near: Near) -> None:
        order = np.lexsort((near.start, near.person))
        person = near.person[order]
        self._starts = np.searchsorted(person, np.arange(int(person.max(initial=-1)) + 2))
        self._rows = near.other[order], near.start[order], near.end[order], near.weight[order]
        self._longest = int((near.end - near.start).max(initial=0))

    def lines(self, q: Queries) -> tuple[Ints, Floats]:
        """What :func:`engine.graph.evidence.near_lines` finds, but for where the fixes are and how far apart."""
        asked, n = q.columns(), 1_024
        while True:
            whole, parts = np.empty((n, found.INTEGERS), np.int64), np.empty((n, found.FRACTIONS))
            n = int(lines_of(self._starts, *self._rows, self._longest, *asked, whole, parts))
            if n <= len(whole):
                return whole[:n], parts[:n]


def known_book(view: GraphView, eligibility: Eligibility) -> Book | None:
    """The book of a view for this distance, if there is one."""
    kept = view.memory.get(_name(eligibility))
    book: Book | None = kept and kept.value
    return book


def note_search(view: GraphView, q: Queries) -> None:
    """These windows are searched without a book."""
    last = view.location[-1].day_start + DAY
    seconds = np.minimum(q.end, last) - np.maximum(q.start, view.location[0].day_start)
    view.memory["near searched"] = searched(view) + float(seconds[seconds > 0].sum())


def searched(view: GraphView) -> float:
    """Seconds of people's time that were searched without a book."""
    seconds: float = view.memory.get("near searched", 0.0)
    return seconds


def make_if_it_pays(view: GraphView, eligibility: Eligibility, seconds: float) -> None:
    """Have a book from now on, if searching so many seconds of people's time costs more; once a view and distance.

    Cost: some 150 ns a fix of the view. Near a pole or the date line, and where it would be very long, there is none.
    """
    everybody = 1 + max(int(s.rows.k1[-1] >> SECOND_BITS) for s in view.location)
    first, last = view.location[0].day_start, view.location[-1].day_start + 2 * DAY
    if seconds * A_SEARCH < PAGES * everybody * float(last - first):
        return
    with _turn:
        if _name(eligibility) in view.memory:
            return
        opens, closes = np.full(everybody, first), np.full(everybody, last)
        near = near_of_many(view, opens, closes, eligibility, MOST_ROWS)
        view.memory[_name(eligibility)] = Kept(None if near is None else Book(near))


def _name(eligibility: Eligibility) -> str:
    return f"near book, {eligibility.max_distance_m} m"
