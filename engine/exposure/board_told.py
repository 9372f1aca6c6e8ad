"""Everything that a trace from all F0s would say of one person, from the board's labels and that person's evidence."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.exposure.board_levels import CaseTable, Passing
from engine.exposure.board_settle import towards
from engine.exposure.kernels import contacts as kernels
from engine.exposure.pairs import Pairs, probability
from engine.exposure.policies import Policy
from engine.exposure.reached import Reached
from engine.graph.view import GraphView
from engine.ids import Keys

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class Teller:
    """What is needed to tell of people: one state of the board."""

    def __init__(
        self, view: GraphView, keys: Keys, policy: Policy, levels: Sequence[Passing], cases: CaseTable, opened: int
    ) -> None:
        self._view = view
        self._keys = keys
        self._policy = policy
        self._levels = levels
        self._cases = cases
        self._opened = opened

    def told(self, person: int, level: int, via: int) -> Reached:
        """The one person reached, as in a trace. Cost: the evidence of the person and of everybody met on the way."""
        ((_, pairs),) = self._towards(level, np.array([person], np.int32))
        pairs = _in_key_order(self._keys, pairs)
        dose = 0.0
        for d in pairs.dose.tolist():
            dose += d
        order = np.argsort(pairs.piece_start, kind="stable")
        pieces = np.zeros(len(order), np.int64), pairs.piece_start[order], pairs.piece_end[order]
        places = np.unique(pairs.shared_place)
        return Reached(
            person=np.array([person], np.int32),
            level=np.array([level], np.int8),
            first=pairs.first.min(keepdims=True),
            last=pairs.last.max(keepdims=True),
            seconds=kernels.union_lengths(*pieces, 1),
            dose=np.array([dose]),
            probability=np.array([self._combined(level, pairs, 1)[0]]),
            channels=np.bitwise_or.reduce(pairs.channels, keepdims=True),
            via=np.array([via], np.int32),
            shared=(np.int64(person) << 32) | places,
        )

    def _towards(self, level: int, people: Codes) -> list[tuple[slice, Pairs]]:
        nearer = self._levels[level - 1]
        return list(towards(self._view, self._policy, nearer, self._cases, self._opened, people))

    def _probability(self, level: int, people: Codes) -> Floats:
        """Chance that each label is an infection; 1 for an F0."""
        out = np.ones(len(people))
        if level:
            for chunk, pairs in self._towards(level, people):
                out[chunk] = self._combined(level, _in_key_order(self._keys, pairs), len(people[chunk]))
        return out

    def _combined(self, level: int, pairs: Pairs, people: int) -> Floats:
        """1 - prod(1 - P(label) p(contact)) over the labels a level nearer; multiplied in key order."""
        sources, at = np.unique(pairs.other, return_inverse=True)
        chance = self._probability(level - 1, sources)[at] * probability(pairs.dose)
        escaped = np.ones(people)
        np.multiply.at(escaped, pairs.query, 1.0 - chance)
        return 1.0 - escaped


def _in_key_order(keys: Keys, pairs: Pairs) -> Pairs:
    """The contacts ordered by (query, key of the other); pieces and places stay as they are."""
    sources, at = np.unique(pairs.other, return_inverse=True)
    order = np.lexsort((keys.ranks(sources)[at], pairs.query))
    columns = ("query", "other", "first", "last", "dose", "channels")
    return Pairs(**{name: c[order] if name in columns else c for name, c in vars(pairs).items()})
