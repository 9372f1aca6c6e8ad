"""What kernels that read a view's lists work with: the column that says all they are asked, and the ring of stays."""

import numpy as np
import numpy.typing as npt

from engine.clock import HOUR
from engine.exposure.kernels import reaching_fields as f
from engine.exposure.reached import Question
from engine.graph.kernels.lists import BASE, OWN_MOST, TABLE
from engine.graph.lists import Lists
from engine.graph.view import GraphView

Ints = npt.NDArray[np.int64]


class Walk:
    """The column, and the arrays that labels on their way need. Used again and again."""

    def __init__(self) -> None:
        self.q = np.zeros(f.FIELDS, np.int64)
        self._items = np.zeros((f.ITEMS, f.ITEM), np.int64)
        self._stays = np.zeros((0, f.STAY), np.int64)
        self.q[f.ITEMS_AT] = self._items.ctypes.data

    def ask(self, view: GraphView, lists: Lists, question: Question, depth: int, isolation: Ints) -> None:
        """What is asked of which lists; whoever calls keeps them and ``isolation`` alive."""
        q, policy, forward = self.q, question.policy, question.forward
        eligible = policy.eligibility(question.channels)
        most = round(min(300.0, eligible.max_attenuation_db) * 100)
        q[:TABLE] = lists.table
        q[f.FORWARD : f.SEEDS] = (
            forward, question.until - int(q[BASE]), round(policy.latent_hours * HOUR),
            eligible.slack_s if forward else 0, 0 if forward else eligible.slack_s,
            most if "bluetooth" in eligible.channels and view.bluetooth else -1,
            "check_in" in eligible.channels and eligible.same_place and bool(view.check_in),
            isolation.ctypes.data, len(isolation), depth,
        )  # fmt: skip
        stays = (f.STAYS_KNOWN + 1) * int(q[OWN_MOST])
        if len(self._stays) <= stays:
            self._stays = np.zeros((1 << stays.bit_length(), f.STAY), np.int64)
        q[f.STAYS_AT], q[f.STAYS_MASK] = self._stays.ctypes.data, len(self._stays) - 1
