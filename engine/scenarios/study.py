"""Policy studies: what each definition of a contact would have found, and cost, on the recorded evidence.

Nothing is rebuilt: a variant is a policy, a choice of channels, a view with fewer devices and cases with other dates,
and the traces are those of :mod:`engine.exposure.trace`. What is counted is defined in
:mod:`engine.scenarios.study_burden`, how cases are dated in :func:`engine.scenarios.study_world.dated`.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from engine.clock import DAY
from engine.errors import CancelledError
from engine.exposure.policies import Policy
from engine.exposure.reached import Each, Question, stack_each
from engine.exposure.trace import trace_each
from engine.graph.view import GraphView
from engine.scenarios.model_study import PolicyStudy, PolicyVariant
from engine.scenarios.study_burden import yield_of
from engine.scenarios.study_tables import Answered, Drawn, StudyTables, drawn_of, tables_of
from engine.scenarios.study_world import Dated, Flags, Known, dated, devices, idents_of, policy_of
from engine.scenarios.thinning import thinned

BLOCK = 64
"""Cases traced together: bounds the memory, and how long a cancelled study goes on."""
Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


def run_study(
    known: Known,
    study: PolicyStudy,
    runs: Sequence[tuple[str, PolicyVariant]],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    workers: int = 2,
    seed: int = 1,
    with_keys: bool = False,
) -> StudyTables:
    """The study of every run: (name, variant) pairs, in this order in the tables.

    ``progress`` is told blocks of cases done and in all, from this thread. ``seed`` numbers the random thinnings: run
    s of ``study.seeds`` draws with ``seed + s``. ``with_keys`` puts the keys of cases into ``study_cases``: for
    officers. The same answer for any number of ``workers``.

    Raises:
        UnknownPolicyError: a variant names no preset.
        CancelledError: ``cancelled`` said so; looked at before every block.
    Cost: a trace a case, variant and thinning, in batches; thinning copies the view.
    """
    plans = [(name, variant, policy_of(variant)) for name, variant in runs]
    work = _Work(known, study, progress or (lambda done, total: None), cancelled or (lambda: False))
    work.total = sum(work.repeats(variant) * work.blocks for _, variant, _ in plans)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        answered = [_answer(work, pool, name, variant, policy, seed, with_keys) for name, variant, policy in plans]
    work.progress(work.total, work.total)
    return tables_of(answered, known.truth.kind)


class _Work:
    """What all runs of a study share."""

    def __init__(self, known: Known, study: PolicyStudy, progress: Progress, cancelled: Cancelled) -> None:
        self.known, self.study, self.progress, self.cancelled = known, study, progress, cancelled
        cases = len(known.people.cases) if known.cases is None else len(known.cases)
        self.blocks = -(-cases // BLOCK)
        self.done = self.total = 0
        self.idents: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None

    def repeats(self, variant: PolicyVariant) -> int:
        """Thinnings of a variant."""
        return self.study.seeds if variant.adoption < 1 else 1

    def keep(self, adoption: float, seed: int) -> Flags:
        """Who keeps a device."""
        if self.idents is None:
            self.idents = idents_of(self.known.keys)
        return devices(self.idents, adoption, seed)


def _answer(
    work: _Work, pool: ThreadPoolExecutor, name: str, variant: PolicyVariant, policy: Policy, seed: int, with_keys: bool
) -> Answered:
    known = work.known
    at = dated(known, policy, variant.shift_days)
    drawn = []
    for repeat in range(work.repeats(variant)):
        before = work.done
        view = known.view
        if variant.adoption < 1:
            view = thinned(view, work.keep(variant.adoption, seed + repeat))
        drawn.append(_drawn(work, pool, view, variant, policy, at))
        work.done = before + work.blocks  # fewer blocks when not all cases are traced
    keys = tuple(known.keys.keys(s.person for s in at.seeds)) if with_keys else None
    return Answered(name, variant, policy, tuple(drawn), keys)


def _drawn(
    work: _Work, pool: ThreadPoolExecutor, view: GraphView, variant: PolicyVariant, policy: Policy, at: Dated
) -> Drawn:
    study, truth = work.study, work.known.truth
    question = Question(
        (), variant.depth, work.known.until, policy, at.courses, at.isolation, frozenset(variant.channels)
    )
    found = stack_each(list(_traced(work, pool, view, question, at)))
    found = found.take(np.lexsort((found.person, found.level, found.seed)))
    found = found.take(found.probability >= variant.min_probability)
    shift_s = round(variant.shift_days * DAY)
    return drawn_of(yield_of(found, at, truth, shift_s, study.levels, study.quarantine_days), at, truth)


def _traced(work: _Work, pool: ThreadPoolExecutor, view: GraphView, question: Question, at: Dated) -> Iterator[Each]:
    """The traces of all cases, a block after the other."""

    def block(first: int) -> Each:
        if work.cancelled():
            raise CancelledError("the study was cancelled")
        seeds = at.seeds[first : first + BLOCK]
        found = trace_each(view, work.known.keys, replace(question, seeds=seeds))
        return replace(found, seed=found.seed + first)

    for found in pool.map(block, range(0, len(at.seeds), BLOCK)):
        work.done += 1
        work.progress(work.done, work.total)
        yield found
