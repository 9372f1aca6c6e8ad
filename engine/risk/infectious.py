"""Who counts in the hex score, and when: F0s in their windows, F1s and F2s from their exposure to their isolation."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from engine import params
from engine.clock import DAY
from engine.exposure.labels import Labelled
from engine.exposure.trace import isolation_of
from engine.exposure.windows import infectious_window
from engine.risk.settings import HexSettings

LEVELS = 3
"""Levels 0 to 2 count."""


@dataclass(frozen=True)
class Infectious:
    """People who may be infectious, each in one window; columns of one length, ordered by person code."""

    person: npt.NDArray[np.int32]
    level: npt.NDArray[np.int8]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    """[start, end), UTC s, within what the map looks back on; never empty."""
    origin: npt.NDArray[np.int64]
    """Infectiousness is counted from here: of an F0 the onset (or what stands for it), of others the exposure."""
    factor: npt.NDArray[np.float64]
    """Infectiousness relative to a case with symptoms; of F1 and F2 the chance to be infected."""

    def __len__(self) -> int:
        return len(self.person)

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Infectious":
        """The people at ``index`` (or where a mask is true), in that order."""
        return Infectious(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def of(self, people: npt.NDArray[np.int32]) -> "Infectious":
        """Those of ``people`` (ascending) who are among them."""
        if len(self) == 0 or len(people) == 0:
            return self.take(np.empty(0, np.int64))
        at = np.minimum(np.searchsorted(self.person, people), len(self) - 1)
        return self.take(at[self.person[at] == people])


def f0s_of(state: Labelled, at: int) -> Infectious:
    """Every F0 in its infectious window under the state's policy up to ``at``, ordered by code. Cost: 2 us each."""
    f0s = sorted(state.state.people.cases.values(), key=lambda f0: f0.person)
    windows = np.array([infectious_window(f0, state.policy, at) for f0 in f0s], np.int64).reshape(-1, 2)
    courses = [state.state.courses[f0.person] for f0 in f0s]
    return Infectious(
        person=np.array([f0.person for f0 in f0s], np.int32),
        level=np.zeros(len(f0s), np.int8),
        start=windows[:, 0],
        end=windows[:, 1],
        origin=np.array([c.origin for c in courses], np.int64),
        factor=np.array([c.factor for c in courses], np.float64),
    )


def infectious_people(state: Labelled, at: int, settings: HexSettings, f0s: Infectious) -> Infectious:
    """Everybody on level 0 (``f0s``) to 2 with a window in the days before ``at`` that the map looks back on.

    Levels and moments are those known now, over all F0s. Cost: 50 ns each.
    """
    counts = (state.level == 1) | (state.level == 2)
    person, level, moment = state.person[counts], state.level[counts], state.moment[counts]
    cut = at - round(params.HEX_CUT_D.value * DAY)
    everybody = Infectious(
        person=np.append(f0s.person, person),
        level=np.append(f0s.level, level),
        start=np.maximum(np.append(f0s.start, moment), cut),
        end=np.minimum(np.append(f0s.end, isolation_of(state.state.people.isolation, person)), at),
        origin=np.append(f0s.origin, moment),
        factor=np.append(f0s.factor, np.array(settings.weights)[level]),
    )
    order = np.argsort(everybody.person, kind="stable")
    return everybody.take(order[(everybody.start < everybody.end)[order]])
