"""Where those live who go to the same places: a guess at the home of people of whom only check-ins are known."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from engine.scenarios.world import NOBODY, Codes
from engine.service.homes import longest

Ints = npt.NDArray[np.int64]
CHUNK = 20_000
"""People whose areas are weighed together: bounds the memory."""
_UNIT = 1_000_000
"""Of logarithms as whole numbers: their sums do not depend on the order in which places came."""
_TIE = 1_000
"""What all time at places adds, at most: it decides between areas that are equally likely."""


def areas_by_visits(
    person: Ints, place: Ints, seconds: Ints, lives: Ints, place_area: Codes, others: tuple[Ints, Ints]
) -> Ints:
    """The most likely home area of each person who visited a place; -1 where no place tells; shape as ``lives``.

    Naive Bayes over places: of A areas, a place speaks for the area a with log(1 + A k), k the visitors known to live
    there, and one more for the area that the place lies in. What the places of a person and those of whoever spends the
    nights with them say adds up; where it is equal, the area with the longer stays counts, then the smaller number.

    Args:
        person: positions of visitors; a row a person and place.
        place: codes of the places.
        seconds: spent there.
        lives: index of the home area of each person, -1 where it is to be found.
        place_area: index of the area of each place, -1 where it is not known.
        others: (person, other) of people who spend the nights together, from the side of those to be found.

    Cost: visits of those to be found times the areas that their places speak for.
    """
    people, places = len(lives), len(place_area)
    areas = int(max(lives.max(initial=NOBODY), place_area.max(initial=NOBODY))) + 1
    found = np.full(people, NOBODY, np.int64)
    if areas == 0 or len(person) == 0:
        return found
    ones = np.ones(len(person), np.int64)
    visits = sparse.csr_matrix((ones, (person, place)), shape=(people, places))
    known = np.flatnonzero(lives >= 0)
    homes = sparse.csr_matrix((ones[:1].repeat(len(known)), (known, lives[known])), shape=(people, areas))
    told = np.flatnonzero(place_area >= 0)
    own = sparse.csr_matrix((ones[:1].repeat(len(told)), (told, place_area[told])), shape=(places, areas))
    speaks = (visits.T @ homes + own).tocsr()
    speaks.data = np.rint(np.log1p(areas * speaks.data) * _UNIT).astype(np.int64)
    beside = sparse.csr_matrix((np.ones(len(others[0]), np.int64), others), shape=(people, people))
    whole = np.maximum(np.bincount(person, weights=seconds, minlength=people), 1).astype(np.int64)
    share = sparse.csr_matrix((_TIE * seconds // whole[person], (person, place)), shape=(people, places))
    lost = np.flatnonzero(lives < 0)
    for at in range(0, len(lost), CHUNK):
        some = lost[at : at + CHUNK]
        score = ((visits[some] + beside[some] @ visits) @ speaks + share[some] @ own).tocoo()
        area, value = score.col.astype(np.int64), score.data.astype(np.int64)
        found[some] = longest(score.row.astype(np.int64), area, value, len(some))
    return found
